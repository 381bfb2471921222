//! How often a gate is right, kind by kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;
use xray_core::intake::{self, Radiograph};
use xray_core::package::Contract;
use xray_core::preprocess::at_input_size;
use xray_core::screening::{Screener, Unjudged};

use super::super::evaluate::{classes_of, load};
use super::super::{Event, JudgedSet};
use super::pictures::{Change, Drawn};
use crate::data::augment::view_rng;
use crate::data::{Item, Split};
use crate::metrics::{Interval, wilson};

/// What a gate is measured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureOptions {
    /// The X-rays.
    pub set: JudgedSet,
    /// A folder of more chest X-rays; each folder in it is a row.
    pub x_rays: Option<PathBuf>,
    /// A folder of pictures that are no chest X-rays; each folder in it is a row.
    pub others: Option<PathBuf>,
    /// X-rays of each change, and drawn pictures of each kind; of X-rays as they are all are taken.
    pub count: usize,
}

impl MeasureOptions {
    /// Pictures of each kind where nothing else is said.
    pub const COUNT: usize = 100;
}

/// What should become of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// They are X-rays that a model may judge.
    Accepted,
    /// They are not.
    Refused,
}

/// What became of one kind of picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateRow {
    /// Where the pictures are from.
    pub group: &'static str,
    /// What they are.
    pub kind: String,
    /// What should become of them.
    pub wanted: Wanted,
    /// How many there were.
    pub n: u64,
    /// How many were refused.
    pub refused: u64,
    /// The 95% interval of that rate.
    pub interval: Option<Interval>,
    /// How many were refused for what; a picture can have several reasons.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// What became of all kinds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateTable {
    /// SHA-256 of the model file (hex).
    pub model: String,
    /// Which X-rays were taken.
    pub images: String,
    /// Whether the model knows X-rays; else it looked at pictures only.
    pub fitted: bool,
    /// One row a kind.
    pub rows: Vec<GateRow>,
}

/// Measures the gate of a model.
///
/// # Errors
/// If the model cannot be loaded or fails, a folder is not there, or a picture cannot be made.
pub fn measure_gate(
    model: &Path,
    options: &MeasureOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<GateTable> {
    let screener = load(model, observe)?;
    let items = items(options, screener.contract())?;
    let listed = |folder: &Option<PathBuf>| folder.as_deref().map_or_else(|| Ok(Vec::new()), folders);
    let (x_rays, others) = (listed(&options.x_rays)?, listed(&options.others)?);
    let some = evenly(&items, options.count);
    let (drawn, borne) = (Drawn::all(), Change::borne());
    let total = items.len()
        + some.len() * (borne.len() + Change::REFUSED.len() - 1)
        + options.count * drawn.len()
        + x_rays.iter().map(|(_, files)| files.len()).sum::<usize>()
        + others.iter().map(|(_, files)| 2 * files.len()).sum::<usize>();
    let mut bench = Bench { screener: &screener, done: 0, total, rows: Vec::new(), observe };

    for change in borne {
        let items = if change == Change::None { &items.iter().collect() } else { &some };
        bench.x_rays(change, Wanted::Accepted, items)?;
    }
    for (name, files) in &x_rays {
        bench.files("X-ray", name, Wanted::Accepted, files)?;
    }
    for change in Change::REFUSED {
        bench.x_rays(change, Wanted::Refused, &some)?;
    }
    for kind in drawn {
        bench.drawn(kind, options.count)?;
    }
    for (name, files) in &others {
        bench.files("other", name, Wanted::Refused, files)?;
        bench.without_colours(name, files)?;
    }
    let rows = bench.rows;
    Ok(GateTable {
        model: screener.model_sha256().to_owned(),
        images: match (&options.set.splits, options.set.split) {
            (None, split) => format!("the folder {}", split.name()),
            (Some(_), Split::Val) => "validation".to_owned(),
            (Some(_), split) => split.name().to_owned(),
        },
        fitted: screener.contract().gate.is_some(),
        rows,
    })
}

/// The X-rays that changes are made of.
fn items(options: &MeasureOptions, contract: &Contract) -> anyhow::Result<Vec<Item>> {
    let classes = options.set.classes.clone().unwrap_or_else(|| classes_of(contract));
    let items = options.set.items(&classes)?;
    ensure!(!items.is_empty(), "{}: it holds no images", options.set.data.display());
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

struct Bench<'a> {
    screener: &'a Screener,
    done: usize,
    total: usize,
    rows: Vec<GateRow>,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl Bench<'_> {
    fn x_rays(&mut self, change: Change, wanted: Wanted, items: &[&Item]) -> anyhow::Result<()> {
        let contract = &self.screener.contract().preprocessing;
        let name = change.name();
        let make = |item: &&Item| -> anyhow::Result<Radiograph> {
            let image = intake::read_file(&item.path)?;
            if change == Change::None {
                return Ok(image);
            }
            let mut rng = rng_of(&name, &item.sha256);
            Ok(change.apply(&at_input_size(&image, contract)?, &item.sha256, &mut rng)?)
        };
        self.row("X-ray", name.clone(), wanted, items, make)
    }

    fn drawn(&mut self, kind: Drawn, count: usize) -> anyhow::Result<()> {
        let size = self.screener.contract().preprocessing.size;
        let numbers: Vec<u64> = (0..count as u64).collect();
        let name = kind.name();
        let make = |number: &u64| -> anyhow::Result<Radiograph> {
            Ok(kind.draw(size, *number, &mut rng_of(&name, &number.to_string()))?)
        };
        self.row("drawn", name.clone(), Wanted::Refused, &numbers, make)
    }

    fn files(
        &mut self,
        group: &'static str,
        name: &str,
        wanted: Wanted,
        files: &[PathBuf],
    ) -> anyhow::Result<()> {
        self.row(group, name.to_owned(), wanted, files, |file| Ok(intake::read_file(file)?))
    }

    fn without_colours(&mut self, name: &str, files: &[PathBuf]) -> anyhow::Result<()> {
        let grey = |file: &PathBuf| {
            let image = intake::read_file(file)?;
            let levels = image.pixels().grey();
            Ok(image.redrawn(|at| levels[at]))
        };
        self.row("other", format!("{name}, in grey"), Wanted::Refused, files, grey)
    }

    fn row<T: Sync>(
        &mut self,
        group: &'static str,
        kind: String,
        wanted: Wanted,
        pictures: &[T],
        make: impl Fn(&T) -> anyhow::Result<Radiograph> + Sync,
    ) -> anyhow::Result<()> {
        let mut row =
            GateRow { group, kind, wanted, n: 0, refused: 0, interval: None, reasons: BTreeMap::new() };
        for chunk in pictures.chunks(16) {
            let judged: Vec<_> = chunk
                .par_iter()
                .map(|picture| anyhow::Ok(self.screener.judge(&make(picture)?)))
                .collect::<Result<_, _>>()
                .with_context(|| format!("a picture of the kind `{}`", row.kind))?;
            for verdict in judged {
                row.n += 1;
                match verdict {
                    Ok(_) => {}
                    Err(Unjudged::Refused(rejection)) => {
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
