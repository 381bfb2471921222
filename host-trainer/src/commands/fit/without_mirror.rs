//! What mirror images do: the heart lies on the wrong side in them, and whether that helps is to be seen, not assumed.

use super::Event;
use super::fit::FitOptions;
use super::head_fit::{FittedHead, Jobs, scored, scores_of};
use super::operating_point::calibrated;
use super::shift::{apart, counted};
use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::features::View;
use crate::head::train;
use crate::metrics::Evaluation;

/// The validation figures of a head that is trained in the same way, but for the mirror images: at a threshold of its own
/// by the same rules. `None` where the training has no mirror images beside the images themselves.
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
                "mirror images are among the varied forms; what they do is told by a fit with --flip false beside this one",
            ));
        }
        return Ok(None);
    }
    observe(Event::Note("training a second head without mirror images, to compare"));
    let jobs = Jobs::new(data, source.forms());
    let training = jobs.training(&fitted.extraction, &data.train, |view| *view != View::Mirror);
    let (watched, others) =
        jobs.validation(&fitted.extraction, &data.validation, data.train.len(), source.choose_on);
    let trained = train(&options.training, &training, &watched.samples, &device.trainer(), None, |_| {
        options.stop.check()?;
        anyhow::Ok(())
    })?;
    let scores = scores_of(&trained, (&watched, &others), device)?;
    // It decides nothing: a rule that it cannot meet is no reason to lose the fit.
    let chosen = match options.decision.choose(&scored(&counted(&scores, source.choose_on))) {
        Ok(chosen) => chosen,
        Err(error) => {
            observe(Event::Warning(&format!("no figures without mirror images: {error}")));
            return Ok(None);
        }
    };
    let (plain, _) = apart(&calibrated(&scores, chosen.calibration));
    Ok(Some(Evaluation::new(&scored(&plain), chosen.threshold)?))
}
