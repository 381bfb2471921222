//! Sections about the evaluation.

use maud::{Markup, html};

use super::parts::{figure, percent, section, table};
use crate::metrics::Rate;
use crate::report::pictures::Pictures;
use crate::report::tables::{AGAINST_ALL, groups, number, patients, rate, span};
use crate::report::{ReportInput, model_card};

pub(super) fn in_short(input: &ReportInput<'_>) -> Markup {
    let (run, c) = (input.evaluation, &input.evaluation.evaluation.confusion);
    let (yes, no) = (&run.classes.positive, &run.classes.negative);
    section(
        "In short",
        html! {
            div.cards {
                div.card { b { (c.fn_) } " of " (c.tp + c.fn_) " " (yes) span { "were missed: sensitivity " (rate(&run.evaluation.sensitivity)) } }
                div.card { b { (c.fp) } " of " (c.tn + c.fp) " " (no) span { "were false alarms: specificity " (rate(&run.evaluation.specificity)) } }
                div.card { b { (number(run.evaluation.auroc)) } " AUROC" span { (span(run.evaluation.auroc_interval)) "; 0.5 is guessing, 1 perfect" } }
                @if let Some(abstention) = &input.details.abstention {
                    div.card { b { (percent(&abstention.uncertain)) } " uncertain" span { "left to people" } }
                }
            }
            p {
                "From a probability of " b { (format!("{:.4}", run.evaluation.threshold)) } " on, an image is called " (yes)
                ". This threshold " (model_card::chosen(&run.contract.threshold_rule)) " and frozen into the model."
            }
            @if let Some(abstention) = &input.details.abstention {
                p {
                    "Between " (format!("{:.4}", abstention.band.low)) " and " (format!("{:.4}", abstention.band.high))
                    " the model says that it is uncertain: " (abstention.uncertain_positives.n) " " (yes) " and "
                    (abstention.uncertain_negatives.n) " " (no) " were evaluated, "
                    (percent(&abstention.uncertain_positives)) " and " (percent(&abstention.uncertain_negatives))
                    " of them were left open. Outside the band, sensitivity is " (number(abstention.sensitivity.value))
                    " and specificity " (number(abstention.specificity.value))
                    ". All other figures on this page call every image, at the threshold."
                }
            }
        },
    )
}

pub(super) fn prevalence(input: &ReportInput<'_>) -> Markup {
    let rows = patients(input.evaluation, input.details);
    section(
        "What a call means, by how common the finding is",
        html! {
            @if rows.is_empty() {
                p { "Needs images of both classes." }
            } @else {
                p { "Of 1000 patients, if this model did as well on them:" }
                (table(
                    &["share with it", "have it", "found", "missed", "false alarms", "PPV", "NPV"],
                    &rows,
                ))
                p.small {
                    "PPV: a positive call is right so often. NPV: a negative one is. In brackets 95% intervals, from the \
                     images that sensitivity and specificity were counted on. In the images evaluated here "
                    (percent(&Rate::new(input.evaluation.evaluation.positive.support, input.evaluation.evaluation.confusion.total())))
                    " have it; where you work it will be another share."
                }
            }
        },
    )
}

pub(super) fn calibration(input: &ReportInput<'_>, pictures: &Pictures) -> Markup {
    let temperature = input.evaluation.contract.temperature;
    section(
        "Can the probabilities be believed?",
        html! {
            @if temperature == 1.0 {
                p { "The probabilities are not calibrated: they are as the network gives them." }
            } @else {
                p {
                    "Probabilities are divided by the temperature " (format!("{temperature:.3}")) " (as logits), fitted on \
                     validation images" @if temperature > 1.0 { ": the network was too sure." } @else { ": the network was \
                     not sure enough." }
                }
            }
            div.pair { (figure(pictures, "reliability")) (figure(pictures, "scores")) }
        },
    )
}

pub(super) fn by_group(input: &ReportInput<'_>) -> Markup {
    let kinds = [("hospital", &input.details.sources), ("group", &input.details.subgroups)];
    html! {
        @for (kind, figures) in kinds {
            @if !figures.is_empty() {
                (section(&format!("By {kind}"), html! {
                    (table(&[kind, "positives", "negatives", "sensitivity", "specificity", "AUROC"], &groups(figures)))
                    p.small { (AGAINST_ALL) " In brackets 95% intervals." }
                }))
            }
        }
    }
}
