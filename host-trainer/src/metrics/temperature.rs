//! Temperature scaling: probability calibration with one parameter.

use xray_core::decision::ProbabilityCalibration;
use xray_core::package::TEMPERATURES;

use super::{MetricsError, Scored, check};

/// Halvings of the range of 1 / temperature: more than a double can resolve.
const HALVINGS: usize = 80;

/// The temperature that gives the least log loss on these scores (Guo 2017, arXiv:1706.04599). The loss is convex
/// in the inverse temperature, so the place where its slope changes sign is the only least.
///
/// `None` if there is none within [`TEMPERATURES`]: where every score lies on the right side of one half the loss
/// falls for ever as probabilities grow surer, and where scores are ranked worse than by chance it falls as they
/// grow less sure.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn fit_temperature(scored: &[Scored]) -> Result<Option<f64>, MetricsError> {
    check(scored)?;
    // Positive where a score is on the right side.
    let margins: Vec<f64> = scored
        .iter()
        .map(
            |(p, label)| {
                if *label { ProbabilityCalibration::logit(*p) } else { -ProbabilityCalibration::logit(*p) }
            },
        )
        .collect();
    // Slope of the summed loss ln(1 + exp(-βm)) in β.
    let slope = |beta: f64| -> f64 { margins.iter().map(|m| -m / (1.0 + (beta * m).exp())).sum() };
    let (mut low, mut high) = (1.0 / TEMPERATURES.end(), 1.0 / TEMPERATURES.start());
    if slope(low) > 0.0 || slope(high) < 0.0 {
        return Ok(None);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    Ok(Some(1.0 / f64::midpoint(low, high)))
}
