//! What a gate is fitted on: X-rays of the run as they are and changed, others that lie wrongly, and pictures that are
//! drawn.

use std::path::PathBuf;

use anyhow::Context;
use sha2::{Digest, Sha256};
use xray_core::package::{CentreKind, GateRecord};

use super::super::base::BaseModel;
use super::super::{CalibrationSource, Event};
use crate::data::augment::{Augmentation, Fill};
use crate::data::strange::Strange;
use crate::data::{DataSet, Item, Turn};
use crate::features::{Extractor, Job, View, Views};
use crate::gate::{GateSamples, fit};
use crate::run::RunRecord;

/// How a gate is fitted when a model is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateOptions {
    /// The images of the run, and on how many training images it is fitted; fewer if there are fewer.
    pub source: CalibrationSource,
    /// Folder of the feature cache.
    pub cache: PathBuf,
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
    noise: 8.0,
    borders: 0.08,
    fill: Fill::Edge,
};

/// Forms of each X-ray beside itself, as the field would have them: half with the border drawn out, half before black.
const FORMS: u32 = 2;

/// Seed of the drawn pictures that gates are fitted on.
const DRAWN_SEED: u64 = 1;

/// Fits a gate to a model, on the engine that the device uses.
///
/// # Errors
/// If there are too few images, or the model fails on them.
pub(in crate::pipeline) fn fit_gate(
    record: &RunRecord,
    data: &DataSet,
    model: &BaseModel,
    options: &GateOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<GateRecord> {
    let extractor = model.extractor(&options.cache, observe)?;
    let seed = record.training.seed;
    let train = sample(&data.train, seed, options.source.images);
    // Limits need validation images as they are more than many of them.
    let validation = sample(&data.validation, seed, options.source.images);
    let mut pictures = Pictures { extractor: &extractor, observe };
    let note =
        format!("fitting the gate on {} training and {} validation images", train.len(), validation.len());
    (pictures.observe)(Event::Note(&note));
    let mut others = Vec::new();
    for turn in Turn::ALL {
        let kind = if turn == Turn::Inverted { CentreKind::Inverted } else { CentreKind::Turned };
        others.push((kind, pictures.of(&train, &[View::Turned(turn)])?));
    }
    let size = model.contract().preprocessing.size;
    for kind in Strange::ALL {
        let drawn: Result<Vec<_>, _> =
            (0..drawn_count(train.len())).map(|number| kind.draw(size, DRAWN_SEED, number)).collect();
        others.push((CentreKind::Strange, extractor.drawn(&drawn?)?));
    }
    let samples = GateSamples {
        upright: pictures.of(&train, &field(seed))?,
        others,
        validation: pictures.of(&validation, &field(seed))?,
    };
    let gate = fit(&samples).with_context(|| options.source.data.display().to_string())?;
    let text = format!(
        "the gate refuses {} of {} validation images, as they are and changed",
        gate.fit.refused, gate.fit.validation
    );
    (pictures.observe)(Event::Note(&text));
    Ok(gate)
}

/// Drawn pictures of each kind.
fn drawn_count(images: usize) -> u64 {
    (images as u64 / 8).clamp(10, 50)
}

/// An X-ray as it is, and as the field would have it.
fn field(seed: u64) -> Vec<View> {
    let forms =
        |fill| Views { augmentation: Augmentation { fill, ..FIELD }, count: FORMS / 2, seed }.of_image();
    let before_black = forms(Fill::Level(0)).split_off(1);
    forms(Fill::Edge).into_iter().chain(before_black).collect()
}

/// Images through the nets.
struct Pictures<'a> {
    extractor: &'a Extractor,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl Pictures<'_> {
    /// The features of these forms of all images; those that cannot be read are left out, as the fit left them out.
    fn of(&mut self, items: &[&Item], views: &[View]) -> anyhow::Result<Vec<Vec<f32>>> {
        let job = |(item, view): (&&Item, &View)| Job {
            path: item.path.clone(),
            sha256: item.sha256.clone(),
            view: view.clone(),
        };
        let jobs: Vec<Job> =
            items.iter().flat_map(|item| views.iter().map(move |view| (item, view))).map(job).collect();
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
