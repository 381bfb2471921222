//! `host-trainer fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::SOME_UNREAD;
use super::progress::Reporter;
use super::source::SourceArgs;
use super::summary;
use super::training::{FineTuneArgs, TrainingArgs};
use crate::pipeline::{AbstainRule, DecisionRules, FitOptions, ThresholdRule, fit};
use crate::run::RunDir;
use crate::stop::{Stop, Stopped};

/// Arguments of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer fit --data chest_xray --out runs/first
  host-trainer fit --data chest_xray --out runs/article --recipe article --features-by float
  host-trainer fit --data chest_xray --out runs/safe --threshold 'sensitivity>=0.98' --abstain 0.3,0.8
  host-trainer fit --data chest_xray --out runs/split --splits splits.csv --seed 7
  host-trainer fit --data chest_xray --out runs/first --resume
  host-trainer fit --data chest_xray --out runs/long --epochs 60 --callbacks article
  host-trainer fit --data chest_xray --out runs/clahe --intensity clahe:2,8
  host-trainer fit --data chest_xray --out runs/varied --rotation 5 --views 8
  host-trainer fit --data chest_xray --out runs/tuned --unfreeze densenet169:denseblock4..,mobilenet-v2:17..
  host-trainer fit --data clinic --out runs/clinic --classes clear,infiltrate
  host-trainer fit --data clinic --out runs/clinic --base models/first.onnx
  host-trainer fit --data phantoms --out runs/random --backbones random
  host-trainer fit --data chest_xray --out runs/first --shards features --device cpu

The data folder holds train/, test/ and perhaps val/, each with one folder a class. Validation is carved out of
train by patient. Features are kept in the cache: a second fit on the same images starts training at once, and
a fit that was stopped goes on where it was. A training that was stopped is taken up with --resume and ends with
the same head as one that was not.")]
pub struct FitArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Folder to write the run to; an earlier run there is replaced when the new one is finished
    #[arg(long, value_name = "RUN", help_heading = "Images and nets")]
    out: PathBuf,
    /// Take the features from shards that `host-trainer features` wrote, all of them, instead of computing them here
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", help_heading = "Features")]
    shards: Option<String>,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    fine_tune: FineTuneArgs,
    /// Take up the training that was cut off in the folder of the run
    #[arg(long, help_heading = "Training")]
    resume: bool,
    /// How the threshold is chosen on validation: `youden`, 'sensitivity>=0.95' (the highest threshold that reaches it),
    /// 'specificity>=0.9', or a number between 0 and 1 [default: what --recipe says]
    #[arg(long, value_name = "RULE", help_heading = "Decision")]
    threshold: Option<ThresholdRule>,
    /// Leave probabilities as the network gives them: fit no temperature on validation, as in the recipe `article`
    #[arg(long, help_heading = "Decision")]
    no_calibration: bool,
    /// Where the model must not decide: two rules as in --threshold, for the lower and the upper end, such as
    /// 'sensitivity>=0.99,specificity>=0.99' or 0.3,0.7
    #[arg(long, value_name = "RULE,RULE", help_heading = "Decision")]
    abstain: Option<AbstainRule>,
    /// Refuse a data set with near-duplicate images or patients on two sides (see `host-trainer leaks`); else they are
    /// warned of
    #[arg(long, help_heading = "Images and nets")]
    strict: bool,
    /// Print the finished run as JSON on standard output
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Show warnings only
    #[arg(long, help_heading = "Output")]
    quiet: bool,
    /// Write progress as one JSON object a line on standard error
    #[arg(long, conflicts_with = "quiet", help_heading = "Output")]
    json_log: bool,
    /// Write plain lines on a terminal, too, instead of a live picture of the training
    #[arg(long, help_heading = "Output")]
    no_tui: bool,
}

/// Exit status of a training that was stopped by Ctrl-C or in the menu of the live picture: that of SIGINT.
const STOPPED: u8 = 130;

pub fn run(args: FitArgs) -> anyhow::Result<ExitCode> {
    let mut reporter = if args.json_log { Reporter::json_lines() } else { Reporter::new(args.quiet) };
    let silent = args.json || args.json_log || args.quiet;
    let json = args.json;
    let stop = Stop::default();
    if !args.no_tui && !args.json {
        reporter = reporter.with_live_picture(stop.clone());
    }
    let device = args.source.device()?;
    let options = options(args, stop)?;
    if !silent && RunDir::new(&options.out).is_finished() {
        eprintln!("{}: the earlier run there will be replaced", options.out.display());
    }
    if !silent {
        eprintln!("device: {} ({})", device.name, device.reason);
    }
    let fitted = fit(&options, &device, &mut |event| reporter.show(event));
    // The terminal is set back before anything is written to it.
    drop(reporter);
    let record = match fitted {
        Err(error) if error.is::<Stopped>() => {
            eprintln!("{error}");
            return Ok(ExitCode::from(STOPPED));
        }
        fitted => fitted?,
    };
    if json {
        println!("{}", serde_json::to_string(&record)?);
    } else {
        println!("{}", summary::render(&record));
        println!("run written to {}", options.out.display());
    }
    Ok(if record.data.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}

fn options(args: FitArgs, stop: Stop) -> anyhow::Result<FitOptions> {
    let recipe = args.source.recipe;
    let training = args.training.config(recipe);
    let threshold = args.threshold.unwrap_or(recipe.threshold());
    Ok(FitOptions {
        source: args.source.options(training.seed)?,
        shards: args.shards,
        fine_tune: args.fine_tune.config(),
        training,
        resume: args.resume,
        decision: DecisionRules {
            threshold,
            calibrate: recipe.calibrates() && !args.no_calibration,
            abstain: args.abstain,
        },
        strict: args.strict,
        out: args.out,
        stop,
        command: Some(std::env::args().collect()),
    })
}
