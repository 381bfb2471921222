//! `host-trainer runs`.

use std::path::PathBuf;

use clap::Args;

use crate::commands::runs::{ListedRun, list_runs};

/// Arguments of `runs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer runs runs
  host-trainer runs runs/first runs/second --json

The figures are of the validation images of each run; runs whose data fingerprints differ were not evaluated on
the same images.")]
pub struct RunsArgs {
    /// Runs, or folders with runs in them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// One JSON object a run, as its run.json has it, with the folder
    #[arg(long)]
    json: bool,
}

pub fn run(args: RunsArgs) -> anyhow::Result<()> {
    let listed = list_runs(&args.folders)?;
    if args.json {
        for run in &listed {
            println!("{}", serde_json::to_string(run)?);
        }
    } else {
        print!("{}", table(&listed));
    }
    Ok(())
}

fn table(runs: &[ListedRun]) -> String {
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
    let lines = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(HEADINGS)).chain(lines).collect()
}

fn row(run: &ListedRun) -> [String; 12] {
    let ListedRun { folder, record } = run;
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
