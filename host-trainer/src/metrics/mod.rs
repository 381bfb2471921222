//! How good a classifier is, with what certainty. No formula here is defined where it divides by nothing: such
//! a figure is `None` and printed as `undefined`.

mod average_precision;
mod bootstrap;
mod brier;
mod confusion;
mod delong;
mod intervals;
mod loss;
mod mcnemar;
mod of_thousand;
mod operating_point;
mod predictive;
mod reliability;
mod roc;
mod sample_size;
mod subgroups;
mod summary;
mod temperature;
mod thresholds;

pub use average_precision::average_precision;
pub use bootstrap::{RESAMPLES, bootstrap};
pub use brier::brier_score;
pub use confusion::{ClassReport, Confusion};
pub use delong::{AurocComparison, auroc_variance, compare_auroc};
pub use intervals::{Interval, Z95, auroc_interval, wilson};
pub use loss::log_loss;
pub use mcnemar::{McNemar, mcnemar};
pub use of_thousand::{OfThousand, Prices, of_thousand};
pub use operating_point::{threshold_for_sensitivity, threshold_for_specificity};
pub use predictive::PredictiveValues;
pub use reliability::{RELIABILITY_BINS, Reliability, ReliabilityBin, reliability};
pub use roc::{auroc, youden_threshold};
pub use sample_size::{ExpectedWidths, expected_width};
pub use subgroups::{Subgroup, subgroups};
pub use summary::{Evaluation, Rate, with_interval};
pub use temperature::fit_temperature;
pub use thresholds::{ThresholdRow, threshold_csv, threshold_table};

/// Why figures cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricsError {
    #[error("no scores; give at least one image")]
    Empty,
    #[error("score {index} is {score}, not a probability from 0 to 1; look at the model that gave it")]
    Score {
        /// Its place, from 0.
        index: usize,
        score: f64,
    },
    #[error("threshold {threshold} is not a number from 0 to 1; give another")]
    Threshold { threshold: f64 },
    #[error("no threshold between 0 and 1 gives {rule} on the validation images; ask for less")]
    OutOfReach { rule: String },
    #[error("prevalence {prevalence} is not a number from 0 to 1; give another")]
    Prevalence { prevalence: f64 },
    #[error("the price {price} is not a number of at least 0; give another")]
    Price { price: f64 },
    #[error("all {n} images are of one class; ranking needs both, add images of the other")]
    OneClass { n: usize },
}

/// A score in 0..=1 and whether the image shows the finding.
pub type Scored = (f64, bool);

/// Every score is a number from 0 to 1, and there is one.
fn check(scored: &[Scored]) -> Result<(), MetricsError> {
    if scored.is_empty() {
        return Err(MetricsError::Empty);
    }
    match scored.iter().position(|(score, _)| !(0.0..=1.0).contains(score)) {
        Some(index) => Err(MetricsError::Score { index, score: scored[index].0 }),
        None => Ok(()),
    }
}
