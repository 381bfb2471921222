//! `host-trainer list`.

use std::io::stdout;

use anyhow::Context;
use clap::Args;

use super::args::TableArgs;
use crate::commands::list::list_images;
use crate::data::dicom_facts::DicomGroup;
use crate::data::{ClassNames, DataSet, DataSource, SourceSplits};

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer list --data chest_xray > splits.csv
  host-trainer list --data clinic --group age > ages.csv
  host-trainer evaluate --model models/first.onnx --data clinic --subgroups ages.csv

The CSV has the columns path,role,patient,label,group,view,sex,age,study_year,sha256: it is a file for --splits and for
--subgroups. What stands in view, sex, age and study_year is from DICOM files. A patient whom a DICOM file names is a part of a
SHA-256 there, no name and no number.")]
pub struct ListArgs {
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
    /// What DICOM files say that makes the groups
    #[arg(long, value_enum, value_name = "FACT")]
    group: Option<DicomGroup>,
}

pub fn run(args: ListArgs) -> anyhow::Result<()> {
    let sources = args.table.of_sources(DataSource::join(args.data, args.splits, Vec::new())?)?;
    let data = DataSet::load_sources(&sources, &args.classes, args.seed)?;
    for note in &data.notes {
        eprintln!("warning: {note}");
    }
    let mut writer = csv::Writer::from_writer(stdout().lock());
    for image in list_images(&data, &args.classes, args.group)? {
        writer.serialize(image).context("the list could not be written to standard output")?;
    }
    writer.flush().context("the list could not be written to standard output")
}
