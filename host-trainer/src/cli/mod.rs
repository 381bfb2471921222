//! The command line: one file a subcommand, with its options and what it prints.

mod args;
mod audit;
mod calibrate;
mod compare;
mod demo;
mod documents;
mod evaluate;
mod export;
mod features;
mod fit;
mod keys;
mod leaks;
mod list;
mod phantoms;
mod predict;
mod preview;
mod progress;
mod quality_gate;
mod run_options;
mod runs;
mod sign;
mod summary;
mod weights;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use xray_core::screening::printable;

/// Trains a stacked chest X-ray classifier and exports it as an int8 ONNX file for edge-runtime.
///
/// The model is a screening aid, not a diagnosis: a clinician decides.
#[derive(Debug, Parser)]
#[command(name = "host-trainer", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  host-trainer demo
  host-trainer weights import densenet169-b2777c0a.pth --as densenet169
  host-trainer fit --data chest_xray --draws --out runs/first
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer evaluate --model models/first.onnx --data chest_xray --split test

Exit status: 0 success, 1 error, 2 wrong usage, 3 success, but some images could not be read,
4 a model is over a limit (`audit`, `evaluate --audit`).";

// One of these exists in a run: a box would only cost an indirection.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
enum Command {
    /// Draws phantoms, fits, exports, evaluates and screens: all steps in minutes, without data
    Demo(demo::DemoArgs),
    /// Imports, fetches and lists the weights of the backbones
    Weights(weights::WeightsArgs),
    /// Computes one shard of the features of a fit, on one of several machines
    Features(features::FeaturesArgs),
    /// Trains a classifier head (the small net on the features of the backbones) on a folder of X-rays
    Fit(fit::FitArgs),
    /// Lists runs side by side
    Runs(runs::RunsArgs),
    /// Writes the stacked model of a run (backbones and classifier head) as one ONNX file
    Export(export::ExportArgs),
    /// Makes key pairs for signing
    Keys(keys::KeysArgs),
    /// Signs a model file, so that a board accepts it
    Sign(sign::SignArgs),
    /// Evaluates a model file on one split, with the engine that the board uses
    Evaluate(evaluate::EvaluateArgs),
    /// Measures which pictures the quality gate of a model refuses
    Gate(quality_gate::QualityGateArgs),
    /// Tells whether a model finds the classes by something other than the lungs
    Audit(audit::AuditArgs),
    /// Chooses threshold and temperature of a model anew, on labelled images of the place where it is used
    Calibrate(calibrate::CalibrateArgs),
    /// Evaluates two model files on the same images, with tests whether they differ
    Compare(compare::CompareArgs),
    /// Screens images as edge-runtime does
    Predict(predict::PredictArgs),
    /// Finds near-duplicate images and patients in two splits of a data set
    Leaks(leaks::LeaksArgs),
    /// Lists the images of a data set with split and patient, and what DICOM files say of them
    List(list::ListArgs),
    /// Shows images as augmentation or the corruption suite changes them, on a contact sheet
    Preview(preview::PreviewArgs),
    /// Draws a phantom data set
    Phantoms(phantoms::PhantomsArgs),
    /// Writes manual pages and completions for shells
    Documents(documents::DocumentsArgs),
}

/// Runs the command line of this process; errors go to standard error.
pub fn main() -> ExitCode {
    // Before the arguments are parsed, which takes longer than a small image.
    if let Some(status) = crate::decoding::run_child() {
        return status;
    }
    match parse_and_run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", printable(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// # Errors
/// As [`run`], or if a file of options cannot be read.
fn parse_and_run() -> anyhow::Result<ExitCode> {
    let program = Cli::command();
    let arguments = run_options::expand(std::env::args_os().collect(), &program)?;
    let matches = program.clone().get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    run(cli, run_options::describe(&matches, &program)?)
}

/// `options` is the text of `run.toml`, for `fit`.
///
/// # Errors
/// What stopped the command, with a remedy.
fn run(cli: Cli, options: Option<String>) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Weights(args) => weights::run(args).map(|()| ExitCode::SUCCESS),
        Command::Features(args) => features::run(args),
        Command::Fit(args) => fit::run(args, options),
        Command::Runs(args) => runs::run(args).map(|()| ExitCode::SUCCESS),
        Command::Export(args) => export::run(args),
        Command::Keys(args) => keys::run(args).map(|()| ExitCode::SUCCESS),
        Command::Sign(args) => sign::run(args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Gate(args) => quality_gate::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Calibrate(args) => calibrate::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Leaks(args) => leaks::run(args).map(|()| ExitCode::SUCCESS),
        Command::List(args) => list::run(args).map(|()| ExitCode::SUCCESS),
        Command::Preview(args) => preview::run(args).map(|()| ExitCode::SUCCESS),
        Command::Phantoms(args) => phantoms::run(args).map(|()| ExitCode::SUCCESS),
        Command::Documents(args) => documents::run(&args, Cli::command()).map(|()| ExitCode::SUCCESS),
    }
}

/// Exit status when the work was done but some images could not be read.
const SOME_UNREAD: u8 = 3;

/// Exit status when a model is over a limit that it was held against.
const OVER_LIMIT: u8 = 4;
