//! The confusion matrix at every threshold.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{Confusion, MetricsError, Scored, check};

/// One threshold and what it calls: scores of it or more are positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// The threshold, one of the scores.
    pub threshold: f64,
    #[serde(flatten)]
    pub confusion: Confusion,
}

/// Every threshold that calls differently from the next: the distinct scores from the highest down. At the last
/// one everything is called positive; over the first one nothing would be.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn threshold_table(scored: &[Scored]) -> Result<Vec<ThresholdRow>, MetricsError> {
    check(scored)?;
    let mut ordered = scored.to_vec();
    ordered.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = scored.iter().filter(|(_, label)| *label).count() as u64;
    let mut now = Confusion { fn_: positives, tn: scored.len() as u64 - positives, ..Confusion::default() };
    let mut rows: Vec<ThresholdRow> = Vec::new();
    for (score, label) in ordered {
        if label {
            (now.tp, now.fn_) = (now.tp + 1, now.fn_ - 1);
        } else {
            (now.fp, now.tn) = (now.fp + 1, now.tn - 1);
        }
        match rows.last_mut() {
            Some(last) if last.threshold == score => last.confusion = now,
            _ => rows.push(ThresholdRow { threshold: score, confusion: now }),
        }
    }
    Ok(rows)
}

/// The table as CSV with a header; a rate that divides by nothing is empty.
pub fn threshold_csv(rows: &[ThresholdRow]) -> String {
    let mut csv = String::from("threshold,tp,fp,tn,fn,sensitivity,specificity,ppv,npv,accuracy\n");
    for ThresholdRow { threshold, confusion: c } in rows {
        let rates =
            [c.sensitivity(), c.specificity(), c.positive().precision, c.negative().precision, c.accuracy()];
        let rates = rates.map(|rate| rate.map(|rate| format!("{rate:.6}")).unwrap_or_default()).join(",");
        // Writing to a String cannot fail.
        let _ = writeln!(csv, "{threshold},{},{},{},{},{rates}", c.tp, c.fp, c.tn, c.fn_);
    }
    csv
}
