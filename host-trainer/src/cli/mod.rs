//! The command line: one file a subcommand, arguments and printing only.

mod augment_args;
mod compare;
mod demo;
mod evaluate;
mod export;
mod features;
mod fit;
mod gate;
mod judged;
mod keys;
mod leaks;
mod phantoms;
mod predict;
mod preview;
mod progress;
mod recipe;
mod runs;
mod sign;
mod source;
mod summary;
mod training;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains a stacked chest X-ray classifier and exports it as an int8 ONNX file for edge-runtime.
///
/// What it makes is a screening aid, not a diagnosis: a clinician decides.
#[derive(Debug, Parser)]
#[command(name = "host-trainer", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  host-trainer demo
  host-trainer weights fetch
  host-trainer fit --data chest_xray --out runs/first
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer evaluate --model models/first.onnx --data chest_xray --split test

Exit status: 0 all done, 1 a fault, 2 wrong usage, 3 done but some images could not be read.";

// One of these exists in a run: a box would only cost an indirection.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
enum Command {
    /// Draws phantoms, fits, exports, evaluates and screens: the whole road in minutes, no data needed
    Demo(demo::DemoArgs),
    /// Imports, fetches and lists the weights of the backbones
    Weights(weights::WeightsArgs),
    /// Computes a part of the features of a fit, on one of several machines
    Features(features::FeaturesArgs),
    /// Trains a head on a folder of X-rays
    Fit(fit::FitArgs),
    /// Lists runs side by side
    Runs(runs::RunsArgs),
    /// Writes a run as one ONNX file
    Export(export::ExportArgs),
    /// Makes key pairs for signing
    Keys(keys::KeysArgs),
    /// Signs a model file, so that a board takes it
    Sign(sign::SignArgs),
    /// Judges a model file on one split, with the engine that the device uses
    Evaluate(evaluate::EvaluateArgs),
    /// Measures which pictures a model's gate refuses
    Gate(gate::GateArgs),
    /// Judges two model files on the same images, with tests whether they differ
    Compare(compare::CompareArgs),
    /// Screens images as edge-runtime does
    Predict(predict::PredictArgs),
    /// Finds near-duplicate images and patients on two sides of a data set
    Leaks(leaks::LeaksArgs),
    /// Shows images as augmentation or the corruption suite changes them, on one sheet
    Preview(preview::PreviewArgs),
    /// Draws a phantom data set
    Phantoms(phantoms::PhantomsArgs),
}

/// Runs what the command line asks for.
///
/// # Errors
/// Whatever stopped the command, with what to do about it.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Weights(args) => weights::run(args).map(|()| ExitCode::SUCCESS),
        Command::Features(args) => features::run(args),
        Command::Fit(args) => fit::run(args),
        Command::Runs(args) => runs::run(args).map(|()| ExitCode::SUCCESS),
        Command::Export(args) => export::run(args),
        Command::Keys(args) => keys::run(args).map(|()| ExitCode::SUCCESS),
        Command::Sign(args) => sign::run(args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Gate(args) => gate::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Leaks(args) => leaks::run(args).map(|()| ExitCode::SUCCESS),
        Command::Preview(args) => preview::run(args).map(|()| ExitCode::SUCCESS),
        Command::Phantoms(args) => phantoms::run(args).map(|()| ExitCode::SUCCESS),
    }
}

/// Exit status when the work was done but some images could not be read.
const SOME_UNREAD: u8 = 3;

/// The folder of the feature cache: `--cache` if given, else `$XDG_CACHE_HOME/xray-edge/features`, else
/// `~/.cache/xray-edge/features`.
fn cache_folder(flag: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    flag.or_else(|| Some(variable("XDG_CACHE_HOME")?.join("xray-edge/features")))
        .or_else(|| Some(variable("HOME")?.join(".cache/xray-edge/features")))
        .ok_or_else(|| anyhow::anyhow!("neither HOME nor XDG_CACHE_HOME is set; name a folder with --cache"))
}
