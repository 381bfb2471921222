//! `host-trainer export`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use xray_core::package::Precision;

use super::cache_folder;
use super::progress::Reporter;
use crate::device::{DeviceChoice, choose};
use crate::pipeline::{
    Budget, CALIBRATION_IMAGES, ExportJob, GateWish, HeadOn, Quantisation, RunImages, export_quantised_run,
    export_run,
};
use crate::run::RunDir;
use crate::weights::WeightStore;

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer export --run runs/first --out models/first.onnx --data /mnt/chest_xray --head-on float
  host-trainer export --run runs/first --out models/first-float.onnx --precision float32
  host-trainer export --run runs/clinic --out models/clinic.onnx --gate-images 80

A run whose features came from int8 backbones (the default on a CPU) holds these and a head for them, and is written as it is.
After a run in float, int8 chooses the steps of the activations on training images and trains the head again on what the
int8 backbones give. Either way the file is held against the float model on the validation images, and not written if it
loses more than 0.003 of AUROC or half a point of accuracy.

The gate, which refuses what is no upright chest X-ray, is fitted on training images of the run as they are, changed,
turned and inverted, and on drawn pictures; its limits on the validation images. `host-trainer gate` then measures it.")]
pub struct ExportArgs {
    /// Folder of a finished run
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// File to write; one that is there is replaced when the new one is whole
    #[arg(long, value_name = "FILE.onnx")]
    out: PathBuf,
    /// How the numbers are stored [default: int8; a run on a base model keeps the base's]
    #[arg(long, value_enum)]
    precision: Option<PrecisionName>,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// Folder with the images of the run, for `int8`, the gate, and the figures of a file that computes otherwise than the
    /// run did [default: the folder that the run was made from]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The splits file of the run, if it had one [default: the file that the run was made with]
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Number of training images to choose the steps of the activations on, where the run has no int8 backbones yet
    /// [default: 64]
    #[arg(long, value_name = "N")]
    calibration_images: Option<usize>,
    /// What the head of an `int8` model is trained on [default: int8]
    #[arg(long, value_enum)]
    head_on: Option<HeadOn>,
    /// Write the `int8` model even if it loses more than the budget allows
    #[arg(long)]
    allow_over_budget: bool,
    /// Fit the gate on this many training images and as many for its limits, however few the run has [default: 300, where
    /// it has 100 training and 30 validation images and its backbones are not random]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    gate_images: Option<u32>,
    /// Fit none: pictures are refused by their looks only, not if they are turned, inverted or of something else
    #[arg(long, conflicts_with = "gate_images")]
    no_gate: bool,
    /// Folder of the feature cache [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Where to train the head again
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PrecisionName {
    /// Weights int8 per output channel, activations uint8 per tensor
    #[value(alias = "int8-qdq")]
    Int8,
    /// Weights int8 per output channel, activations float32
    Int8Weights,
    /// Weights and activations float32
    Float32,
}

pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let store = WeightStore::open(args.weights_dir)?;
    let (record, _) = RunDir::new(&args.run).read()?;
    if let (Some(base), Some(_)) = (&record.base, args.precision) {
        bail!(
            "{}: made on {}, whose precision it keeps; leave --precision out",
            args.run.display(),
            base.file
        );
    }
    if record.int8.is_some() && args.calibration_images.is_some() {
        bail!(
            "{}: its int8 backbones are calibrated; leave --calibration-images out, or make the run again with \
             `fit --calibrate-on`",
            args.run.display()
        );
    }
    let quantised = record.base.is_none() && matches!(args.precision, None | Some(PrecisionName::Int8));
    if !quantised && (args.calibration_images.is_some() || args.head_on.is_some() || args.allow_over_budget) {
        bail!(
            "--calibration-images, --head-on and --allow-over-budget are for backbones that export quantises"
        );
    }
    let floating = matches!(args.precision, Some(PrecisionName::Float32 | PrecisionName::Int8Weights));
    if record.int8.is_some() && floating {
        eprintln!(
            "warning: head and threshold of this run were made on int8 backbones, and the file's figures are measured with \
             them; `fit --features-by float` makes a run for models with float activations"
        );
    }
    let job = ExportJob {
        images: RunImages {
            data: args.data.unwrap_or_else(|| record.data.folder.into()),
            splits: args.splits.or_else(|| record.data.splits.map(PathBuf::from)),
        },
        cache: cache_folder(args.cache)?,
        gate: match args.gate_images {
            Some(images) => GateWish::On(images as usize),
            None if args.no_gate => GateWish::Without,
            None => GateWish::WhereEnough,
        },
        run: args.run,
        store,
        out: args.out,
    };
    let mut reporter = Reporter::new(args.quiet || args.json);
    let mut show = |event: crate::pipeline::Event<'_>| reporter.show(event);
    let exported = if quantised {
        let how = Quantisation {
            images: args.calibration_images.unwrap_or(CALIBRATION_IMAGES),
            head_on: args.head_on.unwrap_or(HeadOn::Int8),
            budget: (!args.allow_over_budget).then(Budget::default),
        };
        export_quantised_run(&job, &how, &choose(args.device)?, &mut show)?
    } else {
        let precision = match args.precision {
            Some(PrecisionName::Float32) => Precision::Float32,
            // Not looked at for a run on a base model, which keeps the precision of the base.
            _ => Precision::Int8Weights,
        };
        export_run(&job, precision, &mut show)?
    };
    if args.json {
        println!("{}", serde_json::to_string(&exported)?);
    } else {
        let megabytes = exported.bytes as f64 / 1e6;
        println!("{}: {megabytes:.1} MB, sha256 {}", exported.path.display(), exported.sha256);
    }
    Ok(ExitCode::SUCCESS)
}
