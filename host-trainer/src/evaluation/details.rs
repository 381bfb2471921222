//! Figures beyond those at the threshold of a model.

use anyhow::ensure;
use serde::Serialize;
use xray_core::decision::Finding;
use xray_core::package::AbstainBand;

use super::{ModelEvaluation, ScoredImage};
use crate::data::Groups;
use crate::metrics::{
    Confusion, Interval, MetricsError, PredictiveValues, RESAMPLES, Rate, Reliability, Scored, Subgroup,
    ThresholdRow, auroc, average_precision, bootstrap, brier_score, log_loss, reliability, subgroups,
    threshold_table,
};

/// Seeds the resamples, so that a figure does not change from one call to the next.
const BOOTSTRAP_SEED: u64 = 1;

/// What [`EvaluationDetails`] shall hold.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailsOptions {
    /// Groups that get figures of their own.
    pub groups: Groups,
    /// Prevalences, each from 0 to 1, that predictive values are computed for.
    pub prevalences: Vec<f64>,
}

impl DetailsOptions {
    /// Default prevalences: from a screening to a chest clinic.
    pub const PREVALENCES: [f64; 4] = [0.02, 0.1, 0.25, 0.5];
}

impl Default for DetailsOptions {
    fn default() -> Self {
        DetailsOptions { groups: Groups::ByName, prevalences: Self::PREVALENCES.to_vec() }
    }
}

/// The quality of the probabilities: probability calibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationFigures {
    /// Mean squared distance from the truth, 0..1.
    pub brier: f64,
    /// 95% interval by bootstrap.
    pub brier_interval: Option<Interval>,
    /// Mean log loss, natural logarithm.
    pub log_loss: f64,
    /// Bins and expected calibration error.
    #[serde(flatten)]
    pub reliability: Reliability,
}

impl CalibrationFigures {
    fn new(scored: &[Scored]) -> Result<Self, MetricsError> {
        Ok(CalibrationFigures {
            brier: brier_score(scored)?,
            brier_interval: resampled(scored, |drawn| brier_score(drawn).ok())?,
            log_loss: log_loss(scored)?,
            reliability: reliability(scored)?,
        })
    }
}

/// The 95% bootstrap interval of a figure; `None` where a resample has none.
fn resampled(
    scored: &[Scored],
    figure: impl Fn(&[Scored]) -> Option<f64>,
) -> Result<Option<Interval>, MetricsError> {
    bootstrap(scored, RESAMPLES, BOOTSTRAP_SEED, figure)
}

/// The effect of the abstain band.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Abstention {
    pub band: AbstainBand,
    /// Share of all images inside the band.
    pub uncertain: Rate,
    /// Share of the positives inside it.
    pub uncertain_positives: Rate,
    /// Share of the negatives inside it.
    pub uncertain_negatives: Rate,
    /// Counts of the images outside it.
    pub decided: Confusion,
    /// Of the positives outside it.
    pub sensitivity: Rate,
    /// Of the negatives outside it.
    pub specificity: Rate,
}

/// Figures beyond [`crate::metrics::Evaluation`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationDetails {
    /// 95% interval of the area under the ROC curve, by bootstrap; `None` when only one class occurs.
    pub auroc_bootstrap: Option<Interval>,
    /// Average precision; `None` without a positive.
    pub average_precision: Option<f64>,
    /// Its 95% interval, by bootstrap.
    pub average_precision_interval: Option<Interval>,
    /// 95% interval of the positive class's F1 at the threshold, by bootstrap.
    pub f1_interval: Option<Interval>,
    /// After probability calibration.
    pub calibration: CalibrationFigures,
    /// Before probability calibration; `None` if the model has no temperature.
    pub uncalibrated: Option<CalibrationFigures>,
    pub predictive_values: Vec<PredictiveValues>,
    /// `None` if the model has no abstain band.
    pub abstention: Option<Abstention>,
    pub subgroups: Vec<Subgroup>,
    /// The same by hospital; empty where there is only one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Subgroup>,
    pub thresholds: Vec<ThresholdRow>,
}

impl EvaluationDetails {
    /// # Errors
    /// If a prevalence is not between 0 and 1, or a groups file names none of the images.
    pub fn new(run: &ModelEvaluation, options: &DetailsOptions) -> anyhow::Result<EvaluationDetails> {
        let scored: Vec<Scored> = run.images.iter().map(ScoredImage::scored).collect();
        let grouped: Vec<_> = run
            .images
            .iter()
            .map(|image| (image.scored(), options.groups.group_of(&image.relative)))
            .collect();
        ensure!(
            options.groups == Groups::ByName || grouped.iter().any(|(_, group)| group.is_some()),
            "the groups file names none of the {} images; write paths as `{}`",
            run.images.len(),
            run.images.first().map_or("test/NORMAL/1.png", |image| &image.relative)
        );
        let by_source: Vec<_> =
            run.images.iter().map(|image| (image.scored(), Some(image.source.as_str()))).collect();
        let uncalibrated: Vec<Scored> =
            run.images.iter().map(|image| (image.uncalibrated, image.label)).collect();
        let c = run.evaluation.confusion;
        let predictive: Result<_, _> = options.prevalences.iter().map(|p| c.predictive_values(*p)).collect();
        Ok(EvaluationDetails {
            auroc_bootstrap: resampled(&scored, |drawn| auroc(drawn).ok())?,
            average_precision: average_precision(&scored)?,
            average_precision_interval: resampled(&scored, |drawn| average_precision(drawn).ok().flatten())?,
            f1_interval: resampled(&scored, |drawn| {
                Confusion::at(drawn, run.evaluation.threshold).positive().f1
            })?,
            calibration: CalibrationFigures::new(&scored)?,
            uncalibrated: match run.contract.temperature == 1.0 {
                true => None,
                false => Some(CalibrationFigures::new(&uncalibrated)?),
            },
            predictive_values: predictive?,
            abstention: run.contract.abstain.map(|band| abstention(band, &run.images)),
            subgroups: subgroups(&grouped, run.evaluation.threshold)?,
            sources: subgroups(&by_source, run.evaluation.threshold)?,
            thresholds: threshold_table(&scored)?,
        })
    }
}

fn abstention(band: AbstainBand, images: &[ScoredImage]) -> Abstention {
    let mut decided = Confusion::default();
    let mut uncertain = [0; 2];
    for image in images {
        let cell = match (image.finding, image.label) {
            (Finding::Suspected, true) => &mut decided.tp,
            (Finding::Suspected, false) => &mut decided.fp,
            (Finding::NoSign, false) => &mut decided.tn,
            (Finding::NoSign, true) => &mut decided.fn_,
            (Finding::Uncertain, label) => &mut uncertain[usize::from(label)],
        };
        *cell += 1;
    }
    let [negatives, positives] = uncertain;
    let (decided_positives, decided_negatives) = (decided.tp + decided.fn_, decided.tn + decided.fp);
    Abstention {
        band,
        uncertain: Rate::new(negatives + positives, images.len() as u64),
        uncertain_positives: Rate::new(positives, positives + decided_positives),
        uncertain_negatives: Rate::new(negatives, negatives + decided_negatives),
        decided,
        sensitivity: Rate::new(decided.tp, decided_positives),
        specificity: Rate::new(decided.tn, decided_negatives),
    }
}
