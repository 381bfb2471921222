//! A head on the features of one stack: what `fit` trains, and `export` trains again on the int8 backbones.

use std::time::Instant;

use super::{Event, Trained};
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor, Job, View, Views, validation_views};
use crate::head::{self, Checkpoint, Epoch, Moment, Samples, TrainingConfig, probabilities, train};
use crate::metrics::Scored;
use crate::run::{ChooseOn, RunDir, ValidationScore};
use crate::stop::Stop;

/// A head and how it did on the validation images.
pub(super) struct FittedHead {
    /// The head and its history.
    pub trained: head::Trained,
    /// The score of every form of every validation image that could be read.
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
    forms: Forms<'_>,
    config: &TrainingConfig,
    device: &ChosenDevice,
    checkpointing: Option<&Checkpointing<'_>>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FittedHead> {
    let start = Instant::now();
    let jobs = Jobs::new(data, forms);
    let extraction = extractor.run(&jobs.jobs, |progress| observe(Event::Features(progress)))?;
    let feature_seconds = start.elapsed().as_secs_f64();
    for (path, reason) in &extraction.unreadable {
        observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
    }
    let training = jobs.training(&extraction, &data.train, |_| true);
    let (watched, others) = jobs.validation(&extraction, &data.validation, data.train.len(), forms.choose_on);

    let start = Instant::now();
    let of = config.epochs;
    let resume = match checkpointing {
        Some(Checkpointing { run, resume: true, .. }) => {
            let found = Checkpoint::load(&run.checkpoint_path())?;
            if found.is_none() {
                observe(Event::Note("no training lies there to be taken up: it begins with the first epoch"));
            }
            found
        }
        _ => None,
    };
    let done = resume.as_ref().map_or(&[][..], Checkpoint::history).to_vec();
    observe(Event::TrainingBegins { what: Trained::Head, of, done: &done });
    let trained = train(config, &training, &watched.samples, &device.trainer(), resume, |moment| {
        match moment {
            Moment::Step(step) => observe(Event::Step(step)),
            Moment::Epoch(epoch, state) => {
                if let Some(Checkpointing { run, .. }) = checkpointing {
                    run.write_progress(state.history())?;
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
    let scores = scores_of(&trained, (&watched, &others), device)?;
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

/// The score of every form: of those that were watched in training, and of the others, which the head sees now.
pub(super) fn scores_of(
    trained: &head::Trained,
    (watched, others): (&Looks<'_>, &Looks<'_>),
    device: &ChosenDevice,
) -> anyhow::Result<Vec<ValidationScore>> {
    let mut scores = watched.scores(&trained.validation_probabilities);
    scores.extend(others.scores(&probabilities(&trained.weights, &others.samples, &device.device)?));
    Ok(scores)
}

/// The row of one validation image in one form.
pub(super) fn score(item: &Item, view: &View, probability: f64) -> ValidationScore {
    ValidationScore {
        path: item.relative.clone(),
        sha256: item.sha256.clone(),
        corruption: match view {
            View::Corrupted(corruption) => Some(corruption.to_string()),
            View::Plain | View::Mirror | View::Varied(_) | View::Turned(_) => None,
        },
        label: item.label,
        probability,
    }
}

/// In which forms images are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forms<'a> {
    /// Those of a training image.
    pub views: &'a Views,
    /// Changes of the corruption suite that a validation image is seen under, beside itself.
    pub corruptions: u32,
    /// Whether they count when the epoch is chosen.
    pub choose_on: ChooseOn,
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
    pub fn new(data: &DataSet, forms: Forms<'_>) -> Self {
        let views = forms.views.of_image();
        let mut jobs = Jobs { jobs: Vec::new(), starts: vec![0] };
        for item in &data.train {
            jobs.add(item, &views);
        }
        for item in &data.validation {
            jobs.add(item, &validation_views(&item.sha256, forms.corruptions));
        }
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

    /// The samples of the training images, one each with those of its views that are wanted.
    pub fn training(
        &self,
        extraction: &Extraction,
        items: &[Item],
        wanted: impl Fn(&View) -> bool,
    ) -> Samples {
        let mut samples = Samples::default();
        for (item, ends) in items.iter().zip(self.starts.windows(2)) {
            let jobs = (ends[0]..ends[1]).filter(|job| wanted(&self.jobs[*job].view));
            let views: Vec<_> = jobs.filter_map(|job| extraction.features[job].clone()).collect();
            if !views.is_empty() {
                samples.views.push(views);
                samples.labels.push(item.label);
            }
        }
        samples
    }

    /// The forms of the validation images that could be read: those that an epoch is chosen on, and the others. The
    /// first image is the image number `first`.
    pub fn validation<'a>(
        &'a self,
        extraction: &Extraction,
        items: &'a [Item],
        first: usize,
        choose_on: ChooseOn,
    ) -> (Looks<'a>, Looks<'a>) {
        let (mut watched, mut others) = (Looks::default(), Looks::default());
        for (item, ends) in items.iter().zip(self.starts[first..].windows(2)) {
            for job in ends[0]..ends[1] {
                let Some(features) = &extraction.features[job] else { continue };
                let view = &self.jobs[job].view;
                let looks = match (choose_on, view) {
                    (ChooseOn::Clean, View::Corrupted(_)) => &mut others,
                    _ => &mut watched,
                };
                looks.samples.views.push(vec![features.clone()]);
                looks.samples.labels.push(item.label);
                looks.of.push((item, view));
            }
        }
        (watched, others)
    }
}

/// Validation images in one form or several.
#[derive(Default)]
pub(super) struct Looks<'a> {
    /// Their features and labels.
    pub samples: Samples,
    /// Which image each sample is of, and in which form.
    of: Vec<(&'a Item, &'a View)>,
}

impl Looks<'_> {
    fn scores(&self, probabilities: &[f64]) -> Vec<ValidationScore> {
        self.of.iter().zip(probabilities).map(|((item, view), p)| score(item, view, *p)).collect()
    }
}
