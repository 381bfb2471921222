//! Arguments and printing; what is done lives in the library.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use edge_runtime::cli::{self, Outcome};
use xray_core::screening::Format;

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
    #[command(after_help = SCREEN_HELP)]
    Screen(ScreenArgs),
    /// Look into a model package
    #[command(subcommand)]
    Model(ModelCommand),
}

#[derive(Args)]
struct ScreenArgs {
    /// The model: an ONNX file from `host-trainer export`
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    /// One JSON object a line instead of columns
    #[arg(long)]
    json: bool,
    /// X-rays (JPEG, PNG, PGM; by content, whatever the name), or folders that hold them at any depth
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum ModelCommand {
    /// Show what the model file says of itself: input, labels, threshold, training, validation
    #[command(after_help = SHOW_HELP)]
    Show {
        /// The model file
        file: PathBuf,
        /// One JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
}

const SCREEN_HELP: &str = "\
Examples:
  edge-runtime screen --model model.onnx chest.jpeg
  edge-runtime screen --model model.onnx /media/stick
  edge-runtime screen --model model.onnx --json /media/stick > results.jsonl

A line that begins with NO RESULT is no finding: the image was not screened. The reason follows.

Exit status: 0 all were read; 3 some could not be, the others were screened; 2 wrong usage; 1 a fault, such
as a model that cannot be loaded.";

const SHOW_HELP: &str = "\
Examples:
  edge-runtime model show model.onnx
  edge-runtime model show --json model.onnx";

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(outcome) => ExitCode::from(outcome.status()),
        Err(error) => {
            // Not eprintln!, which panics where the standard error is closed.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), format!("error: {error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    match cli.command {
        Command::Screen(args) => {
            let format = match args.json {
                true => Format::JsonLines,
                false => Format::Text { header: out.is_terminal() },
            };
            let mut notes = std::io::stderr().lock();
            cli::screen::run(&args.model, &args.paths, format, &mut out, &mut notes)
        }
        Command::Model(ModelCommand::Show { file, json }) => {
            cli::model::show(&file, json, &mut out)?;
            Ok(Outcome::Complete)
        }
    }
}
