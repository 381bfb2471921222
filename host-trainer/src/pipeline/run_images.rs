//! The images of a run, and those that activation ranges are measured on.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use xray_core::preprocess::Preprocessing;

use super::Event;
use crate::data::{ClassNames, DataSet, DataSource, Item};
use crate::decoding;
use crate::onnx::ActivationRanges;
use crate::quantise::measure_ranges;
use crate::run::RunRecord;
use crate::weights::WeightSet;

#[derive(Debug, Clone, PartialEq)]
pub struct RunImages {
    /// The folders that the run was made from, each with its splits file.
    pub sources: Vec<DataSource>,
}

/// Measures the activation ranges of backbones on calibration images.
///
/// # Errors
/// If an image cannot be read or the float graph fails.
pub(crate) fn measure_activation_ranges(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    images: &[PathBuf],
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ActivationRanges> {
    observe(Event::Note(&format!("measuring activation ranges on {} training images", images.len())));
    let ranges = measure_ranges(sets, preprocessing, images, &mut |done, total| {
        observe(Event::Calibrated { done, total });
    })
    .context("the activation ranges could not be measured")?;
    let chosen: Vec<String> = ranges
        .observer_counts()
        .iter()
        .map(|(observer, count)| format!("{} {count}", observer.name()))
        .collect();
    let text = format!("{} activations in 8 bits, by {}", ranges.activations.len(), chosen.join(", "));
    observe(Event::Note(&text));
    Ok(ranges)
}

impl RunImages {
    /// The folders, for messages.
    pub(crate) fn folders(&self) -> String {
        DataSource::folders(&self.sources)
    }

    /// Lists the images of a run again.
    ///
    /// # Errors
    /// If they cannot be read or are not those of the run.
    pub(crate) fn load(&self, record: &RunRecord) -> anyhow::Result<DataSet> {
        let classes =
            ClassNames { negative: record.labels.negative.clone(), positive: record.labels.positive.clone() };
        let seed = record.training.seed;
        let data = DataSet::load_sources(&self.sources, &classes, seed)?;
        ensure!(
            data.fingerprint() == record.data.fingerprint,
            "{}: these are not the images that the run was made from ({}), or they are divided differently; give \
             that folder with --data and, if the run had one, the same file with --splits",
            self.folders(),
            record.data.folder,
        );
        Ok(data)
    }
}

/// `count` training images that can be read, in the order of the SHA-256 of seed and content: a random sample, the same for
/// the same seed and images.
pub(crate) fn calibration_images(train: &[Item], seed: u64, count: usize) -> Vec<&Item> {
    let key = |item: &&Item| {
        let mut hash = Sha256::new();
        hash.update(b"calibration");
        hash.update(seed.to_le_bytes());
        hash.update(&item.sha256);
        <[u8; 32]>::from(hash.finalize())
    };
    let readable = |path: &Path| decoding::read_file(path).is_ok();
    let mut items: Vec<&Item> = train.iter().collect();
    items.sort_by_cached_key(key);
    items.into_iter().filter(|item| readable(&item.path)).take(count).collect()
}
