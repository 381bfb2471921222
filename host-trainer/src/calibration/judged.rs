//! Figures of one operating point on labelled images.

use serde::Serialize;
use xray_core::decision::ProbabilityCalibration;
use xray_core::package::AbstainBand;

use crate::metrics::{Evaluation, Interval, MetricsError, Rate, Scored, reliability};

/// How an operating point does on labelled images. An image in the abstain band counts by the threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub temperature: f64,
    /// On calibrated probabilities.
    pub threshold: f64,
    /// None: no band.
    pub abstain: Option<AbstainBand>,
    /// Share of the images in the band.
    pub uncertain: Option<Rate>,
    /// None if the images are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong).
    pub auroc_interval: Option<Interval>,
    pub sensitivity: Rate,
    pub specificity: Rate,
    /// Expected calibration error of the calibrated probabilities, 0..1.
    pub expected_calibration_error: f64,
}

impl Judged {
    /// The figures of an operating point on uncalibrated scores.
    ///
    /// # Errors
    /// [`MetricsError`] without scores.
    pub fn new(
        uncalibrated: &[Scored],
        calibration: ProbabilityCalibration,
        threshold: f64,
        abstain: Option<AbstainBand>,
    ) -> Result<Judged, MetricsError> {
        let scores: Vec<Scored> =
            uncalibrated.iter().map(|(p, label)| (calibration.apply_to(*p), *label)).collect();
        let evaluation = Evaluation::new(&scores, threshold)?;
        let uncertain = abstain.map(|band| {
            let inside = scores.iter().filter(|(p, _)| band.holds(*p)).count();
            Rate::new(inside as u64, scores.len() as u64)
        });
        Ok(Judged {
            temperature: calibration.temperature(),
            threshold,
            abstain,
            uncertain,
            auroc: evaluation.auroc,
            auroc_interval: evaluation.auroc_interval,
            sensitivity: evaluation.sensitivity,
            specificity: evaluation.specificity,
            expected_calibration_error: reliability(&scores)?.expected_error,
        })
    }
}
