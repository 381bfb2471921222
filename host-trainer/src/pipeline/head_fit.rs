//! A head on the features of one stack: what `fit` trains, and `export` trains again on the int8 backbones.

use std::time::Instant;

use super::{Event, Trained};
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor, Job, View, Views};
use crate::head::{self, Checkpoint, Epoch, Moment, Samples, TrainingConfig, train};
use crate::metrics::Scored;
use crate::run::{RunDir, ValidationScore};
use crate::stop::Stop;

/// A head and how it did on the validation images.
pub(super) struct FittedHead {
    /// The head and its history.
    pub trained: head::Trained,
    /// The score of every validation image that could be read.
    pub scores: Vec<ValidationScore>,
    /// The features.
    pub extraction: Extraction,
    /// Seconds for the features.
    pub feature_seconds: f64,
    /// Seconds for the training.
    pub training_seconds: f64,
    /// Passes in which backbones were trained too.
    pub fine_tune_history: Vec<Epoch>,
    /// The one of them that was kept.
    pub fine_tune_best: Option<usize>,
}

/// Where a training is kept after every pass, whether it goes on from there, and what may end it.
pub(super) struct Checkpointing<'a> {
    /// The run.
    pub run: &'a RunDir,
    /// Whether a training that was cut off is taken up.
    pub resume: bool,
    /// Asked after every step.
    pub stop: &'a Stop,
}

/// Computes or loads the features of both sides and trains a head on them.
///
/// # Errors
/// What goes wrong with features or training. Images that cannot be read are warned of and left out.
pub(super) fn fit_head(
    data: &DataSet,
    extractor: &Extractor,
    views: &Views,
    config: &TrainingConfig,
    device: &ChosenDevice,
    checkpointing: Option<&Checkpointing<'_>>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FittedHead> {
    let start = Instant::now();
    let jobs = Jobs::new(data, views);
    let extraction = extractor.run(&jobs.jobs, |progress| observe(Event::Features(progress)))?;
    let feature_seconds = start.elapsed().as_secs_f64();
    for (path, reason) in &extraction.unreadable {
        observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
    }
    let (training, _) = jobs.samples(&extraction, &data.train, 0);
    let (validation, read) = jobs.samples(&extraction, &data.validation, data.train.len());

    let start = Instant::now();
    let of = config.epochs;
    let resume = match checkpointing {
        Some(Checkpointing { run, resume: true, .. }) => Checkpoint::load(&run.checkpoint_path())?,
        _ => None,
    };
    let done = resume.as_ref().map_or(&[][..], Checkpoint::history).to_vec();
    observe(Event::TrainingBegins { what: Trained::Head, of, done: &done });
    let trained = train(config, &training, &validation, &device.trainer(), resume, |moment| {
        match moment {
            Moment::Step(step) => observe(Event::Step(step)),
            Moment::Epoch(epoch, state) => {
                if let Some(Checkpointing { run, .. }) = checkpointing {
                    run.write_metrics(state.history())?;
                    state.save(&run.checkpoint_path())?;
                }
                observe(Event::Epoch { epoch, of });
            }
        }
        checkpointing.map_or(Ok(()), |checkpointing| checkpointing.stop.check())?;
        anyhow::Ok(())
    })?;
    observe(Event::TrainingEnds);
    let training_seconds = start.elapsed().as_secs_f64();
    let scores =
        read.iter().zip(&trained.validation_probabilities).map(|(item, p)| score(item, *p)).collect();
    Ok(FittedHead {
        trained,
        scores,
        extraction,
        feature_seconds,
        training_seconds,
        fine_tune_history: Vec::new(),
        fine_tune_best: None,
    })
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

/// What is to be computed: the training side first, then the validation side.
pub(super) struct Jobs {
    jobs: Vec<Job>,
    /// Where the jobs of each image begin, and at the end their number.
    starts: Vec<usize>,
}

impl Jobs {
    /// What is to be computed for this data set.
    pub fn new(data: &DataSet, views: &Views) -> Self {
        let views = views.of_image();
        let mut jobs = Jobs { jobs: Vec::new(), starts: vec![0] };
        for item in &data.train {
            jobs.add(item, &views);
        }
        data.validation.iter().for_each(|item| jobs.add(item, &[View::Plain]));
        jobs
    }

    /// The jobs in their order.
    pub fn into_inner(self) -> Vec<Job> {
        self.jobs
    }

    fn add(&mut self, item: &Item, views: &[View]) {
        let job =
            |view: &View| Job { path: item.path.clone(), sha256: item.sha256.clone(), view: view.clone() };
        self.jobs.extend(views.iter().map(job));
        self.starts.push(self.jobs.len());
    }

    /// The samples of these images, the first of which is the image number `first`, and which of them could be
    /// read.
    fn samples<'a>(
        &self,
        extraction: &Extraction,
        items: &'a [Item],
        first: usize,
    ) -> (Samples, Vec<&'a Item>) {
        let mut samples = Samples::default();
        let mut read = Vec::new();
        for (item, ends) in items.iter().zip(self.starts[first..].windows(2)) {
            let views: Vec<_> = extraction.features[ends[0]..ends[1]].iter().flatten().cloned().collect();
            if !views.is_empty() {
                samples.views.push(views);
                samples.labels.push(item.label);
                read.push(item);
            }
        }
        (samples, read)
    }
}
