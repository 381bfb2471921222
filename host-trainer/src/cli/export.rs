//! `host-trainer export`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use xray_core::package::Precision;

use crate::pipeline::export_run;
use crate::weights::WeightStore;

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer export --run runs/first --out models/first-float.onnx --precision float32")]
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
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrecisionName {
    /// Weights int8 per output channel, activations float32
    Int8,
    /// Weights and activations float32
    Float32,
}

pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let precision = match args.precision {
        PrecisionName::Int8 => Precision::Int8Weights,
        PrecisionName::Float32 => Precision::Float32,
    };
    let store = WeightStore::open(args.weights_dir)?;
    let exported = export_run(&args.run, &store, precision, &args.out)?;
    if args.json {
        println!("{}", serde_json::to_string(&exported)?);
    } else {
        let megabytes = exported.bytes as f64 / 1e6;
        println!("{}: {megabytes:.1} MB, sha256 {}", exported.path.display(), exported.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
