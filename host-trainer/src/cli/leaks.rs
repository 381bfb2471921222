//! `host-trainer leaks`.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use super::args::{TableArgs, cache_folder};
use crate::data::leaks::{DuplicatePair, LeakedImage, Leaks, NEAR, find};
use crate::data::{ClassNames, DataNote, DataSet, DataSource, SourceSplits};

/// Arguments of `leaks`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer leaks --data chest_xray
  host-trainer leaks --data chest_xray --splits splits.csv --strict
  host-trainer leaks --data clinic --json > leaks.json
  host-trainer leaks --data images --table Data_Entry_2017.csv --table-preset nih

The data set is split as `fit` splits it with the same options. What a folder or table holds beside good images is said in a
line each: links, clutter, other classes, images in both classes, blank ones, and what tells the classes but the pictures.
Exit status: 0 without leaks or without --strict; 1 with --strict if there is a leak or an image in both classes.")]
pub struct LeaksArgs {
    /// Folder with the class folders, found recursively; several hospitals are given by several --data NAME=DIR
    #[arg(long, value_name = "[NAME=]DIR", required = true)]
    data: Vec<DataSource>,
    /// CSV file with the columns path,role,patient that says which image is in which split; of several hospitals NAME=FILE
    #[arg(long, value_name = "[NAME=]FILE")]
    splits: Vec<SourceSplits>,
    #[command(flatten)]
    table: TableArgs,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Seeds the split if there is no splits file
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Folder of the cache, which also holds hashes of images [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Fail if there is a leak or an image in both classes
    #[arg(long)]
    strict: bool,
    /// Print the leaks as one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: LeaksArgs) -> anyhow::Result<()> {
    let sources = args.table.of_sources(DataSource::join(args.data, args.splits, Vec::new())?)?;
    let data = DataSet::load_sources(&sources, &args.classes, args.seed)?;
    let mut leaks = find(&data, &args.classes, &cache_folder(args.cache)?)?;
    leaks.notes = data.notes.iter().cloned().chain(leaks.notes).collect();
    if args.json {
        println!("{}", serde_json::to_string(&leaks)?);
    } else {
        let [train, validation, test] = [&data.train, &data.validation, &data.test].map(|side| side.len());
        println!("images      train {train}, validation {validation}, test {test}");
        print!("{}", render(&leaks));
    }
    let counts = leaks.counts();
    ensure!(
        !(args.strict && counts.any()),
        "{} pair(s) of near-duplicates and {} patient(s) are in two splits; put them into one with a splits file",
        counts.pairs,
        counts.patients
    );
    ensure!(
        !args.strict || leaks.contradictions.is_empty(),
        "{} pair(s) of images are one image in both classes; remove the wrong ones",
        leaks.contradictions.len()
    );
    Ok(())
}

fn render(leaks: &Leaks) -> String {
    let counts = leaks.counts();
    let mut lines = vec![format!(
        "pairs       {} near-duplicates in two splits, {} in one (at most {NEAR} of 256 bits differ)",
        counts.pairs, leaks.within
    )];
    let describe =
        |image: &LeakedImage| format!("{} {} (patient {})", image.role.name(), image.path, image.patient);
    for pair in &leaks.pairs {
        let mirrored = if pair.mirrored { ", mirrored" } else { "" };
        let (first, second) = (describe(&pair.first), describe(&pair.second));
        lines.push(format!("  {:>3} bits{mirrored}: {first} and {second}", pair.distance));
    }
    if !leaks.contradictions.is_empty() {
        lines.push(format!("classes     {} images are in both", leaks.contradictions.len()));
    }
    for DuplicatePair { distance, first, second, .. } in &leaks.contradictions {
        lines.push(format!("  {distance:>3} bits: {} and {}", describe(first), describe(second)));
    }
    lines.push(format!("patients    {} in two splits", counts.patients));
    for shared in leaks.patients.iter().filter(|shared| shared.certain) {
        let sides: Vec<String> =
            shared.images.iter().map(|(role, count)| format!("{} {count}", role.name())).collect();
        lines.push(format!("  {}: {}", shared.patient, sides.join(", ")));
    }
    let alike = leaks.patients.len() - counts.patients;
    if alike > 0 {
        lines.push(format!(
            "            {alike} numbers of patients occur in test and elsewhere; the public set numbers test anew, so \
             that alone is no leak"
        ));
    }
    if !leaks.unreadable.is_empty() {
        lines.push(format!("unreadable  {} images were not compared", leaks.unreadable.len()));
        lines.extend(leaks.unreadable.iter().map(|path| format!("  {path}")));
    }
    lines.extend(leaks.notes.iter().map(|note: &DataNote| format!("note        {note}")));
    lines.join("\n") + "\n"
}
