//! Images at the size of a pass, in memory: they are decoded once a size, and lend each other frames and amplitudes.

use rayon::prelude::*;
use xray_core::preprocess::{InputTensor, PreprocessError, Preprocessing, at_input_size, prepare};
use xray_intake::Radiograph;

use super::BackboneTrainingError;
use super::order::Shown;
use crate::data::Item;
use crate::data::augment::{Hardening, view_rng};
use crate::decoding;

/// Images of one size; `size²` bytes each, if they are grey.
pub(super) struct ImageStore<'a> {
    items: &'a [Item],
    images: Vec<Radiograph>,
    preprocessing: Preprocessing,
}

fn failed(item: &Item, reason: String) -> BackboneTrainingError {
    BackboneTrainingError::Image { path: item.path.clone(), reason }
}

impl<'a> ImageStore<'a> {
    /// Reads images and brings them to the size of `preprocessing`.
    pub fn read(items: &'a [Item], preprocessing: &Preprocessing) -> Result<Self, BackboneTrainingError> {
        let read = |item: &Item| {
            let image =
                decoding::read_file(&item.path).map_err(|error| failed(item, error.problem.to_string()))?;
            at_input_size(&image, preprocessing).map_err(|error| failed(item, error.to_string()))
        };
        let images = items.par_iter().map(read).collect::<Result<_, _>>()?;
        Ok(ImageStore { items, images, preprocessing: preprocessing.clone() })
    }

    /// The side of the images in pixels.
    pub fn side(&self) -> usize {
        self.preprocessing.size
    }

    /// Draws of images, in their order.
    pub fn drawn(
        &self,
        shown: &[Shown],
        hardening: &Hardening,
        seed: u64,
    ) -> Result<Vec<InputTensor>, BackboneTrainingError> {
        let draw = |shown: &Shown| {
            let item = &self.items[shown.image];
            let draw = hardening.draw(&mut view_rng(seed, &item.sha256, shown.draw));
            let donor = |number: u64| {
                Ok::<_, PreprocessError>(self.images[(number % self.images.len() as u64) as usize].clone())
            };
            let changed = draw.apply(&self.images[shown.image], donor);
            let prepared = changed.and_then(|image| prepare(&image, &self.preprocessing));
            prepared.map_err(|error| failed(item, error.to_string()))
        };
        shown.par_iter().map(draw).collect()
    }

    /// Images as they are, in batches of so many.
    pub fn plain(
        &self,
        batch_size: usize,
    ) -> impl Iterator<Item = Result<Vec<InputTensor>, BackboneTrainingError>> + '_ {
        let prepared = |(image, item): (&Radiograph, &Item)| {
            prepare(image, &self.preprocessing).map_err(|error| failed(item, error.to_string()))
        };
        self.images
            .chunks(batch_size)
            .zip(self.items.chunks(batch_size))
            .map(move |(images, items)| images.par_iter().zip(items).map(prepared).collect())
    }
}
