//! `screen`: images on the command line.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::screening::ReportFormat;

use super::exit_code;
use super::model::StoreArgs;
use crate::commands::screen::{self, ModelSource, PAUSE, ScreenOptions};
use crate::ui::lights::{BoardFile, Indicator, NoLights, SignalOutput};

const HELP: &str = "\
Examples:
  edge-runtime screen /media/stick
  edge-runtime screen --model model.onnx chest.jpeg
  edge-runtime screen --model model.onnx /media/stick
  edge-runtime screen --model model.onnx --json /media/stick > results.jsonl
  edge-runtime screen --model model.onnx --heat-maps pictures /media/stick
  edge-runtime screen --model model.onnx --board pi4 /media/stick
  edge-runtime screen --film photographs/

Without --model, the model that is installed on this board screens. Where none is installed and no key is trusted, the
newest model file beside the program or in models/ screens; a line on the standard error names it.

A line that begins with NO RESULT is no finding: the image was not screened. The reason follows.
On a board's lights, green means no sign of pneumonia and nothing else. At the end the most urgent signal
stays for a while: fault, pneumonia suspected, no result, no sign. Then all lights go off.

Exit status: 0 all were read; 3 some could not be read, or a heat map could not be drawn, the others were screened;
2 wrong usage; 1 a fault, such as a model that cannot be loaded.";

/// The arguments of `screen`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct ScreenArgs {
    /// The model: an ONNX file from `host-trainer export` [default: the one that is installed on this board, else the
    /// newest file beside the program or in models/]
    #[arg(long, value_name = "FILE.onnx")]
    model: Option<PathBuf>,
    #[command(flatten)]
    installed: StoreArgs,
    /// One JSON object a line instead of columns
    #[arg(long)]
    json: bool,
    /// Draw each image with its heat map, which shows where its score comes from, into this folder as PNG, named by the
    /// image ID (SHA-256); with --json the rows give file and values
    #[arg(long, value_name = "DIR")]
    heat_maps: Option<PathBuf>,
    /// The engine: auto, fused (the integer operators of this program) or tract
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    engine: EngineChoice,
    /// Threads for one image [default: the number of cores, of the fast ones where there are several kinds]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Show each verdict on the lights of this board: pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim, or a board
    /// file
    #[arg(long, value_name = "NAME|FILE.toml")]
    board: Option<String>,
    /// How long the last signal stays lit, in seconds (0..=3600); 0 never waits
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "board",
          value_parser = clap::value_parser!(u64).range(..=3600))]
    hold: u64,
    /// The images are photographs of films on a light box: find the film, cut it out and straighten it, or say why not
    #[arg(long)]
    film: bool,
    /// X-rays (DICOM, JPEG, PNG, PGM; by content, whatever the name), or folders that hold them at any depth
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &ScreenArgs) -> ExitCode {
    let lights: Box<dyn SignalOutput> = match &args.board {
        None => Box::new(NoLights),
        Some(board) => match open_lights(board) {
            Ok(indicator) => Box::new(indicator),
            Err(error) => return exit_code(Err(error)),
        },
    };
    let hold = Duration::from_secs(args.hold);
    let mut out = std::io::stdout().lock();
    let options = ScreenOptions {
        model: match &args.model {
            Some(file) => ModelSource::File(file.clone()),
            None => ModelSource::automatic(args.installed.location()),
        },
        engine: EngineOptions { choice: args.engine, threads: args.threads.unwrap_or_else(big_cores) },
        paths: args.paths.clone(),
        film: args.film,
        format: match args.json {
            true => ReportFormat::JsonLines,
            false => ReportFormat::Text { header: out.is_terminal() },
        },
        heat_maps: args.heat_maps.clone(),
        pause: hold.min(PAUSE),
        ..ScreenOptions::default()
    };
    let screened = screen::run(&options, &*lights, &mut out, &mut std::io::stderr().lock());
    drop(out);
    // Errors are written before the last signal is held.
    let status = exit_code(screened);
    lights.hold(hold);
    status
}

fn open_lights(board: &str) -> anyhow::Result<Indicator> {
    Ok(Indicator::open(BoardFile::find(board)?)?)
}
