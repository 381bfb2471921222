//! A head on the features of one stack: what `fit` trains, and `export` trains again on the int8 backbones.

use std::time::Instant;

use super::Event;
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor, Job, View};
use crate::head::{Samples, Trained, TrainingConfig, train};
use crate::metrics::Scored;
use crate::run::ValidationScore;

/// A head and how it did on the validation images.
pub(super) struct FittedHead {
    /// The head and its history.
    pub trained: Trained,
    /// The score of every validation image that could be read.
    pub scores: Vec<ValidationScore>,
    /// The features.
    pub extraction: Extraction,
    /// Seconds for the features.
    pub feature_seconds: f64,
    /// Seconds for the training.
    pub training_seconds: f64,
}

/// Computes or loads the features of both sides and trains a head on them.
///
/// # Errors
/// What goes wrong with features or training. Images that cannot be read are warned of and left out.
pub(super) fn fit_head(
    data: &DataSet,
    extractor: &Extractor,
    mirror: bool,
    config: &TrainingConfig,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FittedHead> {
    let start = Instant::now();
    let (jobs, labels, train_jobs) = jobs(data, mirror);
    let extraction = extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
    let feature_seconds = start.elapsed().as_secs_f64();
    for (path, reason) in &extraction.unreadable {
        observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
    }
    let training = samples(&extraction, &labels, 0..train_jobs);
    let validation = samples(&extraction, &labels, train_jobs..jobs.len());

    let start = Instant::now();
    let of = config.epochs;
    let trained = train(config, &training, &validation, &device.device, |epoch| {
        observe(Event::Epoch { epoch, of });
    })?;
    let training_seconds = start.elapsed().as_secs_f64();
    let read = data.validation.iter().zip(&extraction.features[train_jobs..]);
    let scores = read
        .filter(|(_, features)| features.is_some())
        .zip(&trained.validation_probabilities)
        .map(|((item, _), probability)| score(item, *probability))
        .collect();
    Ok(FittedHead { trained, scores, extraction, feature_seconds, training_seconds })
}

/// The row of one validation image.
pub(super) fn score(item: &Item, probability: f64) -> ValidationScore {
    ValidationScore {
        path: item.relative.clone(),
        sha256: item.sha256.clone(),
        label: item.label,
        probability,
    }
}

/// Probabilities with labels, as the metrics take them.
pub(super) fn scored(scores: &[ValidationScore]) -> Vec<Scored> {
    scores.iter().map(|score| (score.probability, score.label)).collect()
}

/// Jobs and labels: the training side first, then the validation side; the number of training jobs.
fn jobs(data: &DataSet, mirror: bool) -> (Vec<Job>, Vec<bool>, usize) {
    let job = |item: &Item, view| Job { path: item.path.clone(), sha256: item.sha256.clone(), view };
    let mut jobs = Vec::new();
    let mut labels = Vec::new();
    for item in &data.train {
        jobs.push(job(item, View::Plain));
        labels.push(item.label);
        if mirror {
            jobs.push(job(item, View::Mirror));
            labels.push(item.label);
        }
    }
    let train_jobs = jobs.len();
    for item in &data.validation {
        jobs.push(job(item, View::Plain));
        labels.push(item.label);
    }
    (jobs, labels, train_jobs)
}

fn samples(extraction: &Extraction, labels: &[bool], range: std::ops::Range<usize>) -> Samples {
    let mut samples = Samples::default();
    for index in range {
        if let Some(features) = &extraction.features[index] {
            samples.features.push(features.clone());
            samples.labels.push(labels[index]);
        }
    }
    samples
}
