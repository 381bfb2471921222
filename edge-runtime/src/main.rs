//! Arguments and printing; what is done lives in the library.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};
use edge_runtime::cli::source::ModelSource;
use edge_runtime::cli::store::{InstallArgs, RollbackArgs, StatusArgs, StoreArgs};
use edge_runtime::cli::{self, Outcome};
use edge_runtime::outputs::lights::{self, Board, Dark, Indicator, Show};
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::screening::ReportFormat;

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
    /// Try the lights, the buzzer and the button of a board, one after another
    #[command(after_help = SELFTEST_HELP)]
    Selftest(SelftestArgs),
    /// Write the manual pages and the shells' completions; for packaging
    #[command(hide = true)]
    Documents {
        /// Folder to write to; `man` and `completions` are made in it
        folder: PathBuf,
    },
    /// Screen what sticks and watched folders bring, until told to end
    #[cfg(unix)]
    Run(cli::run::RunArgs),
    /// Try the camera: its formats, a shot, and the film that is found on it
    #[cfg(unix)]
    Camera(cli::camera::CameraArgs),
    /// What was screened: list, show, export, verify
    #[cfg(unix)]
    Records(cli::records::RecordsArgs),
    /// Write one record as a page to print, or as DICOM
    #[cfg(unix)]
    Report(cli::report::ReportArgs),
}

#[derive(Args)]
struct ScreenArgs {
    /// The model: an ONNX file from `host-trainer export` [default: the one that is installed on this board]
    #[arg(long, value_name = "FILE.onnx")]
    model: Option<PathBuf>,
    #[command(flatten)]
    installed: StoreArgs,
    /// One JSON object a line instead of columns
    #[arg(long)]
    json: bool,
    /// Draw each image with its heat map, which says where its score comes from, into this folder as PNG, named by the
    /// image's SHA-256; with --json the rows give file and values
    #[arg(long, value_name = "DIR")]
    heat_maps: Option<PathBuf>,
    /// What runs it: auto, fused (integer operators of our own) or tract
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    engine: EngineChoice,
    /// Threads for one image [default: the number of cores, of the fast ones where there are several kinds]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Show each verdict on the lights of this board: pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim, or a board
    /// file
    #[arg(long, value_name = "NAME|FILE.toml")]
    board: Option<String>,
    /// How long the last signal stays lit, in seconds (0..=3600); 0 waits nowhere
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "board",
          value_parser = clap::value_parser!(u64).range(..=3600))]
    hold: u64,
    /// The images are photographs of films on a light box: find the film, cut it out and straighten it, or say why not
    #[arg(long)]
    film: bool,
    /// X-rays (JPEG, PNG, PGM; by content, whatever the name), or folders that hold them at any depth
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum ModelCommand {
    /// Say which operators of the model run fused in integers, which do not, and why
    #[command(after_help = "Example:\n  edge-runtime model explain model.onnx")]
    Explain {
        /// The model file
        file: PathBuf,
        /// One JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Time the fused operators of the model on this machine, one line a kind and size
    #[command(after_help = "Example:\n  edge-runtime model profile model.onnx --threads 1")]
    Profile {
        /// The model file
        file: PathBuf,
        /// Runs, of which the shortest counts
        #[arg(long, default_value_t = 50)]
        runs: usize,
        /// Threads for one image
        #[arg(long, default_value = "1")]
        threads: NonZeroUsize,
    },
    /// Put a signed model in use on this board
    #[command(after_help = INSTALL_HELP)]
    Install(InstallArgs),
    /// Go back to the model that was in use before
    #[command(
        after_help = "Examples:\n  edge-runtime model rollback --dry-run\n  edge-runtime model rollback"
    )]
    Rollback(RollbackArgs),
    /// Say which models this board has, which one is in use, and what happened to them
    #[command(
        after_help = "Examples:\n  edge-runtime model status\n  edge-runtime model status --check --json"
    )]
    Status(StatusArgs),
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

#[derive(Args)]
struct SelftestArgs {
    /// The board: pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim, or a board file
    #[arg(long, value_name = "NAME|FILE.toml")]
    board: String,
    /// Then wait ten seconds for a press of the button, and say whether one came
    #[cfg(unix)]
    #[arg(long)]
    press: bool,
    /// Then show every signal with its meaning
    #[arg(long)]
    signals: bool,
}

const SCREEN_HELP: &str = "\
Examples:
  edge-runtime screen /media/stick
  edge-runtime screen --model model.onnx chest.jpeg
  edge-runtime screen --model model.onnx /media/stick
  edge-runtime screen --model model.onnx --json /media/stick > results.jsonl
  edge-runtime screen --model model.onnx --heat-maps pictures /media/stick
  edge-runtime screen --model model.onnx --board pi4 /media/stick
  edge-runtime screen --film photographs/

A line that begins with NO RESULT is no finding: the image was not screened. The reason follows.
On a board's lights, green means no sign of pneumonia and nothing else does. At the end the most urgent signal
stays for a while: fault, pneumonia suspected, no result, no sign. Then all is dark.

Exit status: 0 all were read; 3 some could not be, or a heat map could not be drawn, the others were screened; 2 wrong
usage; 1 a fault, such as a model that cannot be loaded.";

const SHOW_HELP: &str = "\
Examples:
  edge-runtime model show model.onnx
  edge-runtime model show --json model.onnx";

const INSTALL_HELP: &str = "\
Examples:
  edge-runtime model install --dry-run /media/stick/second.onnx
  edge-runtime model install /media/stick/second.onnx
  edge-runtime model install first.onnx --allow-downgrade

The signature (FILE.minisig) must be by a key of this board; it is checked before the file is parsed. Then the model
must give the right answer to the test pattern. From then on it is in use, on trial: if the engine fails, or the
program starts three times without anything done well, the board goes back to the model before by itself.

Exit status: 0 in use; 4 refused, the board keeps the model that it has; 2 wrong usage; 1 a fault.";

const SELFTEST_HELP: &str = "\
Examples:
  edge-runtime selftest --board pi4
  edge-runtime selftest --board pi4 --press
  edge-runtime selftest --board my-board.toml --signals

Nobody need be there but for --press: a button is only read, while nobody presses it.

Exit status: 0 all lines follow and the button is not pressed (with --press: was pressed); 1 something is wrong, or the
lines cannot be opened: the reason is said.";

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Screen(args) => screen(&args),
        Command::Model(ModelCommand::Show { file, json }) => {
            let shown = cli::model::show(&file, json, &mut std::io::stdout().lock());
            status(shown.map(|()| Outcome::Complete))
        }
        Command::Model(ModelCommand::Explain { file, json }) => {
            let explained = cli::model::explain(&file, json, &mut std::io::stdout().lock());
            status(explained.map(|()| Outcome::Complete))
        }
        Command::Model(ModelCommand::Profile { file, runs, threads }) => {
            let profiled = cli::profile::run(&file, runs, threads, &mut std::io::stdout().lock());
            status(profiled.map(|()| Outcome::Complete))
        }
        Command::Model(ModelCommand::Install(args)) => {
            status(cli::store::install(&args, &mut std::io::stdout().lock()))
        }
        Command::Model(ModelCommand::Rollback(args)) => {
            status(cli::store::rollback(&args, &mut std::io::stdout().lock()))
        }
        Command::Model(ModelCommand::Status(args)) => {
            status(cli::store::status(&args, &mut std::io::stdout().lock()))
        }
        Command::Documents { folder } => {
            status(cli::documents::write(Cli::command(), &folder).map(|()| Outcome::Complete))
        }
        #[cfg(unix)]
        Command::Run(args) => status(cli::run::run(&args, &mut std::io::stdout())),
        #[cfg(unix)]
        Command::Camera(args) => status(cli::camera::run(&args, &mut std::io::stdout().lock())),
        #[cfg(unix)]
        Command::Records(args) => {
            let done = cli::records::run(&args, &mut std::io::stdout().lock());
            status(done.map(|()| Outcome::Complete))
        }
        #[cfg(unix)]
        Command::Report(args) => {
            let done = cli::report::run(&args, &mut std::io::stdout().lock());
            status(done.map(|()| Outcome::Complete))
        }
        Command::Selftest(args) => status(selftest(&args).map(|()| Outcome::Complete)),
    }
}

fn status(result: Result<Outcome>) -> ExitCode {
    match result {
        Ok(outcome) => ExitCode::from(outcome.status()),
        Err(error) => {
            // Not eprintln!, which panics where the standard error is closed.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), format!("error: {error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn screen(args: &ScreenArgs) -> ExitCode {
    let lights: Box<dyn Show> = match &args.board {
        None => Box::new(Dark),
        Some(board) => match open_lights(board) {
            Ok(indicator) => Box::new(indicator),
            Err(error) => return status(Err(error)),
        },
    };
    let threads = args.threads.unwrap_or_else(big_cores);
    let engine = EngineOptions { choice: args.engine, threads };
    let hold = Duration::from_secs(args.hold);
    let between = hold.min(cli::screen::BETWEEN);
    let model = match &args.model {
        Some(file) => ModelSource::File(file.clone()),
        None => ModelSource::Installed(args.installed.clone()),
    };
    let screened = {
        let mut out = std::io::stdout().lock();
        let format = match args.json {
            true => ReportFormat::JsonLines,
            false => ReportFormat::Text { header: out.is_terminal() },
        };
        let mut notes = std::io::stderr().lock();
        let rows = (format, args.heat_maps.as_deref());
        let images = (args.paths.as_slice(), args.film);
        cli::screen::run((&model, engine), images, rows, (&*lights, between), &mut out, &mut notes)
    };
    // What went wrong is written before the last signal is held.
    let status = status(screened);
    lights.hold(hold);
    status
}

fn open_lights(board: &str) -> Result<Indicator> {
    Ok(Indicator::open(Board::find(board)?)?)
}

fn selftest(args: &SelftestArgs) -> Result<()> {
    let board = Board::find(&args.board)?;
    let panel = lights::open(board.clone())?;
    let mut out = std::io::stdout().lock();
    let lines = cli::selftest::lines(&panel, std::thread::sleep, &mut out);
    #[cfg(unix)]
    let lines = {
        use cli::selftest::button::{PATIENCE, button, open};
        // Whatever became of the lights: all that is wrong is said at once.
        let press = args.press.then_some(PATIENCE);
        lines.and(button(&board, press, &open, std::thread::sleep, &mut out))
    };
    lines?;
    if args.signals {
        cli::selftest::signals(board.patterns(), &Indicator::start(panel)?, &mut out)?;
    }
    Ok(())
}
