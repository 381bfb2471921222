//! `documents`: manual pages and completions, from the arguments and the table of configuration keys.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;
use xray_core::files;

/// The arguments of `documents`.
#[derive(Args)]
pub(super) struct DocumentsArgs {
    /// Folder to write to; `man` and `completions` are made in it
    folder: PathBuf,
}

/// Writes `man/*.1`, `man/config.toml.5` and `completions/{bash,zsh,fish}/…`, under the names that Debian expects.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn run(mut command: Command, args: &DocumentsArgs) -> Result<()> {
    let folder = &args.folder;
    let failed = || format!("{}: the documents could not be written; check the folder", folder.display());
    let man = folder.join("man");
    std::fs::create_dir_all(&man).with_context(failed)?;
    clap_mangen::generate_to(command.clone(), &man).with_context(failed)?;
    #[cfg(unix)]
    write(&man.join("config.toml.5"), crate::config::man_page().as_bytes()).with_context(failed)?;
    let name = command.get_name().to_owned();
    let shells = [
        (Shell::Bash, "bash", name.clone()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ];
    for (shell, folder_name, file) in shells {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut text);
        write(&folder.join("completions").join(folder_name).join(file), &text).with_context(failed)?;
    }
    Ok(())
}

fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    files::write_atomic(file, text, files::PUBLIC)
}

#[cfg(all(test, unix))]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_unit_names_manual_pages_that_the_package_installs() {
        let folder = tempfile::tempdir().expect("a folder");
        run(Cli::command(), &DocumentsArgs { folder: folder.path().to_owned() }).expect("written");
        let manifest = include_str!("../../Cargo.toml");
        for section in [1, 5] {
            let asset = format!("\"usr/share/man/man{section}/\"");
            assert!(manifest.contains(&asset), "the package does not install man{section}");
        }
        let unit = include_str!("../../packaging/edge-runtime.service");
        let named = unit.lines().find_map(|line| line.strip_prefix("Documentation=")).expect("documentation");
        for page in named.split(' ') {
            let (name, section) = page
                .strip_prefix("man:")
                .and_then(|page| page.strip_suffix(')')?.split_once('('))
                .unwrap_or_else(|| panic!("{page}: no manual page"));
            let file = folder.path().join(format!("man/{name}.{section}"));
            assert!(file.is_file(), "{page}: {} is not written", file.display());
        }
    }
}
