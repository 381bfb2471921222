//! Fits the quality gate of a model, on X-rays of the run (unchanged, changed, and in wrong orientations) and on drawn pictures.

use anyhow::Context;
use sha2::{Digest, Sha256};
use xray_core::package::{CentroidKind, QualityGateRecord};

use super::{ExportOptions, RunData};
use crate::data::augment::{Augmentation, Fill};
use crate::data::corrupt::{Corruption, Kind};
use crate::data::ood::OodPicture;
use crate::data::{DataSet, Item, WrongOrientation};
use crate::features::{Extractor, FeatureJob, View, Views};
use crate::pipeline::{BaseModel, Event};
use crate::quality_gate::{QualityGateSamples, fit};
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
    /// Fewer training images do not show how X-rays vary.
    const FEWEST_TRAINING: usize = 100;
    /// Of fewer validation images the largest distance says little about those to come.
    const FEWEST_VALIDATION: usize = 30;

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
                let (least, least_validation) = (Self::FEWEST_TRAINING, Self::FEWEST_VALIDATION);
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

/// How X-rays vary in the field: rotated a little, cropped, too dark, too bright, mirrored, blurred, noisy. The quality gate
/// must accept them.
const FIELD_VARIATION: Augmentation = Augmentation {
    flip: true,
    zoom: 0.15,
    stretch: 0.1,
    shear: 5.0,
    rotation: 10.0,
    shift: 0.06,
    brightness: 0.15,
    contrast: 0.4,
    gamma: 1.8,
    blur: 1.0,
    sharpen: 0.0,
    noise: 28.0,
    borders: 0.08,
    fill: Fill::Edge,
};

/// Further changes in the field, in their strongest form: JPEG artefacts, local contrast, low resolution, a wrong aspect
/// ratio, low contrast. Each X-ray is used under one of them.
const STRONG: [Kind; 5] = [Kind::Jpeg, Kind::Local, Kind::Reduced, Kind::Stretch, Kind::ContrastLow];

/// One of this number of X-rays is used in wrong orientations: a centre needs fewer samples than a covariance.
const WRONG_ORIENTATION_EVERY: usize = 3;

/// Seed of the drawn pictures that quality gates are fitted on.
const DRAWN_SEED: u64 = 1;

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
    let mut images = FeatureReader { extractor: &extractor, observe };
    let note = format!(
        "fitting the quality gate on {} training and {} validation images",
        train.len(),
        validation.len()
    );
    (images.observe)(Event::Note(&note));
    let some: Vec<&Item> = train.iter().copied().step_by(WRONG_ORIENTATION_EVERY).collect();
    let mut others = Vec::new();
    for orientation in WrongOrientation::ALL {
        let kind = if orientation == WrongOrientation::Inverted {
            CentroidKind::Inverted
        } else {
            CentroidKind::Turned
        };
        others.push((kind, images.features(&some, |_| vec![View::WrongOrientation(orientation)])?));
    }
    let size = model.contract().preprocessing.size;
    for kind in OodPicture::ALL {
        let drawn: Result<Vec<_>, _> =
            (0..drawn_count(train.len())).map(|number| kind.draw(size, DRAWN_SEED, number)).collect();
        others.push((CentroidKind::OutOfDistribution, extractor.drawn(&drawn?)?));
    }
    let samples = QualityGateSamples {
        upright: images.features(&train, |at| field_views(seed, at))?,
        others,
        validation: images.features(&validation, |at| field_views(seed, at))?,
    };
    let gate = fit(&samples).with_context(|| options.images.folders())?;
    let text = format!(
        "the quality gate refuses {} of {} validation images, unchanged and changed",
        gate.fit.refused, gate.fit.validation
    );
    (images.observe)(Event::Note(&text));
    Ok(Some(gate))
}

/// Drawn pictures of each kind.
fn drawn_count(images: usize) -> u64 {
    (images as u64 / 8).clamp(10, 50)
}

/// The views of the image at this index: unchanged, varied with the border repeated, varied on black, and under a strong change.
fn field_views(seed: u64, at: usize) -> Vec<View> {
    let varied = |fill| {
        Views { augmentation: Augmentation { fill, ..FIELD_VARIATION }, count: 1, seed, hardening: None }
            .of_image()
    };
    let on_black = varied(Fill::Level(0)).split_off(1);
    let strong = Corruption::new(STRONG[at % STRONG.len()], 3).map(View::Corrupted);
    varied(Fill::Edge).into_iter().chain(on_black).chain(strong).collect()
}

/// Computes features of images.
struct FeatureReader<'a> {
    extractor: &'a Extractor,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl FeatureReader<'_> {
    /// The features of all images; `views` gives the views of the image at an index. Images that cannot be read are left out,
    /// as in the fit.
    fn features(
        &mut self,
        items: &[&Item],
        views: impl Fn(usize) -> Vec<View>,
    ) -> anyhow::Result<Vec<Vec<f32>>> {
        let jobs: Vec<FeatureJob> = (items.iter().enumerate())
            .flat_map(|(at, item)| views(at).into_iter().map(move |view| FeatureJob::new(item, view)))
            .collect();
        let extraction = self.extractor.run(&jobs, |progress| (self.observe)(Event::Features(progress)))?;
        Ok(extraction.features.iter().flatten().map(|row| row.to_vec()).collect())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality_gate::VIEWS_PER_IMAGE;

    #[test]
    fn every_image_has_the_same_number_of_views() {
        assert!((0..2 * STRONG.len()).all(|at| field_views(7, at).len() == VIEWS_PER_IMAGE));
    }
}
