//! `host-trainer fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use xray_core::preprocess::{Preprocessing, Scaling};

use super::progress::Reporter;
use super::{cache_folder, summary};
use crate::backbones::BackboneKind;
use crate::data::ClassNames;
use crate::device::{DeviceChoice, choose};
use crate::head::TrainingConfig;
use crate::pipeline::{AbstainRule, BackboneSource, DecisionRules, FitOptions, ThresholdRule, fit};
use crate::run::RunDir;
use crate::weights::WeightStore;

/// Arguments of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer fit --data chest_xray --out runs/first
  host-trainer fit --data chest_xray --out runs/safe --threshold 'sensitivity>=0.98' --abstain 0.3,0.8
  host-trainer fit --data chest_xray --out runs/split --splits splits.csv --seed 7
  host-trainer fit --data clinic --out runs/clinic --classes clear,infiltrate
  host-trainer fit --data clinic --out runs/clinic --base models/first.onnx
  host-trainer fit --data phantoms --out runs/random --backbones random

The data folder holds train/, test/ and perhaps val/, each with one folder a class. Validation is carved out of
train by patient. Features are kept in the cache: a second fit on the same images starts training at once, and
a fit that was stopped goes on where it was.")]
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
    #[arg(long, value_name = "MODEL.onnx", conflicts_with_all = ["backbones", "weights_dir", "preprocessing"])]
    base: Option<PathBuf>,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// How pixels become numbers
    #[arg(long, value_enum, default_value = "imagenet")]
    preprocessing: PreprocessingName,
    /// Leave the mirror images out of training
    #[arg(long)]
    no_mirror: bool,
    /// Seeds the split, the head, the order of the batches and dropout
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Passes over the training samples
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// Samples a step
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// Adam's step size
    #[arg(long, default_value_t = 1e-4)]
    learning_rate: f64,
    /// Share of hidden values that dropout sets to zero
    #[arg(long, default_value_t = 0.5)]
    dropout: f32,
    /// How the threshold is chosen on validation: `youden`, 'sensitivity>=0.95', 'specificity>=0.9', or a number
    /// between 0 and 1
    #[arg(long, value_name = "RULE", default_value = "youden")]
    threshold: ThresholdRule,
    /// Leave probabilities as the network gives them: fit no temperature on validation
    #[arg(long)]
    no_calibration: bool,
    /// Where the model must not decide: two rules as in --threshold, for the lower and the upper end, such as
    /// 'sensitivity>=0.99,specificity>=0.99' or 0.3,0.7
    #[arg(long, value_name = "RULE,RULE")]
    abstain: Option<AbstainRule>,
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
    let mut reporter = Reporter::new(args.quiet);
    let json = args.json;
    let device = choose(args.device)?;
    let options = options(args)?;
    if !json && RunDir::new(&options.out).is_finished() {
        eprintln!("{}: the earlier run there will be replaced", options.out.display());
    }
    if !json {
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
    Ok(FitOptions {
        classes: args.classes,
        backbones: match args.base {
            Some(model) => BackboneSource::Base { model },
            None => source(&args.backbones, args.weights_dir, args.seed)?,
        },
        preprocessing: Preprocessing::new(scaling),
        mirror: !args.no_mirror,
        training: TrainingConfig {
            seed: args.seed,
            epochs: args.epochs,
            batch_size: args.batch_size,
            learning_rate: args.learning_rate,
            dropout: args.dropout,
        },
        decision: DecisionRules {
            threshold: args.threshold,
            calibrate: !args.no_calibration,
            abstain: args.abstain,
        },
        cache: cache_folder(args.cache)?,
        data: args.data,
        splits: args.splits,
        out: args.out,
    })
}

/// The nets that were named, in the order of the registry whatever the order on the command line; all of
/// them where only `random` was said.
fn source(names: &[BackboneName], weights_dir: Option<PathBuf>, seed: u64) -> anyhow::Result<BackboneSource> {
    let named = |kind: &BackboneKind| names.contains(&BackboneName::Net(*kind));
    let mut kinds: Vec<BackboneKind> = BackboneKind::ALL.into_iter().filter(named).collect();
    if names.contains(&BackboneName::Random) {
        if kinds.is_empty() {
            kinds = BackboneKind::ALL.to_vec();
        }
        return Ok(BackboneSource::Random { kinds, seed });
    }
    Ok(BackboneSource::Stored { kinds, store: WeightStore::open(weights_dir)? })
}
