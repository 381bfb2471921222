//! `gate`: measures how often the quality gate of a model refuses pictures, by kind.

mod pictures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use xray_core::package::Contract;
use xray_core::preprocess::at_input_size;
use xray_core::screening::{ScreenImageError, Screener};
use xray_intake::{self as intake, Radiograph};

use self::pictures::{DrawnPicture, PictureChange};
use crate::data::augment::view_rng;
use crate::data::{Item, Split};
use crate::decoding;
use crate::evaluation::{ExpectedOutcome, ImageSet, QualityGateRow, QualityGateTable};
use crate::metrics::wilson;
use crate::pipeline::{Event, class_names, load_screener};

/// What a quality gate is measured on.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityGateOptions {
    /// The X-rays.
    pub set: ImageSet,
    /// A folder of more chest X-rays; each folder in it is a row.
    pub x_rays: Option<PathBuf>,
    /// A folder of pictures that are no chest X-rays; each folder in it is a row.
    pub others: Option<PathBuf>,
    /// Number of X-rays for each change, and of drawn pictures for each kind; all unchanged X-rays are used.
    pub count: usize,
}

impl QualityGateOptions {
    /// Default number of pictures of each kind.
    pub const COUNT: usize = 100;
}

/// Measures the quality gate of a model.
///
/// # Errors
/// If the model cannot be loaded or fails, a folder is not there, or a picture cannot be made.
pub fn measure_quality_gate(
    model: &Path,
    options: &QualityGateOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<QualityGateTable> {
    let screener = load_screener(model, observe)?;
    let items = items(options, screener.contract())?;
    let listed = |folder: &Option<PathBuf>| folder.as_deref().map_or_else(|| Ok(Vec::new()), folders);
    let (x_rays, others) = (listed(&options.x_rays)?, listed(&options.others)?);
    let some = evenly(&items, options.count);
    let (drawn, tolerated) = (DrawnPicture::all(), PictureChange::tolerated());
    let total = items.len()
        + some.len() * (tolerated.len() + PictureChange::REFUSED.len() - 1)
        + options.count * drawn.len()
        + x_rays.iter().map(|(_, files)| files.len()).sum::<usize>()
        + others.iter().map(|(_, files)| 2 * files.len()).sum::<usize>();
    let mut measurement = Measurement { screener: &screener, done: 0, total, rows: Vec::new(), observe };

    for change in tolerated {
        let items = if change == PictureChange::None { &items.iter().collect() } else { &some };
        measurement.x_rays(change, ExpectedOutcome::Accepted, items)?;
    }
    for (name, files) in &x_rays {
        measurement.files("X-ray", name, ExpectedOutcome::Accepted, files)?;
    }
    for change in PictureChange::REFUSED {
        measurement.x_rays(change, ExpectedOutcome::Refused, &some)?;
    }
    for kind in drawn {
        measurement.drawn(kind, options.count)?;
    }
    for (name, files) in &others {
        measurement.files("other", name, ExpectedOutcome::Refused, files)?;
        measurement.without_colours(name, files)?;
    }
    let rows = measurement.rows;
    Ok(QualityGateTable {
        model: screener.model_sha256().to_owned(),
        images: match (options.set.has_splits(), options.set.split) {
            (false, split) => format!("the folder {}", split.name()),
            (true, Split::Val) => "validation".to_owned(),
            (true, split) => split.name().to_owned(),
        },
        fitted: screener.contract().quality_gate.is_some(),
        rows,
    })
}

/// The X-rays that are changed.
fn items(options: &QualityGateOptions, contract: &Contract) -> anyhow::Result<Vec<Item>> {
    let classes = options.set.classes.clone().unwrap_or_else(|| class_names(contract));
    let items = options.set.items(&classes)?;
    ensure!(!items.is_empty(), "{}: it holds no images", options.set.folders());
    Ok(items)
}

/// The folders below a folder, sorted, each with the pictures in it; the folder itself is one if pictures lie in it.
fn folders(root: &Path) -> anyhow::Result<Vec<(String, Vec<PathBuf>)>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in intake::list_images(root)? {
        let folder = file.parent().and_then(|folder| folder.strip_prefix(root).ok());
        let name = folder.map_or_else(String::new, |folder| folder.display().to_string());
        found.entry(if name.is_empty() { "pictures".to_owned() } else { name }).or_default().push(file);
    }
    Ok(found.into_iter().collect())
}

/// `count` of the items, evenly spread.
fn evenly(items: &[Item], count: usize) -> Vec<&Item> {
    let count = count.min(items.len());
    (0..count).filter_map(|at| items.get(at * items.len() / count)).collect()
}

struct Measurement<'a> {
    screener: &'a Screener,
    done: usize,
    total: usize,
    rows: Vec<QualityGateRow>,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl Measurement<'_> {
    fn x_rays(
        &mut self,
        change: PictureChange,
        expected: ExpectedOutcome,
        items: &[&Item],
    ) -> anyhow::Result<()> {
        let contract = &self.screener.contract().preprocessing;
        let name = change.name();
        let make = |item: &&Item| -> anyhow::Result<Radiograph> {
            let image = decoding::read_file(&item.path)?;
            if change == PictureChange::None {
                return Ok(image);
            }
            let mut rng = rng_of(&name, &item.sha256);
            Ok(change.apply(&at_input_size(&image, contract)?, &item.sha256, &mut rng)?)
        };
        self.row("X-ray", name.clone(), expected, items, make)
    }

    fn drawn(&mut self, kind: DrawnPicture, count: usize) -> anyhow::Result<()> {
        let size = self.screener.contract().preprocessing.size;
        let numbers: Vec<u64> = (0..count as u64).collect();
        let name = kind.name();
        let make = |number: &u64| -> anyhow::Result<Radiograph> {
            Ok(kind.draw(size, *number, &mut rng_of(&name, &number.to_string()))?)
        };
        self.row("drawn", name.clone(), ExpectedOutcome::Refused, &numbers, make)
    }

    fn files(
        &mut self,
        group: &'static str,
        name: &str,
        expected: ExpectedOutcome,
        files: &[PathBuf],
    ) -> anyhow::Result<()> {
        self.row(group, name.to_owned(), expected, files, |file| Ok(decoding::read_file(file)?))
    }

    fn without_colours(&mut self, name: &str, files: &[PathBuf]) -> anyhow::Result<()> {
        let grey = |file: &PathBuf| {
            let image = decoding::read_file(file)?;
            let levels = image.pixels().grey();
            Ok(image.with_levels(|at| levels[at]))
        };
        self.row("other", format!("{name}, in grey"), ExpectedOutcome::Refused, files, grey)
    }

    fn row<T: Sync>(
        &mut self,
        group: &'static str,
        kind: String,
        expected: ExpectedOutcome,
        pictures: &[T],
        make: impl Fn(&T) -> anyhow::Result<Radiograph> + Sync,
    ) -> anyhow::Result<()> {
        let mut row = QualityGateRow {
            group,
            kind,
            expected,
            n: 0,
            refused: 0,
            interval: None,
            reasons: BTreeMap::new(),
        };
        for chunk in pictures.chunks(16) {
            let outcomes: Vec<_> = chunk
                .par_iter()
                .map(|picture| anyhow::Ok(self.screener.screen_image(&make(picture)?)))
                .collect::<Result<_, _>>()
                .with_context(|| format!("a picture of the kind `{}`", row.kind))?;
            for outcome in outcomes {
                row.n += 1;
                match outcome {
                    Ok(_) => {}
                    Err(ScreenImageError::Refused(rejection)) => {
                        row.refused += 1;
                        rejection
                            .reasons()
                            .for_each(|reason| *row.reasons.entry(reason.code()).or_default() += 1);
                    }
                    Err(other) => return Err(other.into()),
                }
            }
            self.done += chunk.len();
            (self.observe)(Event::Evaluated { done: self.done, total: self.total });
        }
        row.interval = wilson(row.refused, row.n);
        self.rows.push(row);
        Ok(())
    }
}

fn rng_of(kind: &str, identity: &str) -> ChaCha8Rng {
    view_rng(0, &format!("gate {kind} {identity}"), 0)
}
