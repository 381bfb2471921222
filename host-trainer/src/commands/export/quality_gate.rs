//! What a gate is fitted on: X-rays of the run as they are and changed, others that lie wrongly, and pictures that are
//! drawn.

use anyhow::Context;
use sha2::{Digest, Sha256};
use xray_core::package::{CentreKind, GateRecord};

use super::super::base::BaseModel;
use super::super::{Event, ExportJob};
use crate::data::augment::{Augmentation, Fill};
use crate::data::corrupt::{Corruption, Kind};
use crate::data::strange::Strange;
use crate::data::{DataSet, Item, Turn};
use crate::features::{Extractor, Job, View, Views};
use crate::gate::{GateSamples, fit};
use crate::run::RunRecord;

/// Whether an exported model gets a gate that knows X-rays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GateWish {
    /// No: pictures are refused by their looks only.
    Without,
    /// If the run has images enough and its backbones were trained; if not, that is said.
    #[default]
    WhereEnough,
    /// Fitted on so many training images (fewer if there are fewer), or there is no model.
    On(usize),
}

impl GateWish {
    /// Training images where nothing else is said; of validation images as many.
    pub const IMAGES: usize = 300;
    /// Forms of each image that it is fitted on: as it is, and changed in three ways.
    pub const FORMS: usize = 4;
    /// Fewer training images do not show how X-rays vary.
    const FEWEST_TRAINING: usize = 100;
    /// Of fewer validation images the largest distance says little about those to come.
    const FEWEST_VALIDATION: usize = 30;

    /// On how many images a gate is fitted.
    ///
    /// # Errors
    /// Why none is, in words.
    fn images(self, record: &RunRecord, data: &DataSet) -> Result<usize, String> {
        match self {
            GateWish::On(images) => Ok(images),
            GateWish::Without => Err("it was not asked for".to_owned()),
            GateWish::WhereEnough if record.has_random_backbones() => {
                Err("random backbones know no X-rays".to_owned())
            }
            GateWish::WhereEnough => {
                let (training, validation) = (data.train.len(), data.validation.len());
                let (least, least_validation) = (Self::FEWEST_TRAINING, Self::FEWEST_VALIDATION);
                if training >= least && validation >= least_validation {
                    return Ok(Self::IMAGES);
                }
                Err(format!(
                    "that needs {least} training and {least_validation} validation images, there are {training} and \
                     {validation}; --gate-images fits it all the same"
                ))
            }
        }
    }
}

/// How X-rays are taken in the field: hung askew, cut, too dark, too bright, mirrored, soft, noisy. None of that is
/// refused.
const FIELD: Augmentation = Augmentation {
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

/// What the field has beside that, each in its strongest form: stored too often, the contrast of every place set for
/// itself, copied from a small picture, drawn out of shape, pale. Each X-ray is seen under one.
const STRONG: [Kind; 5] = [Kind::Jpeg, Kind::Local, Kind::Reduced, Kind::Stretch, Kind::ContrastLow];

/// Of so many X-rays one is shown lying wrongly: a centre needs fewer than a spread.
const ONE_TURNED_OF: usize = 3;

/// Seed of the drawn pictures that gates are fitted on.
const DRAWN_SEED: u64 = 1;

/// Fits a gate to a model, on the engine that the device uses. Where none can be fitted, that is said, and the model
/// keeps the one that it has, if any: its features are the same.
///
/// # Errors
/// If there are too few images for one that must be, or the model fails on them.
pub(in crate::pipeline) fn fit_gate(
    job: &ExportJob,
    (record, data): (&RunRecord, &DataSet),
    model: &BaseModel,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Option<GateRecord>> {
    let images = match job.gate.images(record, data) {
        Ok(images) => images,
        Err(_) if job.gate == GateWish::Without => return Ok(None),
        Err(reason) => {
            if let Some(gate) = &model.contract().gate {
                observe(Event::Note(&format!(
                    "the gate is that of the model that the run was made on: {reason}"
                )));
                return Ok(Some(gate.clone()));
            }
            let text = format!("no gate is fitted, pictures are refused by their looks only: {reason}");
            let said = if record.has_random_backbones() { Event::Note(&text) } else { Event::Warning(&text) };
            observe(said);
            return Ok(None);
        }
    };
    let extractor = model.extractor(&job.cache, observe)?;
    let seed = record.training.seed;
    let train = sample(&data.train, seed, images);
    // Limits need validation images as they are more than many of them.
    let validation = sample(&data.validation, seed, images);
    let mut pictures = Pictures { extractor: &extractor, observe };
    let note =
        format!("fitting the gate on {} training and {} validation images", train.len(), validation.len());
    (pictures.observe)(Event::Note(&note));
    let some: Vec<&Item> = train.iter().copied().step_by(ONE_TURNED_OF).collect();
    let mut others = Vec::new();
    for turn in Turn::ALL {
        let kind = if turn == Turn::Inverted { CentreKind::Inverted } else { CentreKind::Turned };
        others.push((kind, pictures.of(&some, |_| vec![View::Turned(turn)])?));
    }
    let size = model.contract().preprocessing.size;
    for kind in Strange::ALL {
        let drawn: Result<Vec<_>, _> =
            (0..drawn_count(train.len())).map(|number| kind.draw(size, DRAWN_SEED, number)).collect();
        others.push((CentreKind::Strange, extractor.drawn(&drawn?)?));
    }
    let samples = GateSamples {
        upright: pictures.of(&train, |at| field(seed, at))?,
        others,
        validation: pictures.of(&validation, |at| field(seed, at))?,
    };
    let gate = fit(&samples).with_context(|| job.images.data.display().to_string())?;
    let text = format!(
        "the gate refuses {} of {} validation images, as they are and changed",
        gate.fit.refused, gate.fit.validation
    );
    (pictures.observe)(Event::Note(&text));
    Ok(Some(gate))
}

/// Drawn pictures of each kind.
fn drawn_count(images: usize) -> u64 {
    (images as u64 / 8).clamp(10, 50)
}

/// The X-ray of this number as it is, and as the field would have it: with the border drawn out, before black, and in
/// a strong form.
fn field(seed: u64, at: usize) -> Vec<View> {
    let form = |fill| Views { augmentation: Augmentation { fill, ..FIELD }, count: 1, seed }.of_image();
    let before_black = form(Fill::Level(0)).split_off(1);
    let strong = Corruption::new(STRONG[at % STRONG.len()], 3).map(View::Corrupted);
    form(Fill::Edge).into_iter().chain(before_black).chain(strong).collect()
}

/// Images through the nets.
struct Pictures<'a> {
    extractor: &'a Extractor,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl Pictures<'_> {
    /// The features of all images in the forms of their numbers; those that cannot be read are left out, as the fit
    /// left them out.
    fn of(&mut self, items: &[&Item], views: impl Fn(usize) -> Vec<View>) -> anyhow::Result<Vec<Vec<f32>>> {
        let job =
            |item: &Item, view: View| Job { path: item.path.clone(), sha256: item.sha256.clone(), view };
        let jobs: Vec<Job> = (items.iter().enumerate())
            .flat_map(|(at, item)| views(at).into_iter().map(move |view| job(item, view)))
            .collect();
        let extraction = self.extractor.run(&jobs, |progress| (self.observe)(Event::Features(progress)))?;
        Ok(extraction.features.iter().flatten().map(|row| row.to_vec()).collect())
    }
}

/// `count` images in the order of a hash of seed and content.
fn sample(items: &[Item], seed: u64, count: usize) -> Vec<&Item> {
    let key = |item: &&Item| {
        let mut hash = Sha256::new();
        hash.update(b"gate");
        hash.update(seed.to_le_bytes());
        hash.update(&item.sha256);
        <[u8; 32]>::from(hash.finalize())
    };
    let mut items: Vec<&Item> = items.iter().collect();
    items.sort_by_cached_key(key);
    items.truncate(count);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_has_the_same_number_of_forms() {
        assert!((0..2 * STRONG.len()).all(|at| field(7, at).len() == GateWish::FORMS));
    }
}
