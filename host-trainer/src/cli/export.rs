//! `host-trainer export`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use xray_core::package::Precision;

use super::progress::Reporter;
use crate::pipeline::{CalibrationSource, export_quantised_run, export_run};
use crate::weights::WeightStore;

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer export --run runs/first --out models/first-float.onnx --precision float32
  host-trainer export --run runs/first --out models/first.onnx --precision int8-qdq --data chest_xray")]
pub struct ExportArgs {
    /// Folder of a finished run
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// File to write; one that is there is replaced when the new one is whole
    #[arg(long, value_name = "FILE.onnx")]
    out: PathBuf,
    /// How the numbers are stored
    #[arg(long, value_enum, default_value = "int8")]
    precision: PrecisionName,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// Folder that the run was made from, to calibrate `int8-qdq` on its training images
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The splits file of the run, if it had one
    #[arg(long, value_name = "FILE", requires = "data")]
    splits: Option<PathBuf>,
    /// Number of training images to calibrate on
    #[arg(long, value_name = "N", default_value_t = CalibrationSource::IMAGES)]
    calibration_images: usize,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrecisionName {
    /// Weights int8 per output channel, activations float32
    #[value(alias = "int8-weights")]
    Int8,
    /// Weights int8 per output channel, activations uint8 per tensor; calibrated on training images (--data)
    Int8Qdq,
    /// Weights and activations float32
    Float32,
}

pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let store = WeightStore::open(args.weights_dir)?;
    let exported = match (args.precision, args.data) {
        (PrecisionName::Int8, _) => export_run(&args.run, &store, Precision::Int8Weights, &args.out)?,
        (PrecisionName::Float32, _) => export_run(&args.run, &store, Precision::Float32, &args.out)?,
        (PrecisionName::Int8Qdq, Some(data)) => {
            let source = CalibrationSource { data, splits: args.splits, images: args.calibration_images };
            let mut reporter = Reporter::new(args.quiet || args.json);
            export_quantised_run(&args.run, &store, &source, &args.out, &mut |event| reporter.show(event))?
        }
        (PrecisionName::Int8Qdq, None) => bail!(
            "8-bit activations are calibrated on training images of the run; give the folder that it was made \
             from with --data, or export with --precision int8"
        ),
    };
    if args.json {
        println!("{}", serde_json::to_string(&exported)?);
    } else {
        let megabytes = exported.bytes as f64 / 1e6;
        println!("{}: {megabytes:.1} MB, sha256 {}", exported.path.display(), exported.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
