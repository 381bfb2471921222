//! The report: one file that needs nothing beside it.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use xray_core::decision::{DISCLAIMER, Finding};
use xray_core::heat_map::colour;
use xray_core::package::RANDOM_WARNING;

use super::gallery::{Error, SHOWN, errors};
use super::pictures::Pictures;
use super::provenance::{head_was_trained_again, provenance};
use super::tables::{AGAINST_ALL, GLOSSARY, figures, groups, number, patients, rate, span};
use super::{ReportInput, model_card};
use crate::metrics::{RESAMPLES, Rate};

/// How the page looks, on a screen and on paper.
const STYLE: &str = include_str!("report.css");

/// Renders the page. Names of files and classes come from outside and are escaped.
pub fn render(input: &ReportInput<'_>, pictures: &Pictures) -> String {
    let run = input.evaluation;
    let title = format!("Evaluation on {} images ({})", run.evaluation.confusion.total(), run.split);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.disclaimer { (DISCLAIMER) " This page holds X-rays: keep it as you keep them." }
                    @if run.random_backbones { p.alarm { (RANDOM_WARNING) } }
                    @if let Some(warning) = model_card::seen_before(run.split) { p.alarm { (warning) } }
                    @if !run.left_out.is_empty() {
                        p.alarm {
                            (run.left_out.len()) " image(s) could not be read and are in no figure; they are listed below."
                        }
                    }
                    @if !run.refused.is_empty() {
                        p.alarm {
                            (run.refused.len()) " image(s) were refused by the model's gate and are in no figure; they are "
                            "listed below."
                        }
                    }
                    p.small { "Model " (input.model.display()) ", SHA-256 " code { (run.model) } }
                }
                main {
                    (in_short(input))
                    (section("Figures", html! {
                        div.pair {
                            div.figures {
                                (table(&["figure", "value", "95% interval", "images"], &figures(run, input.details)))
                                p.small {
                                    "Intervals: Wilson for shares; DeLong, and the bootstrap with " (RESAMPLES)
                                    " resamples, for AUROC. They hold for images such as these and say nothing about other \
                                     hospitals."
                                }
                                p.small { (GLOSSARY) }
                            }
                            (figure(pictures, "confusion"))
                        }
                    }))
                    (section("At every threshold", html! {
                        div.pair { (figure(pictures, "roc")) (figure(pictures, "precision-recall")) }
                    }))
                    (prevalence(input))
                    (calibration(input, pictures))
                    (by_group(input))
                    (error_gallery(input))
                    (training(input, pictures))
                    (section("Where the model comes from", html! {
                        (table(&["", ""], &provenance(input)))
                    }))
                    (flips(input))
                    (section("What it is for, and not", html! {
                        ul { @for line in model_card::limits(input) { li { (line) } } }
                    }))
                    (threshold_rows(input))
                    (left_out(input))
                }
            }
        }
    };
    page.into_string()
}

fn section(title: &str, content: Markup) -> Markup {
    html! { section { h2 { (title) } (content) } }
}

fn table<const N: usize>(header: &[&str; N], rows: &[[String; N]]) -> Markup {
    html! {
        table {
            @if header.iter().any(|name| !name.is_empty()) {
                thead { tr { @for name in header { th scope="col" { (name) } } } }
            }
            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
        }
    }
}

fn figure(pictures: &Pictures, name: &str) -> Markup {
    html! {
        @match pictures.get(name) {
            Some(picture) => figure {
                div role="img" aria-label=(picture.caption) { (PreEscaped(&picture.svg)) }
                figcaption { (picture.caption) }
            },
            None => p { "The picture " (name) " needs images of both classes, and calls of both kinds." },
        }
    }
}

/// Validation images that the int8 model calls otherwise than the float one.
fn flips(input: &ReportInput<'_>) -> Markup {
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
                    p.small { "Each model is judged at its own threshold; this model's is among the figures above." }
                },
                None => p { "`export` lists them beside the model that it writes, in a file that ends in .comparison.json; none \
                             of this model was found there." },
            }
        },
    )
}

/// What a reader in a hurry takes away.
fn in_short(input: &ReportInput<'_>) -> Markup {
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
                    (abstention.uncertain_negatives.n) " " (no) " were judged, "
                    (percent(&abstention.uncertain_positives)) " and " (percent(&abstention.uncertain_negatives))
                    " of them were left open. Outside the band, sensitivity is " (number(abstention.sensitivity.value))
                    " and specificity " (number(abstention.specificity.value))
                    ". All other figures on this page call every image, at the threshold."
                }
            }
        },
    )
}

fn percent(rate: &Rate) -> String {
    rate.value.map_or_else(|| "undefined".to_owned(), |value| format!("{:.1}%", 100.0 * value))
}

fn prevalence(input: &ReportInput<'_>) -> Markup {
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
                     images that sensitivity and specificity were counted on. In the images judged here "
                    (percent(&Rate::new(input.evaluation.evaluation.positive.support, input.evaluation.evaluation.confusion.total())))
                    " have it; where you work it will be another share."
                }
            }
        },
    )
}

fn calibration(input: &ReportInput<'_>, pictures: &Pictures) -> Markup {
    let temperature = input.evaluation.contract.temperature;
    section(
        "Can the probabilities be believed?",
        html! {
            @if temperature == 1.0 {
                p { "The model has no calibration: probabilities are as the network gives them." }
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

fn by_group(input: &ReportInput<'_>) -> Markup {
    let rows = groups(input.details);
    html! {
        @if !rows.is_empty() {
            (section("By group", html! {
                (table(&["group", "positives", "negatives", "sensitivity", "specificity", "AUROC"], &rows))
                p.small { (AGAINST_ALL) " In brackets 95% intervals." }
            }))
        }
    }
}

fn error_gallery(input: &ReportInput<'_>) -> Markup {
    let run = input.evaluation;
    let kinds = [(true, "Missed"), (false, "False alarms")];
    section(
        "The surest errors",
        html! {
            @if run.images.iter().any(|image| image.heat_map.is_some()) {
                p.small {
                    "On the right of each X-ray, where its score comes from (Grad-CAM): the brighter a place, the more it \
                     raised the score. Each picture has its own scale. The map says where the model looked, not where \
                     disease is, and is coarse: 7 by 7 places over an X-ray of 224 pixels."
                }
                p.scale { span { "nothing" } i style=(heat_scale()) {} span { "most of this picture" } }
            }
            @for (label, title) in kinds {
                @let (count, shown) = errors(&run.images, run.evaluation.threshold, label);
                h3 { (title) ": " (count) " " (run.classes.name(label)) }
                @if count > SHOWN { p.small { "The " (SHOWN) " farthest from the threshold; scores.csv has all." } }
                div.gallery { @for error in &shown { (thumbnails(error)) } }
            }
        },
    )
}

/// The colours of heat from left to right.
fn heat_scale() -> String {
    let stops: Vec<String> = (0..=8)
        .map(|step| {
            let [r, g, b] = colour(step as f32 / 8.0);
            format!("rgb({r},{g},{b})")
        })
        .collect();
    format!("background:linear-gradient(to right,{})", stops.join(","))
}

fn thumbnails(error: &Error<'_>) -> Markup {
    let words = format!("{:.4}", error.image.probability);
    html! {
        figure {
            @match &error.thumbnails {
                Ok(pictures) => div.sides {
                    img src=(pictures.plain) alt=(format!("X-ray {}", error.image.relative));
                    @if let Some(heat) = &pictures.heat {
                        img src=(heat) alt=(format!("Heat map over {}", error.image.relative));
                    }
                },
                Err(reason) => p.small { "no picture: " (reason) },
            }
            figcaption {
                b { "p = " (words) }
                @if error.image.finding == Finding::Uncertain { " (shown as uncertain)" }
                br;
                // A long name is broken behind a folder rather than in a word.
                @for part in error.image.relative.split_inclusive('/') { (part) wbr; }
            }
        }
    }
}

fn training(input: &ReportInput<'_>, pictures: &Pictures) -> Markup {
    section(
        "Training",
        html! {
            @match input.training {
                Some(record) => {
                    p {
                        "Epoch " (record.best_epoch) " of " (record.history.len())
                        " was kept. Training: " (record.data.train.iter().sum::<usize>()) " images. Validation: "
                        (record.data.validation.iter().sum::<usize>()) " images"
                        @if let Some(shift) = &record.domain_shift { ", each also in " (shift.corruptions) " changed forms" }
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

fn threshold_rows(input: &ReportInput<'_>) -> Markup {
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

fn left_out(input: &ReportInput<'_>) -> Markup {
    html! {
        @if !input.evaluation.left_out.is_empty() {
            (section("Images that could not be read", html! {
                ul { @for (file, reason) in &input.evaluation.left_out { li { code { (file) } ": " (reason) } } }
            }))
        }
        @if !input.evaluation.refused.is_empty() {
            (section("Images that the gate refused", html! {
                ul { @for (file, codes) in &input.evaluation.refused { li { code { (file) } ": " (codes.join(", ")) } } }
            }))
        }
    }
}
