//! Figures as table rows, the same in the report and on the model card.

use crate::evaluation::{EvaluationDetails, ModelEvaluation, ScoredImage};
use crate::metrics::{Interval, Rate, Subgroup};

/// One row: name, value, 95% interval, number of images.
pub type FigureRow = [String; 4];

pub fn figures(run: &ModelEvaluation, detail: &EvaluationDetails) -> Vec<FigureRow> {
    let e = &run.evaluation;
    let calibrated = &detail.calibration;
    let all = e.confusion.total();
    let row = |name: &str, value: Option<f64>, interval: Option<Interval>, n: u64| {
        [name.to_owned(), number(value), span(interval), n.to_string()]
    };
    let of = |name: &str, rate: &Rate| row(name, rate.value, rate.interval, rate.n);
    let mut rows = vec![
        of("accuracy", &e.accuracy),
        of("sensitivity", &e.sensitivity),
        of("specificity", &e.specificity),
        row("AUROC (DeLong)", e.auroc, e.auroc_interval, all),
        row("AUROC (bootstrap)", e.auroc, detail.auroc_bootstrap, all),
        row("average precision", detail.average_precision, detail.average_precision_interval, all),
        row("F1 of the positive class", e.positive.f1, detail.f1_interval, all),
        row("Brier score", Some(calibrated.brier), calibrated.brier_interval, all),
        row("expected calibration error", Some(calibrated.reliability.expected_error), None, all),
        row("log loss", Some(e.log_loss), None, all),
    ];
    if let Some(before) = &detail.uncalibrated {
        let error = before.reliability.expected_error;
        rows.push(row("Brier score before calibration", Some(before.brier), before.brier_interval, all));
        rows.push(row("calibration error before calibration", Some(error), None, all));
    }
    rows
}

/// What the figures without a unit mean.
pub const GLOSSARY: &str = "AUROC: how often a positive has the higher score than a negative; 0.5 is guessing, 1 perfect. Average \
                            precision: the area under the curve of precision over sensitivity. F1: harmonic mean of \
                            precision and sensitivity. Brier score: mean squared distance of the probability from the \
                            truth, and log loss: mean surprise by it; 0 is best in both. Expected calibration error: mean \
                            distance between a probability and the share of positives that had it.";

/// The figures of each group or hospital: name, positives, negatives, sensitivity, specificity, AUROC.
pub fn groups(groups: &[Subgroup]) -> Vec<[String; 6]> {
    let one = |group: &Subgroup| {
        let mut area = with_span(group.auroc, group.auroc_interval);
        if group.auroc_against_all && group.auroc.is_some() {
            area.push_str(" *");
        }
        [
            group.name.clone().unwrap_or_else(|| "(no group)".to_owned()),
            group.positives.to_string(),
            group.negatives.to_string(),
            rate(&group.sensitivity),
            rate(&group.specificity),
            area,
        ]
    };
    groups.iter().map(one).collect()
}

/// What is said of the star in the table of groups.
pub const AGAINST_ALL: &str = "* It holds one class only: its images against all images of the other class.";

/// What 1000 patients would meet at a prevalence: prevalence, have it, found, missed, false alarms, PPV, NPV.
pub fn patients(run: &ModelEvaluation, detail: &EvaluationDetails) -> Vec<[String; 7]> {
    let c = &run.evaluation.confusion;
    let (Some(sensitivity), Some(specificity)) = (c.sensitivity(), c.specificity()) else {
        return Vec::new();
    };
    let one = |row: &crate::metrics::PredictiveValues| {
        let ill = 1000.0 * row.prevalence;
        [
            format!("{:.1}%", 100.0 * row.prevalence),
            format!("{ill:.0}"),
            format!("{:.0}", ill * sensitivity),
            format!("{:.0}", ill * (1.0 - sensitivity)),
            format!("{:.0}", (1000.0 - ill) * (1.0 - specificity)),
            with_span(row.ppv, row.ppv_interval),
            with_span(row.npv, row.npv_interval),
        ]
    };
    detail.predictive_values.iter().map(one).collect()
}

/// Every image with its score, as CSV.
///
/// # Errors
/// The error of the CSV writer; it writes to memory.
pub fn scores_csv(images: &[ScoredImage]) -> Result<Vec<u8>, String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [&str; 5]| csv.write_record(row).map_err(|error| error.to_string());
    write(["path", "label", "probability", "uncalibrated", "verdict"])?;
    for image in images {
        let [probability, uncalibrated] = [image.probability, image.uncalibrated].map(|p| p.to_string());
        let label = if image.label { "1" } else { "0" };
        write([&image.relative, label, &probability, &uncalibrated, image.finding.code()])?;
    }
    csv.into_inner().map_err(|error| error.to_string())
}

/// A share with its interval; a dash where there is nothing to count.
pub fn rate(rate: &Rate) -> String {
    match rate.n {
        0 => "–".to_owned(),
        _ => with_span(rate.value, rate.interval),
    }
}

/// A figure with three digits.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"))
}

/// An interval with three digits; nothing where there is none.
pub fn span(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |i| format!("{:.3} to {:.3}", i.low, i.high))
}

/// A figure with its interval, if it has one.
pub fn with_span(value: Option<f64>, interval: Option<Interval>) -> String {
    match interval {
        Some(_) => format!("{} ({})", number(value), span(interval)),
        None => number(value),
    }
}
