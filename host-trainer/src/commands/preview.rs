//! `preview`: images as augmentation or the corruption suite changes them, on a contact sheet.

use std::path::PathBuf;

use anyhow::ensure;
use image::GrayImage;
use sha2::{Digest, Sha256};
use xray_core::preprocess::{Intensity, Preprocessing, Scaling, at_input_size, prepare};
use xray_intake::Radiograph;

use crate::contact_sheet::{Tile, contact_sheet};
use crate::data::augment::{Augmentation, view_rng};
use crate::data::corrupt::Corruption;
use crate::data::{ClassNames, DataSet, Item};
use crate::decoding;
use crate::pipeline::Event;

/// Pictures in a row.
const COLUMNS: u32 = 5;

/// Which change a preview shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PreviewedChange {
    /// Augmentation, on training images.
    Augment(Augmentation),
    /// A change of the corruption suite, on validation images.
    Corrupt(Corruption),
}

/// What a preview shows.
#[derive(Debug, Clone)]
pub struct PreviewOptions {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders.
    pub classes: ClassNames,
    /// A file that assigns images to splits.
    pub splits: Option<PathBuf>,
    pub change: PreviewedChange,
    pub intensity: Intensity,
    /// Seeds the choice of images and their changes.
    pub seed: u64,
    /// Number of images.
    pub count: usize,
}

/// A contact sheet of images, both classes alternating, changed and normalised as a backbone gets them.
///
/// # Errors
/// What goes wrong with the data. Images that cannot be read are reported and replaced by others.
pub fn preview(options: &PreviewOptions, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<GrayImage> {
    let data = DataSet::load(&options.data, &options.classes, options.splits.as_deref(), options.seed)?;
    let contract = Preprocessing { intensity: options.intensity, ..Preprocessing::new(Scaling::Unit) };
    let mut tiles = Vec::new();
    let items = match options.change {
        PreviewedChange::Augment(_) => &data.train,
        PreviewedChange::Corrupt(_) => &data.validation,
    };
    for item in alternating(items, options.seed) {
        if tiles.len() == options.count {
            break;
        }
        match changed_image(item, options, &contract) {
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

/// The images in the order of a hash of seed and content, the two classes alternating.
fn alternating(items: &[Item], seed: u64) -> Vec<&Item> {
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

fn changed_image(
    item: &Item,
    options: &PreviewOptions,
    contract: &Preprocessing,
) -> anyhow::Result<Radiograph> {
    let image = at_input_size(&decoding::read_file(&item.path).map_err(|error| error.problem)?, contract)?;
    let changed = match options.change {
        PreviewedChange::Augment(augmentation) => {
            augmentation.draw(&mut view_rng(options.seed, &item.sha256, 0)).apply(&image)
        }
        PreviewedChange::Corrupt(corruption) => {
            corruption.apply(&image, &mut corruption.rng(&item.sha256))?
        }
    };
    let tensor = prepare(&changed, contract)?;
    Ok(changed.with_levels(|at| (tensor.as_slice()[at] * 255.0).round() as u8))
}

/// The file's name without its extension.
fn name(item: &Item) -> &str {
    let file = item.relative.rsplit('/').next().unwrap_or(&item.relative);
    file.rsplit_once('.').map_or(file, |(name, _)| name)
}
