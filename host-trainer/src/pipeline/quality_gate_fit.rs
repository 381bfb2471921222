//! Fits the quality gate of a model, on X-rays (unchanged, changed, and in wrong orientations) and on drawn pictures.

use xray_core::package::{CentroidKind, QualityGateRecord};

use super::Event;
use crate::data::augment::{Augmentation, Fill};
use crate::data::corrupt::{Corruption, Kind};
use crate::data::ood::OodPicture;
use crate::data::{Item, WrongOrientation};
use crate::features::{Extractor, FeatureJob, View, Views};
use crate::quality_gate::{QualityGateSamples, fit};

/// What a quality gate is fitted on.
pub(crate) struct QualityGateFitting<'a> {
    /// The backbones of the model on the engine that the device uses.
    pub extractor: &'a Extractor,
    /// Side of the model's input in pixels.
    pub size: usize,
    pub train: &'a [&'a Item],
    pub validation: &'a [&'a Item],
    /// Seeds the variation of the images.
    pub seed: u64,
}

impl QualityGateFitting<'_> {
    /// Fewer training images do not show how X-rays vary.
    pub const FEWEST_TRAINING: usize = 100;
    /// Of fewer validation images the largest distance says little about those to come.
    pub const FEWEST_VALIDATION: usize = 30;

    /// Fits the quality gate.
    ///
    /// # Errors
    /// If the model fails on the images, or there are too few.
    pub fn run(&self, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<QualityGateRecord> {
        let QualityGateFitting { extractor, size, train, validation, seed } = *self;
        let mut images = FeatureReader { extractor, observe };
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
        for kind in OodPicture::ALL {
            let drawn: Result<Vec<_>, _> =
                (0..drawn_count(train.len())).map(|number| kind.draw(size, DRAWN_SEED, number)).collect();
            others.push((CentroidKind::OutOfDistribution, extractor.drawn(&drawn?)?));
        }
        let samples = QualityGateSamples {
            upright: images.features(train, |at| field_views(seed, at))?,
            others,
            validation: images.features(validation, |at| field_views(seed, at))?,
        };
        let gate = fit(&samples)?;
        let text = format!(
            "the quality gate refuses {} of {} validation images, unchanged and changed",
            gate.fit.refused, gate.fit.validation
        );
        (images.observe)(Event::Note(&text));
        Ok(gate)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality_gate::VIEWS_PER_IMAGE;

    #[test]
    fn every_image_has_the_same_number_of_views() {
        assert!((0..2 * STRONG.len()).all(|at| field_views(7, at).len() == VIEWS_PER_IMAGE));
    }
}
