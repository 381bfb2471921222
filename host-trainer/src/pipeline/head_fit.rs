//! Trains the classifier head on the features of the backbones: for `fit`, and again for `export` on int8 backbones.

use std::time::Instant;

use super::{Event, FeatureJobs, TrainingTarget, ValidationSamples, ViewOptions};
use crate::cancel::CancelToken;
use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor};
use crate::head::{
    self, Checkpoint, Epoch, TrainedHead, TrainingConfig, TrainingEvent, probabilities, train,
};
use crate::run::{RunDir, ValidationScore};

/// A trained head with its scores on the validation images.
pub(crate) struct FittedHead {
    pub trained: TrainedHead,
    /// The score of every view of every validation image that could be read.
    pub scores: Vec<ValidationScore>,
    pub extraction: Extraction,
    pub feature_seconds: f64,
    pub training_seconds: f64,
    /// Epochs in which backbones were trained, too.
    pub fine_tune_history: Vec<Epoch>,
    /// The best of these epochs.
    pub fine_tune_best: Option<usize>,
}

/// Where the state of a training is saved after every epoch, and what may end the training.
pub(crate) struct Checkpointing<'a> {
    pub run: &'a RunDir,
    /// Whether an interrupted training is resumed.
    pub resume: bool,
    /// Checked after every step.
    pub cancel: &'a CancelToken,
}

/// What a head is trained on, and how.
pub(crate) struct HeadFit<'a> {
    pub data: &'a DataSet,
    pub extractor: &'a Extractor,
    pub views: ViewOptions<'a>,
    pub training: &'a TrainingConfig,
    pub device: &'a ChosenDevice,
    pub checkpointing: Option<&'a Checkpointing<'a>>,
}

impl HeadFit<'_> {
    /// Computes or loads the features of training and validation images and trains a head on them.
    ///
    /// # Errors
    /// What goes wrong with features or training. Images that cannot be read are no error: they are reported and left out.
    pub fn run(&self, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<FittedHead> {
        let start = Instant::now();
        let jobs = FeatureJobs::new(self.data, self.views);
        let extraction =
            self.extractor.run(jobs.as_slice(), |progress| observe(Event::Features(progress)))?;
        let feature_seconds = start.elapsed().as_secs_f64();
        for (path, reason) in &extraction.unreadable {
            observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
        }
        let training = jobs.training(&extraction, &self.data.train, |_| true);
        let validation = jobs.validation(&extraction, self.data, self.views.choose_on);

        let start = Instant::now();
        let trained = self.train(&training, &validation, observe)?;
        let training_seconds = start.elapsed().as_secs_f64();
        let scores = validation.scores(&trained, self.device)?;
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

    fn train(
        &self,
        training: &head::Samples,
        validation: &ValidationSamples<'_>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<TrainedHead> {
        let epochs = self.training.epochs;
        let resume = self.checkpoint(observe)?;
        let finished = resume.as_ref().map_or(&[][..], Checkpoint::history).to_vec();
        observe(Event::TrainingBegins { target: TrainingTarget::Head, epochs, finished: &finished });
        let samples = &validation.monitored.samples;
        let trained = train(self.training, training, samples, &self.device.trainer(), resume, |event| {
            match event {
                TrainingEvent::Step(step) => observe(Event::Step(step)),
                TrainingEvent::Epoch(epoch, state) => {
                    if let Some(Checkpointing { run, .. }) = self.checkpointing {
                        run.write_progress(state.history())?;
                        state.save(&run.checkpoint_path())?;
                    }
                    observe(Event::Epoch { epoch, epochs });
                }
            }
            self.checkpointing.map_or(Ok(()), |checkpointing| checkpointing.cancel.check())?;
            anyhow::Ok(())
        })?;
        observe(Event::TrainingEnds);
        Ok(trained)
    }

    /// The saved state of an interrupted training, if it shall be resumed and is there.
    fn checkpoint(&self, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Option<Checkpoint>> {
        let Some(Checkpointing { run, resume: true, .. }) = self.checkpointing else { return Ok(None) };
        let found = Checkpoint::load(&run.checkpoint_path())?;
        if found.is_none() {
            observe(Event::Note(
                "there is no interrupted training in this folder: it begins with the first epoch",
            ));
        }
        Ok(found)
    }
}

impl ValidationSamples<'_> {
    /// The score of every view: those monitored in training come with the head, the others are computed now.
    pub fn scores(
        &self,
        trained: &TrainedHead,
        device: &ChosenDevice,
    ) -> anyhow::Result<Vec<ValidationScore>> {
        let mut scores = self.monitored.scores(&trained.validation_probabilities);
        let others = probabilities(&trained.weights, &self.others.samples, &device.device)?;
        scores.extend(self.others.scores(&others));
        Ok(scores)
    }
}
