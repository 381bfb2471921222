//! `host-trainer runs`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use crate::run::{RunDir, RunRecord};

/// Arguments of `runs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer runs runs
  host-trainer runs runs/first runs/second --json

The figures are of the validation images of each run; runs whose data fingerprints differ were not judged by the
same images.")]
pub struct RunsArgs {
    /// Runs, or folders with runs in them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// One JSON object a run, as its run.json has it, with the folder
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    folder: String,
    #[serde(flatten)]
    record: RunRecord,
}

pub fn run(args: RunsArgs) -> anyhow::Result<()> {
    let mut listed = Vec::new();
    for folder in &args.folders {
        for run in runs_below(folder)? {
            let (record, _) = RunDir::new(&run).read()?;
            listed.push(Listed { folder: run.display().to_string(), record });
        }
    }
    if listed.is_empty() {
        bail!("there is no finished run in the folders that were named; make one with `host-trainer fit`");
    }
    if args.json {
        for run in &listed {
            println!("{}", serde_json::to_string(run)?);
        }
    } else {
        print!("{}", table(&listed));
    }
    Ok(())
}

/// The folder itself if it is a run, else the runs directly in it, by name.
fn runs_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if RunDir::new(folder).is_finished() {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be listed; name a run or a folder of runs", folder.display()))?;
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if RunDir::new(&path).is_finished() {
            runs.push(path);
        }
    }
    runs.sort();
    Ok(runs)
}

fn table(runs: &[Listed]) -> String {
    const HEADINGS: [&str; 12] = [
        "run",
        "AUROC",
        "accuracy",
        "sens.",
        "spec.",
        "n",
        "threshold",
        "epoch",
        "seed",
        "data",
        "backbones",
        "preprocessing",
    ];
    let rows: Vec<[String; 12]> = runs.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADINGS[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |cells: [&str; 12]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(HEADINGS)).chain(body).collect()
}

fn row(run: &Listed) -> [String; 12] {
    let Listed { folder, record } = run;
    let figures = &record.validation;
    let rate = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let names: Vec<&str> = record.backbones.iter().map(|backbone| backbone.kind.name()).collect();
    [
        folder.clone(),
        rate(figures.auroc),
        rate(figures.accuracy.value),
        rate(figures.sensitivity.value),
        rate(figures.specificity.value),
        figures.confusion.total().to_string(),
        format!("{:.4}", record.threshold),
        format!("{}/{}", record.best_epoch, record.history.len()),
        record.training.seed.to_string(),
        record.data.fingerprint.chars().take(8).collect(),
        names.join("+") + if record.has_random_backbones() { " (random)" } else { "" },
        format!("{} {}", record.preprocessing.scaling.name(), record.preprocessing.intensity),
    ]
}
