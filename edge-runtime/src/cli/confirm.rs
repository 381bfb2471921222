//! Asking before something is done that cannot be undone.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Result, bail};

/// Asks on the terminal, unless `yes` was given on the command line; whether to go on. Nothing but the whole word counts.
///
/// # Errors
/// If nobody can be asked.
pub(super) fn confirm(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    let mut input = std::io::stdin().lock();
    if !std::io::stdin().is_terminal() {
        bail!("nobody can be asked here whether this is meant; look with --dry-run, then say --yes");
    }
    let mut notes = std::io::stderr().lock();
    write!(notes, "{question} Type yes to go on: ")?;
    notes.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
