//! The int8 backbones that a fit computes features with. The device's engine runs them several times as fast as a CPU runs
//! the float backbones, and a head that was trained on them is exported without a second training.

use std::path::Path;

use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::package::{Labels, PackageFile, Precision};
use xray_core::preprocess::Preprocessing;

use super::Event;
use super::contract::untrained_contract;
use super::{BaseModel, calibration_images, measure_activation_ranges};
use crate::data::DataSet;
use crate::export::export_quantised;
use crate::head::HeadWeights;
use crate::quantise::QUANTISER;
use crate::run::{BackboneUse, Int8Use};
use crate::weights::WeightSet;
use xray_core::files::{PUBLIC, write_atomic};

pub(crate) struct Int8Backbones {
    /// A model whose head is not trained.
    pub model: BaseModel,
    /// Training images that the activation ranges were measured on.
    pub images: usize,
}

/// What int8 backbones are made from.
pub(crate) struct Int8BackboneOptions<'a> {
    pub sets: &'a [WeightSet],
    /// The same backbones, for the contract.
    pub backbones: &'a [BackboneUse],
    pub preprocessing: &'a Preprocessing,
    pub labels: &'a Labels,
    /// Number of training images that the activation ranges are measured on.
    pub images: usize,
    /// Seeds the choice of these images.
    pub seed: u64,
}

impl Int8Backbones {
    /// Measures activation ranges on training images and quantises the backbones. The result is cached by weights,
    /// preprocessing and images.
    ///
    /// # Errors
    /// If an image cannot be read, the measuring fails or the cache cannot be written.
    pub fn make(
        options: &Int8BackboneOptions<'_>,
        data: &DataSet,
        cache: &Path,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Self> {
        let items = calibration_images(&data.train, options.seed, options.images);
        let mut key = Sha256::new();
        key.update(format!("int8 body {QUANTISER} {:?}", options.preprocessing));
        options.backbones.iter().for_each(|backbone| key.update(&backbone.fingerprint));
        items.iter().for_each(|item| key.update(&item.sha256));
        let path = cache.join("bodies").join(format!("{}.onnx", &hex(&key.finalize())[..32]));
        let images = items.len();
        if path.exists() {
            match BaseModel::read(&path) {
                Ok(model) => return Ok(Int8Backbones { model, images }),
                Err(error) => {
                    observe(Event::Warning(&format!("{error}; the int8 backbones are made again")));
                }
            }
        }
        let paths: Vec<_> = items.iter().map(|item| item.path.clone()).collect();
        let ranges = measure_activation_ranges(options.sets, options.preprocessing, &paths, observe)?;
        let contract = untrained_contract(
            options.preprocessing,
            options.labels,
            options.backbones,
            options.seed,
            Precision::Int8,
        );
        let bytes =
            export_quantised(options.sets, &HeadWeights::untrained(contract.features), &contract, &ranges)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_atomic(&path, &bytes, PUBLIC)?;
        Ok(Int8Backbones { model: BaseModel::new(PackageFile::from_bytes(&path, bytes))?, images })
    }

    pub fn record(&self) -> Int8Use {
        Int8Use { sha256: self.model.file().sha256().to_owned(), calibration_images: self.images }
    }
}
