//! The figures of a classifier on one set of images.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{
    ClassReport, Confusion, Interval, MetricsError, Scored, auroc, auroc_interval, check, log_loss, wilson,
};
use crate::data::ClassNames;

/// A proportion with its 95% Wilson interval; value and interval are `None` when `n` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The proportion, from 0 to 1.
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    /// How many images it was counted on.
    pub n: u64,
}

impl Rate {
    pub fn new(part: u64, n: u64) -> Rate {
        Rate { value: (n > 0).then(|| part as f64 / n as f64), interval: wilson(part, n), n }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&with_interval(self.value, self.interval))
    }
}

/// How a classifier did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Scores of this or more were called positive.
    pub threshold: f64,
    pub confusion: Confusion,
    pub negative: ClassReport,
    pub positive: ClassReport,
    /// The part called rightly.
    pub accuracy: Rate,
    /// Of the positive, the part called positive.
    pub sensitivity: Rate,
    /// Of the negative, the part called negative.
    pub specificity: Rate,
    /// Area under the ROC curve; `None` when only one class occurs.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong); `None` also when a class has one image only.
    pub auroc_interval: Option<Interval>,
    /// Mean log loss, natural logarithm.
    pub log_loss: f64,
}

impl Evaluation {
    /// Judges `scored` at `threshold`.
    ///
    /// # Errors
    /// [`MetricsError`] when there is no score, or a score or the threshold is not in 0..=1 (so also NaN).
    pub fn new(scored: &[Scored], threshold: f64) -> Result<Evaluation, MetricsError> {
        check(scored)?;
        if !(0.0..=1.0).contains(&threshold) {
            return Err(MetricsError::Threshold { threshold });
        }
        let c = Confusion::at(scored, threshold);
        let (auroc, auroc_interval) = match auroc(scored) {
            Err(MetricsError::OneClass { .. }) => (None, None),
            area => (Some(area?), auroc_interval(scored)?),
        };
        Ok(Evaluation {
            threshold,
            confusion: c,
            negative: c.negative(),
            positive: c.positive(),
            accuracy: Rate::new(c.tp + c.tn, c.total()),
            sensitivity: Rate::new(c.tp, c.tp + c.fn_),
            specificity: Rate::new(c.tn, c.tn + c.fp),
            auroc,
            auroc_interval,
            log_loss: log_loss(scored)?,
        })
    }

    /// The report as text: per class, counts, rates with 95% intervals. Ends with a line break.
    pub fn render_text(&self, classes: &ClassNames) -> String {
        let c = &self.confusion;
        let (no, yes) = (classes.negative.as_str(), classes.positive.as_str());
        let width = no.chars().count().max(yes.chars().count()).max(12);
        let mut text = String::new();
        let mut line = |content: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", content.trim_end());
        };
        line(format!(
            "{:width$} {:>10} {:>10} {:>10} {:>9}",
            "", "precision", "recall", "f1-score", "support"
        ));
        for (name, r) in [(no, &self.negative), (yes, &self.positive)] {
            let [precision, recall, f1] = [r.precision, r.recall, r.f1].map(figure);
            line(format!("{name:width$} {precision:>10} {recall:>10} {f1:>10} {:>9}", r.support));
        }
        line(String::new());
        line("Confusion matrix (rows: truth, columns: call)".to_owned());
        line(format!("{:width$} {no:>width$} {yes:>width$}", ""));
        line(format!("{no:width$} {:>width$} {:>width$}", c.tn, c.fp));
        line(format!("{yes:width$} {:>width$} {:>width$}", c.fn_, c.tp));
        line(String::new());
        line(format!("threshold    {:.4}", self.threshold));
        for (name, rate) in [
            ("accuracy", &self.accuracy),
            ("sensitivity", &self.sensitivity),
            ("specificity", &self.specificity),
        ] {
            line(format!("{name:12} {rate}  n = {}", rate.n));
        }
        line(format!("AUROC        {}{}", figure(self.auroc), span(&self.auroc_interval)));
        line(format!("log loss     {:.4}", self.log_loss));
        line("95% intervals: Wilson for proportions, DeLong for AUROC".to_owned());
        text
    }
}

impl std::fmt::Display for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render_text(&ClassNames::default()))
    }
}

/// A figure with its interval in brackets, where it has one: `0.9750 [0.9570, 0.9850]`.
pub fn with_interval(value: Option<f64>, interval: Option<Interval>) -> String {
    figure(value) + &span(&interval)
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"))
}

fn span(interval: &Option<Interval>) -> String {
    interval.map_or_else(String::new, |i| format!(" [{:.4}, {:.4}]", i.low, i.high))
}
