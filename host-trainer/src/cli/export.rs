//! `host-trainer export`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use xray_core::package::Precision;

use super::args::{AuditLimitArgs, cache_folder};
use super::progress::Reporter;
use crate::audit::AuditLimits;
use crate::commands::export::{
    AuditRequirement, ExportOptions, HeadTrainedOn, QualityGateChoice, QuantisationOptions,
    export_quantised_run, export_run,
};
use crate::data::{DataSource, SourceError, SourceSplits};
use crate::device::{DeviceChoice, choose};
use crate::evaluation::AccuracyBudget;
use crate::pipeline::RunImages;
use crate::quantise::CALIBRATION_IMAGES;
use crate::run::{RunDir, RunRecord};
use crate::weights::WeightStore;

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer export --run runs/first --out models/first.onnx
  host-trainer export --run runs/first --out models/first.onnx --data /mnt/chest_xray --head-on float
  host-trainer export --run runs/first --out models/first-float.onnx --precision float32
  host-trainer export --run runs/clinic --out models/clinic.onnx --gate-images 80
  host-trainer export --run runs/trial --out trial.onnx --allow-failed-audit

A run with features of int8 backbones (the default on a CPU) holds these backbones and a classifier head for them; both are
exported unchanged. After a run in float, int8 measures the ranges of the activations on training images and trains the
head again on the features of the int8 backbones. In both cases the file is compared with the float model on the
validation images, and not written if it exceeds the accuracy budget: a loss of 0.003 of AUROC or half a point of accuracy.

A run whose audit on the validation images is over a limit is not exported either (`fit` says it): its model tells the classes
by the frame of the image, and would fail in another hospital. A run without an audit is exported with a warning.

The quality gate, which refuses what is no upright chest X-ray, is fitted on training images of the run (unchanged, changed,
rotated and inverted) and on drawn pictures, its limits on the validation images. `host-trainer gate` measures it.")]
pub struct ExportArgs {
    /// Folder of a finished run
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// File to write; an existing file is replaced when the new one is complete
    #[arg(long, value_name = "FILE.onnx")]
    out: PathBuf,
    /// How the numbers are stored [default: int8; a run on a base model keeps the base's]
    #[arg(long, value_enum)]
    precision: Option<PrecisionName>,
    /// Folder of the imported weights [default: the folder that the run read them from]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// Folder with the images of the run, for `int8`, the quality gate, and the figures of a file in another precision than
    /// the run; of several hospitals NAME=DIR [default: the folders that the run was made from]
    #[arg(long, value_name = "[NAME=]DIR")]
    data: Vec<DataSource>,
    /// The splits file of the run, if it had one [default: the file that the run was made with]
    #[arg(long, value_name = "[NAME=]FILE")]
    splits: Vec<SourceSplits>,
    /// Number of training images that activation ranges are measured on (calibration images), if the run has no int8
    /// backbones yet [default: 64]
    #[arg(long, value_name = "N")]
    calibration_images: Option<usize>,
    /// Which features the head of an `int8` model is trained on [default: int8]
    #[arg(long, value_enum)]
    head_on: Option<HeadTrainedOn>,
    /// Write the `int8` model even if it exceeds the accuracy budget
    #[arg(long)]
    allow_over_budget: bool,
    #[command(flatten)]
    limits: AuditLimitArgs,
    /// Write the model even if the audit of its run is over a limit
    #[arg(long, help_heading = "Audit")]
    allow_failed_audit: bool,
    /// Fit the quality gate on this number of training images and of validation images, however few the run has [default:
    /// 300, if the run has 100 training and 30 validation images and its backbones are not random]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    gate_images: Option<u32>,
    /// Fit no quality gate: only the checks of the picture itself apply, which accept rotated, inverted and other pictures
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
    let (record, _) = RunDir::new(&args.run).read()?;
    let of_run = record.weights_dir.as_ref().map(PathBuf::from);
    let store = WeightStore::open(args.weights_dir.or(of_run))?;
    if let (Some(base), Some(_)) = (&record.base, args.precision) {
        bail!(
            "{}: made on {}, whose precision it keeps; leave --precision out",
            args.run.display(),
            base.file
        );
    }
    if record.int8.is_some() && args.calibration_images.is_some() {
        bail!(
            "{}: its int8 backbones have activation ranges; leave --calibration-images out, or make the run again with \
             `fit --calibrate-on`",
            args.run.display()
        );
    }
    let quantised = record.base.is_none() && matches!(args.precision, None | Some(PrecisionName::Int8));
    if !quantised && (args.calibration_images.is_some() || args.head_on.is_some() || args.allow_over_budget) {
        bail!(
            "--calibration-images, --head-on and --allow-over-budget apply only if `export` quantises the backbones"
        );
    }
    let floating = matches!(args.precision, Some(PrecisionName::Float32 | PrecisionName::Int8Weights));
    if record.int8.is_some() && floating {
        eprintln!(
            "warning: head and threshold of this run were chosen on int8 backbones, and the figures of the file are measured \
             with them; `fit --features-by float` makes a run for models with float activations"
        );
    }
    let options = ExportOptions {
        images: RunImages { sources: images(&record, args.data, args.splits)? },
        cache: cache_folder(args.cache)?,
        quality_gate: match args.gate_images {
            Some(images) => QualityGateChoice::Images(images as usize),
            None if args.no_gate => QualityGateChoice::None,
            None => QualityGateChoice::IfEnoughImages,
        },
        audit: AuditRequirement {
            limits: (!args.limits.is_empty()).then(|| {
                args.limits.or(record.audit.as_ref().map_or_else(AuditLimits::default, |a| a.limits))
            }),
            allow_failed: args.allow_failed_audit,
        },
        run: args.run,
        store,
        out: args.out,
    };
    let mut reporter =
        if args.json { Reporter::warnings_and_device(args.quiet) } else { Reporter::new(args.quiet) };
    let exported = if quantised {
        let quantisation = QuantisationOptions {
            calibration_images: args.calibration_images.unwrap_or(CALIBRATION_IMAGES),
            head_trained_on: args.head_on.unwrap_or_default(),
            budget: (!args.allow_over_budget).then(AccuracyBudget::default),
        };
        let device = choose(args.device)?;
        reporter.device(&device);
        export_quantised_run(&options, &quantisation, &device, &mut |event| reporter.show(event))?
    } else {
        let precision = match args.precision {
            Some(PrecisionName::Float32) => Precision::Float32,
            // Without effect on a run on a base model, which keeps the precision of the base.
            _ => Precision::Int8Weights,
        };
        export_run(&options, precision, &mut |event| reporter.show(event))?
    };
    if args.json {
        println!("{}", serde_json::to_string(&exported)?);
    } else {
        let megabytes = exported.bytes as f64 / 1e6;
        println!("{}: {megabytes:.1} MB, sha256 {}", exported.path.display(), exported.sha256);
    }
    Ok(ExitCode::SUCCESS)
}

/// The folders of the run's images: those of the record, in other places where the options say so.
fn images(
    record: &RunRecord,
    folders: Vec<DataSource>,
    splits: Vec<SourceSplits>,
) -> Result<Vec<DataSource>, SourceError> {
    let mut sources = record.sources();
    for DataSource { name, folder, .. } in folders {
        DataSource::find(&mut sources, "--data", &name)?.folder = folder;
    }
    for SourceSplits { name, file } in splits {
        DataSource::find(&mut sources, "--splits", &name)?.splits = Some(file);
    }
    Ok(sources)
}
