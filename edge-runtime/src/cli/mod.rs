//! The command line: arguments, help texts and what is printed. One file a subcommand. The work is in
//! [`crate::commands`].

#[cfg(unix)]
mod camera;
#[cfg(unix)]
mod confirm;
#[cfg(unix)]
mod decommission;
mod documents;
mod model;
#[cfg(unix)]
mod records;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod run;
mod screen;
mod selftest;
#[cfg(unix)]
mod stick_options;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use serde::Serialize;
use xray_core::screening::{printable, printable_json};

use crate::commands::Outcome;
#[cfg(target_os = "linux")]
use crate::privileges::{SERVICE_USER, become_service_user};

/// Screens chest X-rays with a model package. A screening aid, not a diagnosis.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Screen images: one line each
    Screen(screen::ScreenArgs),
    /// Inspect a model package, and manage the models of this board
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Test the lights, the buzzer and the button of a board, one after another
    Selftest(selftest::SelftestArgs),
    /// Write the manual pages and the shells' completions; for packaging
    #[command(hide = true)]
    Documents(documents::DocumentsArgs),
    /// Screen what sticks, watched folders and the camera bring, until the process is ended
    #[cfg(unix)]
    Run(run::RunArgs),
    /// Test the camera: its formats, a shot, and the film that is found on it
    #[cfg(unix)]
    Camera(camera::CameraArgs),
    /// List, show, export and verify what was screened
    #[cfg(unix)]
    Records(records::RecordsArgs),
    /// Print how a file system of a stick is to be mounted; the packaged rule for udev asks it
    #[cfg(unix)]
    StickOptions(stick_options::StickOptionsArgs),
    /// Write one record as a page to print, or as DICOM
    #[cfg(unix)]
    Report(report::ReportArgs),
    /// Remove records, images, models, keys and the access word, before a board leaves the house
    #[cfg(unix)]
    Decommission(decommission::DecommissionArgs),
}

/// Parses the arguments, does what they say, and gives the exit status.
pub fn run() -> ExitCode {
    // Before the arguments are parsed, which takes longer than a small image.
    if let Some(status) = xray_decode::run_child() {
        return status;
    }
    let complete = |done: Result<()>| exit_code(done.map(|()| Outcome::Complete));
    let mut out = std::io::stdout();
    let parsed = match Cli::try_parse() {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() => return wrong_usage(&error),
        Err(help) => help.exit(),
    };
    #[cfg(target_os = "linux")]
    if matches!(parsed.command, Command::Screen(_) | Command::Records(_) | Command::Report(_)) {
        match become_service_user() {
            Ok(false) => {}
            Ok(true) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "note: this runs as the user {SERVICE_USER}, as the service does; that user must be able to read the images \
                     and to write the file"
                );
            }
            Err(error) => return exit_code(Err(error.into())),
        }
    }
    match parsed.command {
        Command::Screen(args) => screen::run(&args),
        Command::Model(command) => exit_code(model::run(&command, &mut out.lock())),
        Command::Selftest(args) => complete(selftest::run(&args, &mut out.lock())),
        Command::Documents(args) => complete(documents::run(Cli::command(), &args)),
        #[cfg(unix)]
        Command::Run(args) => exit_code(run::run(&args, &mut out)),
        #[cfg(unix)]
        Command::Camera(args) => exit_code(camera::run(&args, &mut out.lock())),
        #[cfg(unix)]
        Command::Records(args) => complete(records::run(&args, &mut out.lock())),
        #[cfg(unix)]
        Command::StickOptions(args) => complete(stick_options::run(&args, &mut out.lock())),
        #[cfg(unix)]
        Command::Report(args) => complete(report::run(&args, &mut out.lock())),
        #[cfg(unix)]
        Command::Decommission(args) => complete(decommission::run(&args, &mut out.lock())),
    }
}

fn exit_code(result: Result<Outcome>) -> ExitCode {
    match result {
        Ok(outcome) => ExitCode::from(outcome.status()),
        Err(error) => {
            // Not eprintln!, which panics where the standard error is closed.
            let line = format!("error: {}\n", printable(&format!("{error:#}")));
            let _ = std::io::stderr().write_all(line.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Status 2. What was wrong may be the name of a file, which the shell put there.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let lines: String = text.lines().map(|line| printable(line) + "\n").collect();
    let _ = std::io::stderr().write_all(lines.as_bytes());
    ExitCode::from(2)
}

/// Writes a value as one JSON object in a line, in which a terminal finds nothing to obey.
fn print_json(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    print(out, &(printable_json(&serde_json::to_string(value)?) + "\n"))
}

/// Writes a whole text.
fn print(out: &mut impl Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("the result could not be written")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }

    #[test]
    fn only_this_folder_uses_clap() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = walkdir::WalkDir::new(&src).into_iter().map(|entry| entry.expect("an entry"));
        let mut checked = 0;
        for entry in files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rs")) {
            if !entry.path().starts_with(src.join("cli")) {
                let text = std::fs::read_to_string(entry.path()).expect("readable");
                assert!(!text.contains("clap"), "{}: arguments belong to src/cli", entry.path().display());
                checked += 1;
            }
        }
        assert!(checked > 100, "only {checked} files were searched");
    }
}
