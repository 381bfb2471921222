//! What a call means where the finding is rarer or more common than in the images.

use serde::{Deserialize, Serialize};

use super::{Confusion, MetricsError};

/// Predictive values at one prevalence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictiveValues {
    /// The share of patients who have the finding, from 0 to 1.
    pub prevalence: f64,
    /// Of those called positive, the share who have it; `None` where nobody would be called positive.
    pub ppv: Option<f64>,
    /// Of those called negative, the share who do not; `None` where nobody would be called negative.
    pub npv: Option<f64>,
}

impl Confusion {
    /// The predictive values that this sensitivity and specificity give at another prevalence, by Bayes' rule
    /// (Altman and Bland 1994, doi 10.1136/bmj.309.6947.102). That both carry over to other patients is an
    /// assumption. Nothing is defined where one class does not occur.
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
        Ok(PredictiveValues { prevalence, ppv, npv })
    }
}
