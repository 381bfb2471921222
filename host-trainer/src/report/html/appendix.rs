//! Sections about the training, and the lists at the end of the page.

use maud::{Markup, html};

use super::parts::{figure, section, table};
use crate::report::ReportInput;
use crate::report::pictures::Pictures;
use crate::report::provenance::head_was_trained_again;
use crate::report::tables::number;

/// Validation images with different verdicts of the int8 model and the float model.
pub(super) fn flips(input: &ReportInput<'_>) -> Markup {
    let Some(cost) = input.evaluation.contract.quantisation.as_ref().filter(|cost| cost.flipped > 0) else {
        return html! {};
    };
    let title = format!(
        "Called differently in 8 bits: {} of {} validation images",
        cost.flipped, cost.compared_images
    );
    section(
        &title,
        html! {
            @match input.quantised {
                Some(comparison) => {
                    @let rows: Vec<[String; 3]> = comparison
                        .flips
                        .iter()
                        .map(|flip| [flip.path.clone(), format!("{:.4}", flip.float), format!("{:.4}", flip.int8)])
                        .collect();
                    (table(&["image", "probability in float", "in 8 bits"], &rows))
                    p.small { "Each model has its own threshold; that of this model is among the figures above." }
                },
                None => p { "`export` lists them beside the model that it writes, in a file that ends in .comparison.json; none \
                             of this model was found there." },
            }
        },
    )
}

pub(super) fn training(input: &ReportInput<'_>, pictures: &Pictures) -> Markup {
    section(
        "Training",
        html! {
            @match input.training {
                Some(record) => {
                    p {
                        "Epoch " (record.best_epoch) " of " (record.history.len())
                        " was kept. Training: " (record.data.train.iter().sum::<usize>()) " images. Validation: "
                        (record.data.validation.iter().sum::<usize>()) " images"
                        @if let Some(shift) = &record.domain_shift { ", each also in " (shift.corruptions) " changed views" }
                        "."
                        @if head_was_trained_again(record, &input.evaluation.contract) {
                            " The curves are those of the run; the head of this int8 model was then trained once more on the \
                             features of the int8 backbones."
                        }
                    }
                    div.pair { (figure(pictures, "loss")) (figure(pictures, "accuracy")) }
                    div.pair {
                        (figure(pictures, "learning-rate"))
                        @if record.fine_tune_best.is_some() { (figure(pictures, "fine-tuning-loss")) }
                    }
                }
                None => p { "The curves are in the run: name its folder with --run." },
            }
        },
    )
}

pub(super) fn threshold_rows(input: &ReportInput<'_>) -> Markup {
    let rows: Vec<[String; 7]> = input
        .details
        .thresholds
        .iter()
        .map(|row| {
            let c = &row.confusion;
            [
                format!("{:.4}", row.threshold),
                c.tp.to_string(),
                c.fp.to_string(),
                c.tn.to_string(),
                c.fn_.to_string(),
                number(c.sensitivity()),
                number(c.specificity()),
            ]
        })
        .collect();
    section(
        "All thresholds",
        html! {
            details {
                summary { (rows.len()) " thresholds; also in thresholds.csv" }
                (table(
                    &["from", "found", "false alarms", "rightly negative", "missed", "sensitivity", "specificity"],
                    &rows,
                ))
            }
        },
    )
}

pub(super) fn left_out(input: &ReportInput<'_>) -> Markup {
    html! {
        @if !input.evaluation.left_out.is_empty() {
            (section("Images that could not be read", html! {
                ul { @for (file, reason) in &input.evaluation.left_out { li { code { (file) } ": " (reason) } } }
            }))
        }
        @if !input.evaluation.refused.is_empty() {
            (section("Images that the quality gate refused", html! {
                ul { @for (file, codes) in &input.evaluation.refused { li { code { (file) } ": " (codes.join(", ")) } } }
            }))
        }
    }
}
