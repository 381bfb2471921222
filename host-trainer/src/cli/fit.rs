//! `host-trainer fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::SOME_UNREAD;
use super::args::{BackboneTrainingArgs, FineTuneArgs, Recipe, SourceArgs, TrainingArgs};
use super::progress::Reporter;
use super::summary;
use crate::cancel::{CancelToken, Cancelled};
use crate::commands::fit::{FitOptions, fit};
use crate::device::ChosenDevice;
use crate::evaluation::{AbstainRule, DecisionRules, ThresholdRule};
use crate::run::RunDir;

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
  host-trainer fit --data chest_xray --out runs/hardened --recipe hardened --backbones mobilenet-v2
  host-trainer fit --data clinic --out runs/clinic --classes clear,infiltrate
  host-trainer fit --data clinic --out runs/clinic --base models/first.onnx
  host-trainer fit --data phantoms --out runs/random --backbones random
  host-trainer fit --data chest_xray --out runs/first --shards features --device cpu

The data folder holds train/, test/ and perhaps val/, each with one folder a class. Validation patients are taken out
of train. A fit trains a classifier head: a small net on the features of the backbones, which stay frozen unless --recipe
hardened or --unfreeze says otherwise. Features are
cached: a second fit on the same images starts training at once, and an interrupted fit continues where it was.
--resume resumes an interrupted training, which ends with the same head as an uninterrupted one.")]
pub struct FitArgs {
    #[command(flatten)]
    source: SourceArgs,
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
    #[command(flatten)]
    backbone_training: BackboneTrainingArgs,
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

pub fn run(mut args: FitArgs) -> anyhow::Result<ExitCode> {
    let mut reporter = if args.json_log { Reporter::json_lines() } else { Reporter::new(args.quiet) };
    let silent = args.json || args.json_log || args.quiet;
    let json = args.json;
    let cancel = CancelToken::default();
    if !args.no_tui && !args.json {
        reporter = reporter.with_dashboard(cancel.clone());
    }
    let device = args.source.device()?;
    args.source.recipe = Some(recipe(&args, &device));
    let options = options(args, cancel)?;
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

/// The recipe that was named; on a GPU the one that trains backbones, unless an option keeps them.
fn recipe(args: &FitArgs, device: &ChosenDevice) -> Recipe {
    let gpu = !device.is_cpu() && !device.software;
    let open =
        args.source.leaves_backbones_open() && args.shards.is_none() && args.fine_tune.unfreeze.is_none();
    match args.source.recipe {
        Some(named) => named,
        None if gpu && open => Recipe::Hardened,
        None => args.source.recipe(),
    }
}

fn options(args: FitArgs, cancel: CancelToken) -> anyhow::Result<FitOptions> {
    let recipe = args.source.recipe();
    let (backbone_recipe, fine_tune) = if recipe == Recipe::Hardened {
        args.fine_tune.check_unused()?;
        (Some(args.backbone_training.recipe(args.fine_tune.unfreeze, args.source.hardening()?)), None)
    } else {
        args.backbone_training.check_unused()?;
        (None, args.fine_tune.config())
    };
    let training = args.training.config(recipe);
    let threshold = args.threshold.unwrap_or(recipe.threshold());
    Ok(FitOptions {
        source: args.source.options(training.seed)?,
        shards: args.shards,
        backbone_recipe,
        fine_tune,
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
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::backbone_training::BackboneRecipe;
    use crate::data::augment::Hardening;
    use crate::device::{DeviceChoice, choose};
    use crate::fine_tune::Unfreeze;
    use crate::run::ChooseOn;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fit: FitArgs,
    }

    fn parsed(more: &[&str]) -> anyhow::Result<FitOptions> {
        let line = ["fit", "--data", "d", "--out", "r", "--cache", "c", "--weights-dir", "w"];
        let fit = Line::try_parse_from(line.iter().chain(more))?.fit;
        options(fit, CancelToken::default())
    }

    #[test]
    fn the_recipe_sets_what_backbones_and_head_see() -> anyhow::Result<()> {
        let options = parsed(&["--recipe", "hardened", "--unfreeze", "mobilenet-v2", "--erase", "0.1"])?;
        let hardening = Hardening { erase: 0.1, ..Hardening::default() };
        let unfreeze: Unfreeze = "mobilenet-v2".parse()?;
        let expected = BackboneRecipe { unfreeze, hardening, ..BackboneRecipe::default() };
        assert_eq!(options.backbone_recipe, Some(expected));
        assert!(options.fine_tune.is_none());
        let views = options.source.views;
        assert_eq!((views.hardening, views.count), (Some(hardening), 3));
        assert_eq!(options.source.choose_on, ChooseOn::Drawn);
        Ok(())
    }

    #[test]
    fn options_without_an_effect_are_refused() {
        let refused = |more: &[&str]| parsed(more).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused(&["--sizes", "1x64"]).contains("--recipe hardened"));
        assert!(refused(&["--erase", "0.1"]).contains("add --draws or --recipe hardened"));
        let hardened = ["--recipe", "hardened"];
        assert!(refused(&[&hardened[..], &["--augment", "robust"]].concat()).contains("leave --augment out"));
        let epochs = ["--unfreeze", "all", "--fine-tune-epochs", "2"];
        assert!(refused(&[&hardened[..], &epochs].concat()).contains("use --sizes"));
    }

    #[test]
    fn a_processor_keeps_backbones_frozen_unless_it_is_told() -> anyhow::Result<()> {
        let cpu = choose(DeviceChoice::Cpu)?;
        let gpu = ChosenDevice { name: "cuda", ..cpu.clone() };
        let chosen = |device: &ChosenDevice, more: &[&str]| -> anyhow::Result<Recipe> {
            let line = ["fit", "--data", "d", "--out", "r"];
            Ok(recipe(&Line::try_parse_from(line.iter().chain(more))?.fit, device))
        };
        assert_eq!(chosen(&cpu, &[])?, Recipe::Robust);
        assert_eq!(chosen(&gpu, &[])?, Recipe::Hardened);
        assert_eq!(chosen(&ChosenDevice { software: true, ..gpu.clone() }, &[])?, Recipe::Robust);
        for more in [&["--draws"][..], &["--unfreeze", "all"], &["--shards", "s"], &["--recipe", "robust"]] {
            assert_eq!(chosen(&gpu, more)?, Recipe::Robust, "{more:?}");
        }
        Ok(())
    }
}
