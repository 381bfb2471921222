//! After the head, the last layers of the backbones.

use std::time::Instant;

use burn::tensor::Device;

use super::head_fit::{Checkpointing, FittedHead, score};
use super::{Event, FitOptions, Trained};
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{View, validation_views};
use crate::fine_tune::{FineTune, FineTuneCheckpoint, Images, fine_tune};
use crate::head::{self, Moment};
use crate::run::ChooseOn;
use crate::weights::WeightSet;

/// What came of it.
pub(super) struct Tuned {
    /// The backbones.
    pub sets: Vec<WeightSet>,
    /// The fit with the head that was trained together with them.
    pub fitted: FittedHead,
}

/// Trains the named layers together with the head that `fitted` holds, on the images that could be read.
///
/// # Errors
/// As [`fine_tune`].
pub(super) fn fine_tune_backbones(
    sets: &[WeightSet],
    data: &DataSet,
    fitted: FittedHead,
    (how, options): (&FineTune, &FitOptions),
    device: &ChosenDevice,
    checkpointing: &Checkpointing<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Tuned> {
    let start = Instant::now();
    observe(Event::Note(&format!("training {} with the head", how.unfreeze)));
    let readable = |items: &[Item]| -> Vec<Item> {
        items.iter().filter(|item| !fitted.extraction.unreadable.contains_key(&item.path)).cloned().collect()
    };
    let (train, validation) = (readable(&data.train), readable(&data.validation));
    let corruptions = match options.source.choose_on {
        ChooseOn::Corrupted => options.source.corruptions,
        ChooseOn::Clean => 0,
    };
    let views = |item: &Item| validation_views(&item.sha256, corruptions);
    let views: Vec<Vec<View>> = validation.iter().map(views).collect();
    let validation: Vec<(&Item, &View)> = validation
        .iter()
        .zip(&views)
        .flat_map(|(item, views)| views.iter().map(move |view| (item, view)))
        .collect();
    let images = Images {
        train: &train,
        validation: &validation,
        views: &options.source.views,
        preprocessing: &options.source.preprocessing,
    };
    let of = how.epochs;
    let Checkpointing { run, resume, stop } = checkpointing;
    let resume = if *resume { FineTuneCheckpoint::load(&run.fine_tune_checkpoint_path())? } else { None };
    let done = resume.as_ref().map_or(&[][..], FineTuneCheckpoint::history).to_vec();
    observe(Event::TrainingBegins { what: Trained::Backbones, of, done: &done });
    let weights = (sets, &fitted.trained.weights);
    let devices: Vec<Device> = device.all().cloned().collect();
    let tuned = fine_tune(weights, images, (how, &options.training), &devices, resume, |moment| {
        match moment {
            Moment::Step(step) => observe(Event::Step(step)),
            Moment::Epoch(epoch, state) => {
                run.write_progress(state.history())?;
                state.save(&run.fine_tune_checkpoint_path())?;
                observe(Event::Epoch { epoch, of });
            }
        }
        stop.check()?;
        anyhow::Ok(())
    })?;
    observe(Event::TrainingEnds);
    let scores =
        validation.iter().zip(&tuned.validation_probabilities).map(|((i, v), p)| score(i, v, *p)).collect();
    let trained = head::Trained {
        weights: tuned.head,
        validation_probabilities: tuned.validation_probabilities,
        ..fitted.trained
    };
    let training_seconds = fitted.training_seconds + start.elapsed().as_secs_f64();
    let (fine_tune_history, fine_tune_best) = (tuned.history, Some(tuned.best_epoch));
    let fitted =
        FittedHead { trained, scores, training_seconds, fine_tune_history, fine_tune_best, ..fitted };
    Ok(Tuned { sets: tuned.sets, fitted })
}
