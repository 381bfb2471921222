//! Fine-tunes backbones after the training of the head.

use std::time::Instant;

use burn::tensor::Device;

use super::FitOptions;
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{View, validation_views};
use crate::fine_tune::{FineTune, FineTuneCheckpoint, FineTuneJob, FineTuned, TuningImages, fine_tune};
use crate::head::{TrainedHead, TrainingEvent};
use crate::pipeline::{Checkpointing, Event, FittedHead, TrainingTarget, validation_score};
use crate::run::ChooseOn;
use crate::weights::WeightSet;

/// Backbones after fine-tuning.
pub(super) struct FineTunedBackbones {
    pub sets: Vec<WeightSet>,
    /// The fit, with the head that was trained together with the backbones.
    pub fitted: FittedHead,
}

/// Fine-tunes the backbones of a fit.
pub(super) struct BackboneTuning<'a> {
    pub sets: &'a [WeightSet],
    pub data: &'a DataSet,
    pub fine_tune: &'a FineTune,
    pub options: &'a FitOptions,
    pub device: &'a ChosenDevice,
    pub checkpointing: &'a Checkpointing<'a>,
}

impl BackboneTuning<'_> {
    /// Trains the layers together with the head of `fitted`, on the images that could be read.
    ///
    /// # Errors
    /// As [`fine_tune`].
    pub fn run(
        &self,
        fitted: FittedHead,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<FineTunedBackbones> {
        let start = Instant::now();
        observe(Event::Note(&format!("training {} with the head", self.fine_tune.unfreeze)));
        let unreadable = &fitted.extraction.unreadable;
        let readable = |items: &[Item]| -> Vec<Item> {
            items.iter().filter(|item| !unreadable.contains_key(&item.path)).cloned().collect()
        };
        let (train, validation) = (readable(&self.data.train), readable(&self.data.validation));
        let source = &self.options.source;
        let corruptions = match source.choose_on {
            ChooseOn::Corrupted | ChooseOn::Worst => source.corruptions,
            ChooseOn::Clean | ChooseOn::Drawn => 0,
        };
        let views: Vec<Vec<View>> =
            validation.iter().map(|item| validation_views(&item.sha256, corruptions)).collect();
        let validation: Vec<(&Item, &View)> = validation
            .iter()
            .zip(&views)
            .flat_map(|(item, views)| views.iter().map(move |view| (item, view)))
            .collect();
        let images = TuningImages {
            train: &train,
            validation: &validation,
            views: &source.views,
            preprocessing: &source.preprocessing,
        };
        let tuned = self.train(images, &fitted, observe)?;
        let scores = validation
            .iter()
            .zip(&tuned.validation_probabilities)
            .map(|((item, view), probability)| validation_score(item, view, *probability))
            .collect();
        let trained = TrainedHead {
            weights: tuned.head,
            validation_probabilities: tuned.validation_probabilities,
            ..fitted.trained
        };
        let fitted = FittedHead {
            trained,
            scores,
            training_seconds: fitted.training_seconds + start.elapsed().as_secs_f64(),
            fine_tune_history: tuned.history,
            fine_tune_best: Some(tuned.best_epoch),
            ..fitted
        };
        Ok(FineTunedBackbones { sets: tuned.sets, fitted })
    }

    fn train(
        &self,
        images: TuningImages<'_>,
        fitted: &FittedHead,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<FineTuned> {
        let epochs = self.fine_tune.epochs;
        let Checkpointing { run, resume, cancel } = self.checkpointing;
        let resume = if *resume { FineTuneCheckpoint::load(&run.fine_tune_checkpoint_path())? } else { None };
        let finished = resume.as_ref().map_or(&[][..], FineTuneCheckpoint::history).to_vec();
        observe(Event::TrainingBegins { target: TrainingTarget::Backbones, epochs, finished: &finished });
        let devices: Vec<Device> = self.device.all().cloned().collect();
        let job = FineTuneJob {
            sets: self.sets,
            head: &fitted.trained.weights,
            images,
            options: self.fine_tune,
            training: &self.options.training,
            devices: &devices,
        };
        let tuned = fine_tune(job, resume, |event| {
            match event {
                TrainingEvent::Step(step) => observe(Event::Step(step)),
                TrainingEvent::Epoch(epoch, state) => {
                    run.write_progress(state.history())?;
                    state.save(&run.fine_tune_checkpoint_path())?;
                    observe(Event::Epoch { epoch, epochs });
                }
            }
            cancel.check()?;
            anyhow::Ok(())
        })?;
        observe(Event::TrainingEnds);
        Ok(tuned)
    }
}
