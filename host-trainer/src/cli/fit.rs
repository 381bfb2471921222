//! `host-trainer fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::SOME_UNREAD;
use super::args::{FineTuneArgs, SourceArgs, TrainingArgs};
use super::progress::Reporter;
use super::summary;
use crate::cancel::{CancelToken, Cancelled};
use crate::commands::fit::{FitOptions, fit};
use crate::evaluation::{AbstainRule, DecisionRules, ThresholdRule};
use crate::pipeline::Event;
use crate::run::RunDir;

/// Arguments of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer fit --data chest_xray --out runs/first
  host-trainer fit --data chest_xray --out runs/article --recipe article --features-by float
  host-trainer fit --data chest_xray --out runs/safe --threshold 'sensitivity>=0.98' --abstain 0.3,0.8
  host-trainer fit --data a=chest_xray --data b=clinic --leave-out b --out runs/without-b
  host-trainer fit --data chest_xray --folds 5 --out runs/folds
  host-trainer fit --data chest_xray --out runs/split --splits splits.csv --seed 7
  host-trainer fit --data chest_xray --out runs/first --resume
  host-trainer fit --config runs/first/run.toml --out runs/again --seed 7
  host-trainer fit --data chest_xray --out runs/long --epochs 60 --callbacks article
  host-trainer fit --data chest_xray --out runs/clahe --intensity clahe:2,8
  host-trainer fit --data chest_xray --out runs/varied --rotation 5 --views 8
  host-trainer fit --data chest_xray --out runs/tuned --unfreeze densenet169:denseblock4..,mobilenet-v2:17..
  host-trainer fit --data clinic --out runs/clinic --classes clear,infiltrate
  host-trainer fit --data clinic --out runs/clinic --base models/first.onnx
  host-trainer fit --data phantoms --out runs/random --backbones random
  host-trainer fit --data chest_xray --out runs/first --shards features --device cpu

The data folder holds train/, test/ and perhaps val/, each with one folder a class. Validation patients are taken out
of train. A fit trains a classifier head: a small net on the features of the backbones, which stay frozen. Features are
cached: a second fit on the same images starts training at once, and an interrupted fit continues where it was.
--resume resumes an interrupted training, which ends with the same head as an uninterrupted one.")]
pub struct FitArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Take the options of the run.toml of an earlier run; options beside it replace single ones
    #[arg(long, value_name = "run.toml", help_heading = "Images and backbones")]
    config: Option<PathBuf>,
    /// Folder to write the run to; an earlier run there is replaced when the new one is finished
    #[arg(long, value_name = "RUN", help_heading = "Images and backbones")]
    out: PathBuf,
    /// Take the features from shards that `host-trainer features` wrote (all shards are needed), instead of computing them
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", help_heading = "Features")]
    shards: Option<String>,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    fine_tune: FineTuneArgs,
    /// Resume the interrupted training in the folder of the run
    #[arg(long, help_heading = "Training")]
    resume: bool,
    /// How the threshold is chosen on validation: `youden`, 'sensitivity>=0.95' (the highest threshold that reaches it),
    /// 'specificity>=0.9', or a number between 0 and 1 [default: that of --recipe]
    #[arg(long, value_name = "RULE", help_heading = "Decision")]
    threshold: Option<ThresholdRule>,
    /// Do not calibrate probabilities: fit no temperature on validation, as in the recipe `article`
    #[arg(long, help_heading = "Decision")]
    no_calibration: bool,
    /// Where the model must not decide: two rules as in --threshold, for the lower and the upper end, such as
    /// 'sensitivity>=0.99,specificity>=0.99' or 0.3,0.7
    #[arg(long, value_name = "RULE,RULE", help_heading = "Decision")]
    abstain: Option<AbstainRule>,
    /// Train without this one of several hospitals, and judge the head on its training and validation images
    #[arg(long, value_name = "NAME", conflicts_with = "unfreeze", help_heading = "Decision")]
    leave_out: Option<String>,
    /// Cross-validate the fit beside it: for each of N parts of the patients a head that is trained and chosen on the other
    /// parts; gives mean and spread
    #[arg(long, value_name = "N", conflicts_with = "unfreeze", value_parser = clap::value_parser!(u8).range(2..=20), help_heading = "Decision")]
    folds: Option<u8>,
    /// Refuse a data set with near-duplicate images or patients in two splits (see `host-trainer leaks`), instead of a
    /// warning
    #[arg(long, help_heading = "Images and backbones")]
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
    /// Write plain lines also on a terminal, instead of a dashboard of the training
    #[arg(long, help_heading = "Output")]
    no_tui: bool,
}

/// Exit status of a training that was cancelled by Ctrl-C or in the menu of the dashboard: that of SIGINT.
const CANCELLED: u8 = 130;

pub fn run(args: FitArgs, run_options: Option<String>) -> anyhow::Result<ExitCode> {
    let mut reporter = if args.json_log { Reporter::json_lines() } else { Reporter::new(args.quiet) };
    let silent = args.json || args.json_log || args.quiet;
    let json = args.json;
    let cancel = CancelToken::default();
    if !args.no_tui && !args.json {
        reporter = reporter.with_dashboard(cancel.clone());
    }
    let device = args.source.device()?;
    if let Some(config) = &args.config {
        reporter.show(Event::Note(&format!("options from {}", config.display())));
    }
    let options = FitOptions { run_options, ..options(args, cancel)? };
    if !silent && RunDir::new(&options.out).is_finished() {
        eprintln!("{}: the earlier run there will be replaced", options.out.display());
    }
    reporter.device(&device);
    let fitted = fit(&options, &device, &mut |event| reporter.show(event));
    // Restores the terminal before anything is written to it.
    drop(reporter);
    let record = match fitted {
        Err(error) if error.is::<Cancelled>() => {
            eprintln!("{error}");
            return Ok(ExitCode::from(CANCELLED));
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

fn options(args: FitArgs, cancel: CancelToken) -> anyhow::Result<FitOptions> {
    let recipe = args.source.recipe;
    let training = args.training.config(recipe);
    let threshold = args.threshold.unwrap_or(recipe.threshold());
    let mut source = args.source.options(training.seed)?;
    let leave_out = args.leave_out.map(|name| source.take(&name)).transpose()?;
    Ok(FitOptions {
        source,
        leave_out,
        folds: args.folds.map(usize::from),
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
        cancel,
        command: Some(std::env::args().collect()),
        run_options: None,
    })
}
