//! What a fit would train on, or a recipe is tried on, to be looked at.

use std::path::PathBuf;

use anyhow::ensure;
use image::GrayImage;
use sha2::{Digest, Sha256};
use xray_core::intake::{self, Radiograph};
use xray_core::preprocess::{Intensity, Preprocessing, Scaling, at_input_size, prepare};

use super::Event;
use crate::data::augment::{Augmentation, view_rng};
use crate::data::corrupt::Corruption;
use crate::data::{ClassNames, DataSet, Item};
use crate::sheet::{Tile, contact_sheet};

/// Pictures in a row.
const COLUMNS: u32 = 5;

/// What is done to the images of a preview.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Training images are shown as augmentation varies them.
    Augment(Augmentation),
    /// Validation images are shown as if another hospital had taken them.
    Corrupt(Corruption),
}

/// What a preview is asked to show.
#[derive(Debug, Clone)]
pub struct PreviewOptions {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders.
    pub classes: ClassNames,
    /// A file that says which image is on which side.
    pub splits: Option<PathBuf>,
    /// Which images are shown, and what is done to them.
    pub change: Change,
    /// What is done to their grey levels.
    pub intensity: Intensity,
    /// Seeds the choice of images and their changes.
    pub seed: u64,
    /// Images to show.
    pub count: usize,
}

/// A contact sheet of images, both classes in turn, changed and normalised as a net would get them.
///
/// # Errors
/// What goes wrong with the data. Images that cannot be read are warned of and others take their place.
pub fn preview(options: &PreviewOptions, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<GrayImage> {
    let data = DataSet::load(&options.data, &options.classes, options.splits.as_deref(), options.seed)?;
    let contract = Preprocessing { intensity: options.intensity, ..Preprocessing::new(Scaling::Unit) };
    let mut tiles = Vec::new();
    let items = match options.change {
        Change::Augment(_) => &data.train,
        Change::Corrupt(_) => &data.validation,
    };
    for item in in_turn(items, options.seed) {
        if tiles.len() == options.count {
            break;
        }
        match shown(item, options, &contract) {
            Ok(image) => tiles.push(Tile {
                image,
                label: options.classes.name(item.label).to_owned(),
                note: name(item).to_owned(),
            }),
            Err(reason) => observe(Event::Warning(&format!("left out: {}: {reason}", item.path.display()))),
        }
    }
    ensure!(!tiles.is_empty(), "{}: no image could be read", options.data.display());
    Ok(contact_sheet(&tiles, COLUMNS))
}

/// The images in the order of a hash of seed and content, the two classes in turn.
fn in_turn(items: &[Item], seed: u64) -> Vec<&Item> {
    let of = |label| {
        let mut side: Vec<&Item> = items.iter().filter(|item| item.label == label).collect();
        side.sort_by_cached_key(|item| -> [u8; 32] {
            Sha256::new().chain_update(seed.to_le_bytes()).chain_update(&item.sha256).finalize().into()
        });
        side.into_iter().enumerate()
    };
    let mut all: Vec<(usize, &Item)> = of(false).chain(of(true)).collect();
    all.sort_by_key(|(place, item)| (*place, item.label));
    all.into_iter().map(|(_, item)| item).collect()
}

fn shown(item: &Item, options: &PreviewOptions, contract: &Preprocessing) -> anyhow::Result<Radiograph> {
    let image = at_input_size(&intake::read_file(&item.path).map_err(|error| error.problem)?, contract)?;
    let changed = match options.change {
        Change::Augment(augmentation) => {
            augmentation.draw(&mut view_rng(options.seed, &item.sha256, 0)).apply(&image)
        }
        Change::Corrupt(corruption) => corruption.apply(&image, &mut corruption.rng(&item.sha256))?,
    };
    let tensor = prepare(&changed, contract)?;
    Ok(changed.redrawn(|at| (tensor.as_slice()[at] * 255.0).round() as u8))
}

/// The file's name without its extension.
fn name(item: &Item) -> &str {
    let file = item.relative.rsplit('/').next().unwrap_or(&item.relative);
    file.rsplit_once('.').map_or(file, |(name, _)| name)
}
