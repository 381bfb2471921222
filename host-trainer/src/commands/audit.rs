//! Whether a model tells the classes by something other than the lungs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use rayon::prelude::*;
use xray_core::decision::ProbabilityCalibration;
use xray_core::engine::{self, Engine, EngineChoice};
use xray_core::package::PackageFile;
use xray_core::preprocess::{Preprocessing, at_input_size, prepare};
use xray_core::screening::{ScreenImageError, Screener};
use xray_intake::Radiograph;

use crate::audit::{Audit, AuditLimits, AuditScores, Partners, Transform, audit_rng};
use crate::contact_sheet::{Tile, contact_sheet};
use crate::data::{ClassNames, Item};
use crate::decoding;
use crate::evaluation::{ImageSet, ModelAudit};
use crate::pipeline::{Event, class_names, load_screener};

/// Images between two reports of progress.
const REPORT_EVERY: usize = 16;

/// Scores the images of a set as they are and under every change of the audit. With several hospitals, frames come from
/// images of all of them.
///
/// # Errors
/// If the model cannot be loaded, the images cannot be listed, or none can be read.
pub fn audit(
    model: &Path,
    set: &ImageSet,
    seed: u64,
    limits: AuditLimits,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ModelAudit> {
    let screener = load_screener(model, observe)?;
    let contract = screener.contract().clone();
    let classes = set.classes.clone().unwrap_or_else(|| class_names(&contract));
    let items = set.items(&classes)?;
    let (images, left_out) = read(&items, &contract.preprocessing, observe);
    ensure!(!images.is_empty(), "{}: no image could be read", set.folders());
    let package = PackageFile::read(model)?.verify()?;
    // Without the quality gate; warnings are those of the screener.
    let scorer = Scorer {
        engine: engine::load(&package, EngineChoice::Auto)?.engine,
        screener: &screener,
        preprocessing: &contract.preprocessing,
        temperature: ProbabilityCalibration::new(contract.temperature)?,
    };
    let labels: Vec<bool> = images.iter().map(|(item, _)| item.label).collect();
    let subject = Subject { partners: Partners::new(&labels), images: &images, seed };
    let shown = shown(&labels);
    let mut columns = vec![Vec::new(); shown.len()];
    let (mut off, mut on) = (subject.scores(), subject.scores());
    let total = images.len() * (1 + Transform::ALL.len());
    let mut done = 0;
    for transform in std::iter::once(None).chain(Transform::ALL.map(Some)) {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for chunk in (0..images.len()).collect::<Vec<_>>().chunks(REPORT_EVERY) {
            let scored: anyhow::Result<Vec<_>> = chunk
                .par_iter()
                .map(|at| subject.changed(*at, transform).map(|image| scorer.score(&image)).transpose())
                .collect();
            for scores in scored? {
                without.push(scores.map(|scores| scores.gate_off));
                with.push(scores.and_then(|scores| scores.gate_on));
            }
            done += chunk.len();
            observe(Event::Evaluated { done, total });
        }
        for (column, at) in columns.iter_mut().zip(&shown) {
            column.push(subject.tile(*at, transform, without[*at], &classes));
        }
        match transform {
            None => (off.as_they_are, on.as_they_are) = (without, with),
            Some(transform) => {
                off.changed.push((transform, without));
                on.changed.push((transform, with));
            }
        }
    }
    let gate_off = Audit::new(&off, contract.threshold)?;
    Ok(ModelAudit {
        model: screener.model_sha256().to_owned(),
        split: set.split.name(),
        seed,
        images: images.len(),
        verdict: gate_off.verdict(limits),
        gate_off,
        gate_on: Audit::new(&on, contract.threshold)?,
        limits,
        left_out,
        picture: contact_sheet(&columns.concat(), 1 + Transform::ALL.len() as u32),
    })
}

/// The images that the picture shows: two of each class, far from one another.
fn shown(labels: &[bool]) -> Vec<usize> {
    let of = |label: bool| {
        let all: Vec<usize> = (0..labels.len()).filter(|at| labels[*at] == label).collect();
        let second = all.len() / 2;
        let chosen = if second > 0 { vec![0, second] } else { vec![0] };
        chosen.into_iter().filter_map(move |at| all.get(at).copied()).collect::<Vec<_>>()
    };
    [of(false), of(true)].concat()
}

/// The images of an audit.
struct Subject<'a> {
    images: &'a [(&'a Item, Radiograph)],
    partners: Partners,
    seed: u64,
}

impl Subject<'_> {
    /// Scores that are not known yet.
    fn scores(&self) -> AuditScores {
        AuditScores {
            labels: self.images.iter().map(|(item, _)| item.label).collect(),
            sources: self.images.iter().map(|(item, _)| item.source.clone()).collect(),
            ..AuditScores::default()
        }
    }

    /// An image under a change, or as it is; none if no other image can lend it a frame.
    fn changed(&self, at: usize, transform: Option<Transform>) -> Option<Radiograph> {
        let (item, image) = &self.images[at];
        let Some(transform) = transform else { return Some(image.clone()) };
        let mut rng = audit_rng(self.seed, &item.sha256, transform);
        let partner = match transform.partner_label(item.label) {
            Some(label) => Some(&self.images[self.partners.draw(label, at, &mut rng)?].1),
            None => None,
        };
        Some(transform.apply(image, partner, &mut rng))
    }

    /// The same as part of a picture.
    fn tile(
        &self,
        at: usize,
        transform: Option<Transform>,
        score: Option<f64>,
        classes: &ClassNames,
    ) -> Tile {
        let (item, image) = &self.images[at];
        let score = score.map_or_else(|| "-".to_owned(), |score| format!("{score:.2}"));
        Tile {
            image: self.changed(at, transform).unwrap_or_else(|| image.clone()),
            label: format!("{score} {}", classes.name(item.label)),
            note: transform.map_or("as-they-are", Transform::name).to_owned(),
        }
    }
}

/// The images at the input size; those that cannot be read are reported.
fn read<'a>(
    items: &'a [Item],
    preprocessing: &Preprocessing,
    observe: &mut dyn FnMut(Event<'_>),
) -> (Vec<(&'a Item, Radiograph)>, BTreeMap<String, String>) {
    let one = |item: &'a Item| -> Result<(&'a Item, Radiograph), (String, String)> {
        let failed = |reason: String| (item.path.display().to_string(), reason);
        let image = decoding::read_file(&item.path).map_err(|error| failed(error.problem.to_string()))?;
        Ok((item, at_input_size(&image, preprocessing).map_err(|error| failed(error.to_string()))?))
    };
    let (mut images, mut left_out) = (Vec::new(), BTreeMap::new());
    for outcome in items.par_iter().map(one).collect::<Vec<_>>() {
        match outcome {
            Ok(image) => images.push(image),
            Err((file, reason)) => {
                observe(Event::Warning(&format!("left out: {file}: {reason}")));
                left_out.insert(file, reason);
            }
        }
    }
    (images, left_out)
}

/// Calibrated probabilities of one image.
#[derive(Debug, Clone, Copy)]
struct Scores {
    gate_off: f64,
    /// None if the quality gate refuses the image.
    gate_on: Option<f64>,
}

struct Scorer<'a> {
    engine: Box<dyn Engine>,
    screener: &'a Screener,
    preprocessing: &'a Preprocessing,
    temperature: ProbabilityCalibration,
}

impl Scorer<'_> {
    fn score(&self, image: &Radiograph) -> anyhow::Result<Scores> {
        match self.screener.screen_image(image) {
            Ok(result) => {
                let probability = result.verdict.probability().value();
                Ok(Scores { gate_off: probability, gate_on: Some(probability) })
            }
            Err(ScreenImageError::Refused(_)) => {
                let output = self.engine.run(&prepare(image, self.preprocessing)?)?;
                let probability = self.temperature.apply_to(output.probability().value());
                Ok(Scores { gate_off: probability, gate_on: None })
            }
            Err(error) => Err(error.into()),
        }
    }
}
