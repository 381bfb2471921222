//! The int8 backbones that a fit computes features with: the device's engine runs them several times as fast as a CPU
//! runs the float ones, and a head that was trained on them needs no second training when it is exported.

use std::path::Path;

use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::package::{Labels, PackageFile, Precision};
use xray_core::preprocess::Preprocessing;

use super::Event;
use super::base::BaseModel;
use super::calibration::{calibration, sample};
use super::contract::draft;
use crate::data::DataSet;
use crate::export::export_quantised;
use crate::files::write_atomic;
use crate::head::HeadWeights;
use crate::quantise::QUANTISER;
use crate::run::{BackboneUse, Int8Use};
use crate::weights::WeightSet;

/// The backbones in int8, and on how many images they were calibrated.
pub(super) struct Int8Body {
    /// A model whose head says nothing.
    pub model: BaseModel,
    /// Training images.
    pub images: usize,
}

/// What int8 backbones are made from.
pub(super) struct Ingredients<'a> {
    /// Weights.
    pub sets: &'a [WeightSet],
    /// The same, for the record.
    pub backbones: &'a [BackboneUse],
    /// How images are prepared.
    pub preprocessing: &'a Preprocessing,
    /// The classes, for the record.
    pub labels: &'a Labels,
    /// Training images to calibrate on.
    pub images: usize,
    /// Seeds their choice.
    pub seed: u64,
}

impl Int8Body {
    /// Calibrates the backbones on training images and puts them into int8. The result is kept in the cache: the same
    /// weights, preprocessing and images are not calibrated again.
    ///
    /// # Errors
    /// If an image cannot be read, the calibration fails or the cache cannot be written.
    pub fn make(
        of: &Ingredients<'_>,
        data: &DataSet,
        cache: &Path,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Self> {
        let items = sample(&data.train, of.seed, of.images);
        let mut key = Sha256::new();
        key.update(format!("int8 body {QUANTISER} {:?}", of.preprocessing));
        of.backbones.iter().for_each(|backbone| key.update(&backbone.fingerprint));
        items.iter().for_each(|item| key.update(&item.sha256));
        let path = cache.join("bodies").join(format!("{}.onnx", &hex(&key.finalize())[..32]));
        let images = items.len();
        if path.exists() {
            match BaseModel::read(&path) {
                Ok(model) => return Ok(Int8Body { model, images }),
                Err(error) => {
                    observe(Event::Warning(&format!("{error}; the int8 backbones are made again")));
                }
            }
        }
        let paths: Vec<_> = items.iter().map(|item| item.path.clone()).collect();
        let calibration = calibration(of.sets, of.preprocessing, &paths, observe)?;
        let contract = draft(of.preprocessing, of.labels, of.backbones, of.seed, Precision::Int8);
        let bytes =
            export_quantised(of.sets, &HeadWeights::blank(contract.features), &contract, &calibration)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_atomic(&path, &bytes)?;
        Ok(Int8Body { model: BaseModel::new(PackageFile::from_bytes(&path, bytes))?, images })
    }

    /// For the record of a run.
    pub fn record(&self) -> Int8Use {
        Int8Use { sha256: self.model.file().sha256().to_owned(), calibration_images: self.images }
    }
}
