//! `host-trainer leaks`.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use super::args::cache_folder;
use crate::data::leaks::{LeakedImage, Leaks, NEAR, find};
use crate::data::{ClassNames, DataSet};

/// Arguments of `leaks`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer leaks --data chest_xray
  host-trainer leaks --data chest_xray --splits splits.csv --strict
  host-trainer leaks --data clinic --json > leaks.json

The data set is split as `fit` splits it with the same --splits and --seed. Exit status: 0 without leaks or without
--strict; 1 with --strict if there is a leak.")]
pub struct LeaksArgs {
    /// Folder with the class folders, found recursively
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// CSV file with the columns path,role,patient that says which image is in which split
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Seeds the split if there is no splits file
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Folder of the cache, which also holds hashes of images [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Fail if there is a leak
    #[arg(long)]
    strict: bool,
    /// Print the leaks as one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: LeaksArgs) -> anyhow::Result<()> {
    let data = DataSet::load(&args.data, &args.classes, args.splits.as_deref(), args.seed)?;
    let leaks = find(&data, &cache_folder(args.cache)?)?;
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
    lines.join("\n") + "\n"
}
