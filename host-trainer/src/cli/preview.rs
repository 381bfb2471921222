//! `host-trainer preview`.

use std::io::Cursor;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use image::ImageFormat;
use xray_core::files::{PUBLIC, write_atomic};
use xray_core::preprocess::Intensity;

use super::args::AugmentArgs;
use super::progress::Reporter;
use crate::commands::preview::{PreviewOptions, PreviewedChange, preview};
use crate::data::ClassNames;
use crate::data::augment::Preset;
use crate::data::corrupt::{Corruption, Kind};

fn corruption_help() -> String {
    let kinds = Kind::ALL.map(Kind::name).join(", ");
    format!(
        "Show validation images with this change of the corruption suite instead: {kinds}, with -1 (mild), -2 or -3"
    )
}

/// Arguments of `preview`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer preview --data chest_xray --out sheet.png
  host-trainer preview --data chest_xray --out plain.png --augment none
  host-trainer preview --data chest_xray --out turned.png --augment none --rotation 20 --intensity clahe
  host-trainer preview --data chest_xray --out noisy.png --corrupt noise-3

The same seed shows the same images, so that two sheets can be compared. The sheet shows X-rays of patients if the data
does: store it as confidentially.")]
pub struct PreviewArgs {
    /// Folder with the class folders, found recursively
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The contact sheet to write (PNG); an existing file is replaced
    #[arg(long, value_name = "FILE.png")]
    out: PathBuf,
    /// CSV file with the columns path,role,patient that says which image is in which split
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Number of images
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=200))]
    count: u16,
    /// Seeds the choice of images and their changes
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Normalisation of the grey levels after the changes: `none`, `histogram`, `clahe` or `clahe:CLIP,TILES`
    #[arg(long, value_name = "RULE", default_value = "none")]
    intensity: Intensity,
    #[arg(long, value_name = "KIND-SEVERITY", help = corruption_help(), conflicts_with = "AugmentArgs")]
    corrupt: Option<Corruption>,
    /// `robust` unless a preset is named
    #[command(flatten)]
    augment: AugmentArgs,
}

pub fn run(args: PreviewArgs) -> anyhow::Result<()> {
    let mut reporter = Reporter::new(false);
    let options = PreviewOptions {
        change: match args.corrupt {
            Some(corruption) => PreviewedChange::Corrupt(corruption),
            None => PreviewedChange::Augment(args.augment.augmentation(Preset::Robust)?),
        },
        data: args.data,
        classes: args.classes,
        splits: args.splits,
        intensity: args.intensity,
        seed: args.seed,
        count: usize::from(args.count),
    };
    let sheet = preview(&options, &mut |event| reporter.show(event))?;
    let mut bytes = Cursor::new(Vec::new());
    sheet
        .write_to(&mut bytes, ImageFormat::Png)
        .and_then(|()| Ok(write_atomic(&args.out, bytes.get_ref(), PUBLIC)?))
        .with_context(|| format!("{}: the sheet could not be written", args.out.display()))?;
    println!("{} × {} pixels in {}", sheet.width(), sheet.height(), args.out.display());
    Ok(())
}
