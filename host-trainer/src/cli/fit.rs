//! `host-trainer fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use xray_core::preprocess::{Intensity, Preprocessing, Scaling};

use super::augment_args::AugmentArgs;
use super::progress::Reporter;
use super::training::{FineTuneArgs, TrainingArgs};
use super::{cache_folder, summary};
use crate::backbones::BackboneKind;
use crate::data::ClassNames;
use crate::data::augment::Preset;
use crate::device::{DeviceChoice, choose};
use crate::features::Views;
use crate::pipeline::{BackboneSource, FitOptions, ThresholdRule, fit};
use crate::run::RunDir;
use crate::weights::WeightStore;

/// Arguments of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer fit --data chest_xray --out runs/first
  host-trainer fit --data chest_xray --out runs/split --splits splits.csv --seed 7
  host-trainer fit --data chest_xray --out runs/first --resume
  host-trainer fit --data chest_xray --out runs/early --epochs 60 --early-stopping --reduce-on-plateau
  host-trainer fit --data chest_xray --out runs/clahe --intensity clahe:2,8
  host-trainer fit --data chest_xray --out runs/varied --augment robust --rotation 5 --views 8
  host-trainer fit --data chest_xray --out runs/tuned --unfreeze densenet169:denseblock4..,mobilenet-v2:17..
  host-trainer fit --data clinic --out runs/clinic --classes clear,infiltrate
  host-trainer fit --data clinic --out runs/clinic --base models/first.onnx
  host-trainer fit --data phantoms --out runs/random --backbones random

The data folder holds train/, test/ and perhaps val/, each with one folder a class. Validation is carved out of
train by patient. Features are kept in the cache: a second fit on the same images starts training at once, and
a fit that was stopped goes on where it was. A training that was stopped is taken up with --resume and ends with
the same head as one that was not.")]
pub struct FitArgs {
    /// Folder with the class folders, found recursively
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder to write the run to; an earlier run there is replaced when the new one is finished
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// CSV file with the columns path,role,patient that says which image is on which side
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Backbones by name, separated by commas; `random` draws seeded random weights (demos and tests only)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "densenet169,mobilenet-v2")]
    backbones: Vec<BackboneName>,
    /// Keep the backbones and the preprocessing of this model bit for bit and train only a new head; runs on the
    /// engine of the device, which is several times faster on a CPU
    #[arg(long, value_name = "MODEL.onnx", conflicts_with_all = ["backbones", "weights_dir", "preprocessing", "intensity"])]
    base: Option<PathBuf>,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// How pixels become numbers
    #[arg(long, value_enum, default_value = "imagenet")]
    preprocessing: PreprocessingName,
    /// What is done to the grey levels before, in training and on the device: `none`, `histogram` (equalised over the
    /// whole image), `clahe` (over tiles, with limited contrast) or `clahe:CLIP,TILES`
    #[arg(long, value_name = "RULE", default_value = "none")]
    intensity: Intensity,
    #[command(flatten)]
    augment: AugmentArgs,
    /// Varied forms of each training image beside the image itself; each epoch draws one of them
    #[arg(long, value_name = "N", default_value_t = 4)]
    views: u32,
    /// Seeds them; their features are kept, so runs of another --seed find them
    #[arg(long, default_value_t = 42)]
    view_seed: u64,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    fine_tune: FineTuneArgs,
    /// Take up the training that was cut off in the folder of the run
    #[arg(long)]
    resume: bool,
    /// How the threshold is chosen on validation: `youden`, or a number between 0 and 1
    #[arg(long, value_name = "RULE", default_value = "youden")]
    threshold: ThresholdRule,
    /// Refuse a data set with near-duplicate images or patients on two sides (see `host-trainer leaks`); else they are
    /// warned of
    #[arg(long)]
    strict: bool,
    /// Folder of the feature cache [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Print the finished run as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
    /// Write progress as one JSON object a line on standard error
    #[arg(long, conflicts_with = "quiet")]
    json_log: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BackboneName {
    Net(BackboneKind),
    Random,
}

impl std::str::FromStr for BackboneName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(BackboneName::Random);
        }
        BackboneKind::from_str(text, false).map(BackboneName::Net).map_err(|_| {
            let names: Vec<_> = BackboneKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("there is no backbone `{text}`; there are {} and random", names.join(", "))
        })
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PreprocessingName {
    /// Divided by 255, ImageNet mean and standard deviation
    Imagenet,
    /// Divided by 255 and nothing else
    Unit,
}

pub fn run(args: FitArgs) -> anyhow::Result<ExitCode> {
    let mut reporter = if args.json_log { Reporter::json_lines() } else { Reporter::new(args.quiet) };
    let silent = args.json || args.json_log;
    let json = args.json;
    let device = choose(args.device)?;
    let options = options(args)?;
    if !silent && RunDir::new(&options.out).is_finished() {
        eprintln!("{}: the earlier run there will be replaced", options.out.display());
    }
    if !silent {
        eprintln!("device: {} ({})", device.name, device.reason);
    }
    let record = fit(&options, &device, &mut |event| reporter.show(event))?;
    if json {
        println!("{}", serde_json::to_string(&record)?);
    } else {
        println!("{}", summary::render(&record));
        println!("run written to {}", options.out.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: FitArgs) -> anyhow::Result<FitOptions> {
    let scaling = match args.preprocessing {
        PreprocessingName::Imagenet => Scaling::Imagenet,
        PreprocessingName::Unit => Scaling::Unit,
    };
    let training = args.training.config();
    let augmentation = args.augment.augmentation(Preset::Article)?;
    let views = Views { augmentation, count: args.views, seed: args.view_seed };
    Ok(FitOptions {
        classes: args.classes,
        backbones: match args.base {
            Some(model) => BackboneSource::Base { model },
            None => source(&args.backbones, args.weights_dir, training.seed)?,
        },
        preprocessing: Preprocessing { intensity: args.intensity, ..Preprocessing::new(scaling) },
        views,
        fine_tune: args.fine_tune.config(),
        training,
        resume: args.resume,
        threshold: args.threshold,
        strict: args.strict,
        cache: cache_folder(args.cache)?,
        data: args.data,
        splits: args.splits,
        out: args.out,
    })
}

/// The nets that were named, in the order of the registry whatever the order on the command line; the
/// usual stack where only `random` was said.
fn source(names: &[BackboneName], weights_dir: Option<PathBuf>, seed: u64) -> anyhow::Result<BackboneSource> {
    let named = |kind: &BackboneKind| names.contains(&BackboneName::Net(*kind));
    let mut kinds: Vec<BackboneKind> = BackboneKind::ALL.into_iter().filter(named).collect();
    if names.contains(&BackboneName::Random) {
        if kinds.is_empty() {
            kinds = BackboneKind::STACK.to_vec();
        }
        return Ok(BackboneSource::Random { kinds, seed });
    }
    Ok(BackboneSource::Stored { kinds, store: WeightStore::open(weights_dir)? })
}
