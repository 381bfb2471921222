//! The audit as tables and words, the same in the report and on the model card.

use super::ReportInput;
use super::tables::{rate, with_span};
use crate::audit::Audit;
use crate::evaluation::NO_VERDICT;

/// The audits that a report shows.
pub struct AuditTables<'a> {
    /// What was audited, on which images.
    pub subject: String,
    /// What there is to say of the limits, one line a figure.
    pub words: String,
    /// Each with what it is of.
    pub tables: Vec<(&'static str, &'a Audit)>,
}

/// The audit of the model on the images of the evaluation, and that of its run on the validation images, as far as there are
/// any.
pub fn audits<'a>(input: &ReportInput<'a>) -> Vec<AuditTables<'a>> {
    let of_model = input.audit.map(|audit| AuditTables {
        subject: format!("The model on {} images ({})", audit.images, audit.split),
        words: audit.words(),
        tables: vec![
            ("Quality gate off", &audit.gate_off),
            ("Quality gate on: without the images that it refuses", &audit.gate_on),
        ],
    });
    let of_run = input.training.and_then(|record| record.audit.as_ref()).map(|audit| AuditTables {
        subject: format!("The head of the run on {} validation images", audit.images),
        words: audit.verdict().map_or_else(|| NO_VERDICT.to_owned(), |verdict| verdict.to_string()),
        tables: vec![("Quality gate off", &audit.figures)],
    });
    of_model.into_iter().chain(of_run).collect()
}

/// What is said where there is no audit.
pub const NONE: &str = "It was not measured here. `host-trainer evaluate --audit` measures it.";

/// What the changes of the audit are for.
pub const EXPLANATION: &str = "Each image is changed so that one kind of evidence is gone or alone is left. A model that looks at the \
                               lungs loses little by another frame and tells nothing by the frame alone (AUROC 0.5). The \
                               middle is the box of columns 30 to 194 and rows 22 to 212 of 224. In brackets 95% intervals \
                               (DeLong; that of the loss is paired).";

/// The header of [`rows`].
pub const HEADER: [&str; 6] = ["images", "n", "AUROC", "lost", "sensitivity", "specificity"];

/// A row for the images as they are and for each change; then the same of each hospital.
pub fn rows(audit: &Audit) -> Vec<[String; 6]> {
    let by_source = audit.by_source.iter().map(|of_source| (of_source.source.as_str(), &of_source.rows));
    let mut all = Vec::new();
    for (source, rows) in std::iter::once(("", &audit.rows)).chain(by_source) {
        let prefix = if source.is_empty() { String::new() } else { format!("{source}: ") };
        all.extend(rows.iter().map(|row| {
            [
                prefix.clone() + row.described(),
                row.images.to_string(),
                with_span(row.auroc, row.auroc_interval),
                row.drop.map_or_else(String::new, |drop| with_span(Some(drop), row.drop_interval)),
                rate(&row.sensitivity),
                rate(&row.specificity),
            ]
        }));
    }
    all
}

/// The header of [`told_rows`].
pub const TOLD_HEADER: [&str; 5] = ["class", "hospital", "from", "n", "AUROC"];

/// How well the score tells the hospital within a class: a row for each pair and class.
pub fn told_rows(audit: &Audit) -> Vec<[String; 5]> {
    let told = audit.source_told.iter();
    told.map(|told| {
        let ([first, second], [of_first, of_second]) = (&told.sources, told.images);
        [
            if told.label { "with the finding" } else { "without the finding" }.to_owned(),
            second.clone(),
            first.clone(),
            format!("{of_second} and {of_first}"),
            with_span(Some(told.auroc), told.auroc_interval),
        ]
    })
    .collect()
}

/// What a score that tells the hospital means.
pub const TOLD: &str = "How well the score tells the hospital within a class (0.5 is chance): either the model knows the hospital, or \
                        its patients are more or less ill.";
