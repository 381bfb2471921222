//! `host-trainer demo`.

use std::fs;
use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use xray_core::preprocess::{Preprocessing, Scaling};
use xray_core::screening::{ReportFormat, Screener, screen_paths, write_rows};

use super::progress::Reporter;
use super::{evaluate, summary};
use crate::backbones::BackboneKind;
use crate::data::augment::Preset;
use crate::data::phantom::{self, Counts};
use crate::data::{ClassNames, Split};
use crate::device::{DeviceChoice, choose};
use crate::features::Views;
use crate::head::TrainingConfig;
use crate::pipeline::{
    self, BackboneSource, DecisionRules, ExportJob, FeatureSource, FeaturesBy, FitOptions, GateWish, HeadOn,
    JudgedSet, Quantisation, RunImages,
};
use crate::run::ChooseOn;
use crate::stop::Stop;
use crate::weights::WeightStore;

/// Phantoms of each class that are trained on, and that are tested on.
const COUNTS: Counts = Counts { train: 70, test: 16 };

/// Random features tell less than trained ones, and there are few samples: larger steps than for X-rays.
const LEARNING_RATE: f64 = 1e-3;

/// Phantoms that the steps of the activations are chosen on.
const CALIBRATED: usize = 24;

/// Phantoms that are screened at the end.
const SCREENED: usize = 8;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  host-trainer demo --out runs/demo

Phantoms prove the road, not the medicine: they are drawn, and the backbones are random.")]
pub struct DemoArgs {
    /// Folder for the phantoms, the run and the model; an earlier demo there is replaced
    #[arg(long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Seeds the phantoms, the backbones and the head
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceChoice,
}

pub fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let (phantoms, fitted, model) =
        (args.out.join("phantoms"), args.out.join("run"), args.out.join("model.onnx"));
    println!("Phantoms prove the road, not the medicine: no figure below says anything about patients.\n");

    heading("1. Drawing phantoms");
    clear(&args.out, &phantoms)?;
    phantom::write_data_set(&phantoms, COUNTS, args.seed)?;

    heading("2. Fitting a head on random backbones");
    let device = choose(args.device)?;
    let mut reporter = Reporter::new(false);
    let options = options(&args, &phantoms, &fitted)?;
    let record = pipeline::fit(&options, &device, &mut |event| reporter.show(event))?;
    println!("{}", summary::render(&record));

    heading("3. Exporting the whole stack in int8");
    // Random backbones are drawn again from their seed: the store is never asked.
    let job = ExportJob {
        run: fitted.clone(),
        store: WeightStore::at(args.out.join("weights")),
        images: RunImages { data: phantoms.clone(), splits: None },
        cache: options.source.cache.clone(),
        gate: GateWish::WhereEnough,
        out: model.clone(),
    };
    let how = Quantisation {
        images: CALIBRATED,
        head_on: HeadOn::Int8,
        // One of a handful of phantoms called differently is more than any budget for X-rays allows.
        budget: None,
    };
    let mut show = |event: pipeline::Event<'_>| reporter.show(event);
    let exported = pipeline::export_quantised_run(&job, &how, &device, &mut show)?;
    println!("{:.1} MB, sha256 {}", exported.bytes as f64 / 1e6, exported.sha256);

    heading("4. Evaluating the exported file on phantoms that were held back");
    let set = JudgedSet { data: phantoms.clone(), classes: None, split: Split::Test, splits: None };
    let judged = pipeline::evaluate(&model, &set, &mut |event| reporter.show(event))?;
    let detail = pipeline::Detail::new(&judged, &pipeline::DetailOptions::default())?;
    print!("{}", evaluate::render(&judged, &detail));

    heading("5. Screening as the device does");
    let screener = Screener::load(&model)?;
    let shown = sample(&phantoms)?;
    let items = screen_paths(&screener, &shown);
    write_rows(&screener, items, ReportFormat::Text { header: true }, &mut stdout().lock(), |_| {})
        .context("the rows could not be written to standard output")?;

    println!("\nDone in {:.0} s. What lies where:", start.elapsed().as_secs_f64());
    for (what, path) in [("phantoms", &phantoms), ("run", &fitted), ("model", &model)] {
        println!("  {what:<10}{}", path.display());
    }
    println!("\nNext: `edge-runtime screen --model {} {}`", model.display(), phantoms.join("test").display());
    Ok(ExitCode::SUCCESS)
}

fn heading(text: &str) {
    println!("\n== {text}");
}

/// Removes the phantoms of an earlier demo. The mark is made before the first phantom is drawn, so a folder
/// without it is somebody else's and is left alone.
fn clear(out: &Path, phantoms: &Path) -> anyhow::Result<()> {
    let mark = out.join("made-by-host-trainer-demo");
    if phantoms.exists() {
        ensure!(
            mark.exists(),
            "{} was not made by the demo; name another folder with --out",
            phantoms.display()
        );
        fs::remove_dir_all(phantoms)
            .with_context(|| format!("{}: could not be removed", phantoms.display()))?;
    }
    fs::create_dir_all(out)
        .and_then(|()| fs::write(&mark, ""))
        .with_context(|| format!("{}: could not be written; name another folder with --out", out.display()))
}

fn options(args: &DemoArgs, phantoms: &Path, fitted: &Path) -> anyhow::Result<FitOptions> {
    Ok(FitOptions {
        source: FeatureSource {
            data: phantoms.to_owned(),
            classes: ClassNames::default(),
            splits: None,
            backbones: BackboneSource::Random { kinds: BackboneKind::STACK.to_vec(), seed: args.seed },
            by: FeaturesBy::Auto,
            calibration_images: CALIBRATED,
            preprocessing: Preprocessing::new(Scaling::Imagenet),
            views: Views::new(Preset::Article),
            corruptions: 0,
            choose_on: ChooseOn::Clean,
            cache: args.out.join("cache"),
        },
        shards: None,
        training: TrainingConfig {
            seed: args.seed,
            learning_rate: LEARNING_RATE,
            ..TrainingConfig::default()
        },
        fine_tune: None,
        decision: DecisionRules::default(),
        strict: false,
        out: fitted.to_owned(),
        resume: false,
        stop: Stop::default(),
        command: None,
    })
}

/// Test phantoms of both classes, as many of each.
fn sample(phantoms: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut chosen = Vec::new();
    for class in ["NORMAL", "PNEUMONIA"] {
        let files = xray_intake::list_images(&phantoms.join("test").join(class))?;
        chosen.extend(files.into_iter().take(SCREENED / 2));
    }
    Ok(chosen)
}
