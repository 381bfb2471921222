//! What mirror images do: the heart lies on the wrong side in them, and whether that helps is to be seen, not assumed.

use super::Event;
use super::fit::FitOptions;
use super::head_fit::{FittedHead, Jobs, scored};
use super::operating_point::calibrated;
use super::shift::{apart, counted};
use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::features::View;
use crate::head::{probabilities, train};
use crate::metrics::Evaluation;

/// The validation figures of a head that is trained in the same way, but for the mirror images: at a threshold of its own
/// by the same rules. `None` where the training has no mirror images beside the images themselves.
///
/// # Errors
/// What goes wrong in training, or a rule that no threshold of this head meets.
pub(super) fn without_mirror(
    data: &DataSet,
    fitted: &FittedHead,
    options: &FitOptions,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Option<Evaluation>> {
    let source = &options.source;
    if !source.views.of_image().contains(&View::Mirror) {
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
    let mut scores = watched.scores(&trained.validation_probabilities);
    scores.extend(others.scores(&probabilities(&trained.weights, &others.samples, &device.device)?));
    let chosen = options.decision.choose(&scored(&counted(&scores, source.choose_on)))?;
    let (plain, _) = apart(&calibrated(&scores, chosen.calibration));
    Ok(Some(Evaluation::new(&scored(&plain), chosen.threshold)?))
}
