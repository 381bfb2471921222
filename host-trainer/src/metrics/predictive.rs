//! Predictive values (PPV, NPV) at other prevalences than in the images.

use serde::{Deserialize, Serialize};

use super::{Confusion, Interval, MetricsError, Rate};

/// Predictive values at one prevalence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictiveValues {
    /// The share of patients who have the finding, from 0 to 1.
    pub prevalence: f64,
    /// Of those called positive, the share who have it; `None` where nobody would be called positive.
    pub ppv: Option<f64>,
    /// Of those called negative, the share who do not; `None` where nobody would be called negative.
    pub npv: Option<f64>,
    /// 95% interval of `ppv`, from the images that sensitivity and specificity were counted on.
    pub ppv_interval: Option<Interval>,
    /// 95% interval of `npv`.
    pub npv_interval: Option<Interval>,
}

impl Confusion {
    /// The predictive values that this sensitivity and specificity give at another prevalence, by Bayes' rule
    /// (Altman and Bland 1994, doi 10.1136/bmj.309.6947.102). That both carry over to other patients is an
    /// assumption. Nothing is defined where one class does not occur.
    ///
    /// A predictive value is a function of one ratio of two shares that were counted on different images, so its interval
    /// is that of the ratio, by the method of variance estimates recovery (Donner and Zou 2012, doi
    /// 10.1177/0962280210383465) from the Wilson intervals of both.
    ///
    /// # Errors
    /// [`MetricsError::Prevalence`] if it is not in 0..=1.
    pub fn predictive_values(&self, prevalence: f64) -> Result<PredictiveValues, MetricsError> {
        if !(0.0..=1.0).contains(&prevalence) {
            return Err(MetricsError::Prevalence { prevalence });
        }
        let share = |right: f64, wrong: f64| (right + wrong > 0.0).then(|| right / (right + wrong));
        let (ppv, npv) = match (self.sensitivity(), self.specificity()) {
            (Some(sensitivity), Some(specificity)) => {
                let well = 1.0 - prevalence;
                (
                    share(sensitivity * prevalence, (1.0 - specificity) * well),
                    share(specificity * well, (1.0 - sensitivity) * prevalence),
                )
            }
            _ => (None, None),
        };
        let positives = [self.tp, self.fn_].map(|count| Rate::new(count, self.tp + self.fn_));
        let negatives = [self.tn, self.fp].map(|count| Rate::new(count, self.tn + self.fp));
        let odds = prevalence / (1.0 - prevalence);
        // PPV = 1 / (1 + (1 - specificity) / sensitivity / odds), NPV = 1 / (1 + (1 - sensitivity) / specificity · odds).
        let of = |wrong: &Rate, right: &Rate, by: f64| {
            let ratio = ratio_interval(wrong, right)?;
            let ends = [ratio.high, ratio.low].map(|ratio| 1.0 / (1.0 + ratio * by));
            ends.iter().all(|end| end.is_finite()).then_some(Interval { low: ends[0], high: ends[1] })
        };
        let ppv_interval = ppv.and_then(|_| of(&negatives[1], &positives[0], 1.0 / odds));
        let npv_interval = npv.and_then(|_| of(&positives[1], &negatives[0], odds));
        Ok(PredictiveValues { prevalence, ppv, npv, ppv_interval, npv_interval })
    }
}

/// The 95% interval of the ratio of two independent shares, above / below; `None` where the one below is 0.
fn ratio_interval(above: &Rate, below: &Rate) -> Option<Interval> {
    let (a, b) = (above.value?, below.value?);
    let (of_a, of_b) = (above.interval?, below.interval?);
    // An end of the ratio is where both shares go as far as their own intervals let them together.
    let end = |of_a: f64, of_b: f64, sign: f64| {
        let (rest_a, rest_b) = (of_a * (2.0 * a - of_a), of_b * (2.0 * b - of_b));
        ((a * b) + sign * ((a * b).powi(2) - rest_a * rest_b).max(0.0).sqrt()) / rest_b
    };
    let (low, high) = (end(of_a.low, of_b.high, -1.0), end(of_a.high, of_b.low, 1.0));
    (b > 0.0 && low.is_finite() && high.is_finite()).then(|| Interval { low: low.max(0.0), high })
}
