//! Trains a second head without mirror images, to compare. In a mirror image the heart is on the wrong side; whether such
//! images help is measured, not assumed.

use super::FitOptions;
use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::evaluation::{calibrated, split_by_corruption};
use crate::features::View;
use crate::head::train;
use crate::metrics::Evaluation;
use crate::pipeline::{Event, FeatureJobs, FittedHead};
use crate::run::scored;

/// The validation figures of a head that is trained in the same way without mirror images, at its own threshold by the same
/// rules. `None` where the training uses no mirror images beside the images themselves.
///
/// # Errors
/// What goes wrong in training.
pub(super) fn without_mirror(
    data: &DataSet,
    fitted: &FittedHead,
    options: &FitOptions,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Option<Evaluation>> {
    let source = &options.source;
    if !source.views.of_image().contains(&View::Mirror) {
        if source.views.augmentation.flip {
            observe(Event::Note(
                "mirror images are among the augmented views; compare with a fit with --flip false to see their effect",
            ));
        }
        return Ok(None);
    }
    observe(Event::Note("training a second head without mirror images, to compare"));
    let jobs = FeatureJobs::new(data, source.view_options());
    let training = jobs.training(&fitted.extraction, &data.train, |view| *view != View::Mirror);
    let validation = jobs.validation(&fitted.extraction, data, source.choose_on);
    let monitored = &validation.monitored.samples;
    let trained = train(&options.training, &training, monitored, &device.trainer(), None, |_| {
        options.cancel.check()?;
        anyhow::Ok(())
    })?;
    let scores = validation.scores(&trained, device)?;
    // The comparison decides nothing: a rule that cannot be met must not end the fit.
    let chosen = match options.decision.choose_on(&scores, source.choose_on, source.choose_source.as_deref())
    {
        Ok(chosen) => chosen,
        Err(error) => {
            observe(Event::Warning(&format!("no figures without mirror images: {error}")));
            return Ok(None);
        }
    };
    let (plain, _) = split_by_corruption(&calibrated(&scores, chosen.calibration));
    Ok(Some(Evaluation::new(&scored(&plain), chosen.threshold)?))
}
