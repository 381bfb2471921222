//! The plots of a report.

use super::ReportInput;
use super::plots::{
    Picture, PlotError, WorkingPoint, accuracy, confusion, histogram, learning_rate, loss, precision_recall,
    reliability_diagram, roc,
};
use crate::evaluation::ScoredImage;
use crate::metrics::Scored;

pub struct Pictures {
    pub evaluation: Vec<Picture>,
    /// Of the training; empty without a run.
    pub training: Vec<Picture>,
}

impl Pictures {
    /// The picture of this name, if it could be drawn from these figures.
    pub fn get(&self, name: &str) -> Option<&Picture> {
        self.evaluation.iter().chain(&self.training).find(|picture| picture.name == name)
    }
}

/// Draws everything that the figures allow: without both classes there is no ROC curve.
///
/// # Errors
/// [`PlotError::Drawing`] if one cannot be drawn.
pub fn draw(input: &ReportInput<'_>) -> Result<Pictures, PlotError> {
    let (run, detail) = (input.evaluation, input.details);
    let e = &run.evaluation;
    let scored: Vec<Scored> = run.images.iter().map(ScoredImage::scored).collect();
    let point =
        WorkingPoint { threshold: e.threshold, band: run.contract.abstain.map(|band| (band.low, band.high)) };
    let before = detail.uncalibrated.as_ref().map(|figures| &figures.reliability);
    let mut evaluation = vec![
        confusion(&e.confusion, &run.classes, e.threshold)?,
        histogram(&scored, &run.classes, &point)?,
        reliability_diagram(&detail.calibration.reliability, before)?,
    ];
    evaluation.extend(roc(&detail.thresholds, e)?);
    evaluation.extend(precision_recall(&detail.thresholds, e, detail.average_precision)?);
    let training = match input.training {
        Some(record) => {
            let (history, kept) = (&record.history, record.best_epoch);
            let mut of_head =
                vec![loss(history, kept)?, accuracy(history, kept)?, learning_rate(history, kept)?];
            if let Some(kept) = record.fine_tune_best {
                let caption =
                    "Loss while layers of the backbones were trained too, after the head.".to_owned();
                let of_backbones = loss(&record.fine_tune_history, kept)?;
                of_head.push(Picture { name: "fine-tuning-loss", caption, ..of_backbones });
            }
            of_head
        }
        None => Vec::new(),
    };
    Ok(Pictures { evaluation, training })
}
