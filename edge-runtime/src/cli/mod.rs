//! The command line: arguments, help texts and what is printed. One file a subcommand. The work is in
//! [`crate::commands`].

#[cfg(unix)]
mod camera;
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

use crate::commands::Outcome;

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
}

/// Parses the arguments, does what they say, and gives the exit status.
pub fn run() -> ExitCode {
    // Before the arguments are parsed, which takes longer than a small image.
    if let Some(status) = xray_decode::run_child() {
        return status;
    }
    let complete = |done: Result<()>| exit_code(done.map(|()| Outcome::Complete));
    let mut out = std::io::stdout();
    match Cli::parse().command {
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
    }
}

fn exit_code(result: Result<Outcome>) -> ExitCode {
    match result {
        Ok(outcome) => ExitCode::from(outcome.status()),
        Err(error) => {
            // Not eprintln!, which panics where the standard error is closed.
            let _ = std::io::stderr().write_all(format!("error: {error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
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
