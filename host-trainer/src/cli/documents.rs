//! `host-trainer documents`: manual pages and completions, generated from the arguments.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;

/// Arguments of `documents`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  host-trainer documents target/documents")]
pub struct DocumentsArgs {
    /// Folder to write man/*.1 and completions/{bash,zsh,fish}/ to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the manual pages and completions of `command`.
///
/// # Errors
/// If a file cannot be written.
pub fn run(args: &DocumentsArgs, command: Command) -> Result<()> {
    write(command, &args.folder).with_context(|| {
        format!("{}: the documents could not be written; check the folder", args.folder.display())
    })
}

fn write(mut command: Command, folder: &Path) -> std::io::Result<()> {
    let man = folder.join("man");
    std::fs::create_dir_all(&man)?;
    clap_mangen::generate_to(command.clone(), &man)?;
    let name = command.get_name().to_owned();
    let files = [
        (Shell::Bash, "bash", name.clone()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ];
    for (shell, shell_folder, file) in files {
        let folder = folder.join("completions").join(shell_folder);
        std::fs::create_dir_all(&folder)?;
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut text);
        std::fs::write(folder.join(file), text)?;
    }
    Ok(())
}
