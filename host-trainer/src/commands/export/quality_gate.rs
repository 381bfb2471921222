//! Whether an exported model gets a quality gate, and which images of the run it is fitted on.

use anyhow::Context;
use sha2::{Digest, Sha256};
use xray_core::package::QualityGateRecord;

use super::{ExportOptions, RunData};
use crate::data::{DataSet, Item};
use crate::pipeline::{BaseModel, Event, QualityGateFitting};
use crate::run::RunRecord;

/// Whether an exported model gets a fitted quality gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QualityGateChoice {
    /// None: only the checks of the picture itself refuse pictures.
    None,
    /// Fitted if the run has enough images and trained backbones; if not, that is reported.
    #[default]
    IfEnoughImages,
    /// Fitted on this number of training images (fewer if there are fewer); if that fails, no model is written.
    Images(usize),
}

impl QualityGateChoice {
    /// Default number of training images, and of validation images.
    pub const IMAGES: usize = 300;

    /// The number of training images.
    ///
    /// # Errors
    /// A description of why no quality gate is fitted.
    fn images(self, record: &RunRecord, data: &DataSet) -> Result<usize, String> {
        match self {
            QualityGateChoice::Images(images) => Ok(images),
            QualityGateChoice::None => Err("none was requested".to_owned()),
            QualityGateChoice::IfEnoughImages if record.has_random_backbones() => {
                Err("random backbones do not know X-rays".to_owned())
            }
            QualityGateChoice::IfEnoughImages => {
                let (training, validation) = (data.train.len(), data.validation.len());
                let (least, least_validation) =
                    (QualityGateFitting::FEWEST_TRAINING, QualityGateFitting::FEWEST_VALIDATION);
                if training >= least && validation >= least_validation {
                    return Ok(Self::IMAGES);
                }
                Err(format!(
                    "that needs {least} training and {least_validation} validation images, there are {training} and \
                     {validation}; --gate-images fits it anyway"
                ))
            }
        }
    }
}

/// Fits a quality gate to a model, on the engine that the device uses. If none can be fitted, that is reported, and the model
/// keeps the quality gate that it has, if any: its features are the same.
///
/// # Errors
/// If there are too few images for a quality gate that was requested, or the model fails on them.
pub(super) fn fit_quality_gate(
    options: &ExportOptions,
    RunData { record, data }: RunData<'_>,
    model: &BaseModel,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Option<QualityGateRecord>> {
    let images = match options.quality_gate.images(record, data) {
        Ok(images) => images,
        Err(_) if options.quality_gate == QualityGateChoice::None => return Ok(None),
        Err(reason) => {
            if let Some(gate) = &model.contract().quality_gate {
                observe(Event::Note(&format!("the quality gate is that of the base model: {reason}")));
                return Ok(Some(gate.clone()));
            }
            let text =
                format!("no quality gate is fitted, only the checks of the picture itself apply: {reason}");
            let event =
                if record.has_random_backbones() { Event::Note(&text) } else { Event::Warning(&text) };
            observe(event);
            return Ok(None);
        }
    };
    let extractor = model.extractor(&options.cache, observe)?;
    let seed = record.training.seed;
    // Of several hospitals the first is the one where the model is used: the gate knows its images.
    let first = options.images.sources.first().map_or("", |source| source.name.as_str());
    let train = sample(&data.train, first, seed, images);
    let validation = sample(&data.validation, first, seed, images);
    let size = model.contract().preprocessing.size;
    let fit =
        QualityGateFitting { extractor: &extractor, size, train: &train, validation: &validation, seed };
    fit.run(observe).with_context(|| options.images.folders()).map(Some)
}

/// `count` images of one source in the order of a hash of seed and content.
fn sample<'a>(items: &'a [Item], source: &str, seed: u64, count: usize) -> Vec<&'a Item> {
    let key = |item: &&Item| {
        let mut hash = Sha256::new();
        hash.update(b"gate");
        hash.update(seed.to_le_bytes());
        hash.update(&item.sha256);
        <[u8; 32]>::from(hash.finalize())
    };
    // Images of the only source have no name of it.
    let of_source = |item: &&Item| item.source.is_empty() || item.source == source;
    let mut items: Vec<&Item> = items.iter().filter(of_source).collect();
    items.sort_by_cached_key(key);
    items.truncate(count);
    items
}
