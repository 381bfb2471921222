//! `host-trainer demo`.

use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use xray_core::screening::{ReportFormat, Screener, screen_paths_with, write_rows};

use super::progress::Reporter;
use super::{evaluate, summary};
use crate::commands::demo::Demo;
use crate::decoding;
use crate::device::{DeviceChoice, choose};

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  host-trainer demo --out runs/demo

The demo shows that the program works, nothing about medicine: phantoms are drawn, and the backbones are random.")]
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
    let demo = Demo::new(args.out, args.seed);
    println!("The phantoms show that the program works: no figure below says anything about patients.\n");

    heading("1. Drawing phantoms");
    demo.draw()?;

    heading("2. Training a classifier head on random backbones");
    let device = choose(args.device)?;
    let mut reporter = Reporter::new(false);
    reporter.device(&device);
    let record = demo.fit(&device, &mut |event| reporter.show(event))?;
    println!("{}", summary::render(&record));

    heading("3. Exporting the stacked model in int8");
    let exported = demo.export(&device, &mut |event| reporter.show(event))?;
    println!("{:.1} MB, sha256 {}", exported.bytes as f64 / 1e6, exported.sha256);

    heading("4. Evaluating the exported file on test phantoms");
    let (evaluation, details) = demo.evaluate(&mut |event| reporter.show(event))?;
    print!("{}", evaluate::render(&evaluation, &details));

    heading("5. Screening as the device does");
    let screener = Screener::load(&demo.model())?;
    let items = demo.test_sample()?;
    let screen_one = |file: &Path| screener.screen_decoded(file, decoding::image_to_screen);
    let items = screen_paths_with(&items, screen_one);
    write_rows(&screener, items, ReportFormat::Text { header: true }, &mut stdout().lock(), |_| {})
        .context("the rows could not be written to standard output")?;

    println!("\nDone in {:.0} s. Files:", start.elapsed().as_secs_f64());
    for (what, path) in [("phantoms", demo.phantoms()), ("run", demo.run()), ("model", demo.model())] {
        println!("  {what:<10}{}", path.display());
    }
    println!(
        "\nNext: `edge-runtime screen --model {} {}`",
        demo.model().display(),
        demo.phantoms().join("test").display()
    );
    Ok(ExitCode::SUCCESS)
}

fn heading(text: &str) {
    println!("\n== {text}");
}
