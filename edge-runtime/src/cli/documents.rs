//! `documents`: manual pages and completions, from the arguments themselves, for the Debian package.

use std::path::Path;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;

/// Writes `man/*.1` and `completions/{bash,zsh,fish}/…` into a folder, under the names that Debian expects.
///
/// # Errors
/// If a file cannot be written.
pub fn write(mut command: Command, folder: &Path) -> Result<()> {
    let failed = || format!("{}: the documents could not be written; check the folder", folder.display());
    let man = folder.join("man");
    std::fs::create_dir_all(&man).with_context(failed)?;
    clap_mangen::generate_to(command.clone(), &man).with_context(failed)?;
    let name = command.get_name().to_owned();
    let files = [
        (Shell::Bash, "bash", name.clone()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ];
    for (shell, folder_name, file) in files {
        let folder = folder.join("completions").join(folder_name);
        std::fs::create_dir_all(&folder).with_context(failed)?;
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut text);
        std::fs::write(folder.join(file), text).with_context(failed)?;
    }
    Ok(())
}
