//! The page of the report: one file that needs no other.

mod appendix;
mod audit;
mod errors;
mod evaluation;
mod parts;

use maud::{DOCTYPE, PreEscaped, html};
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;

use self::appendix::{flips, left_out, threshold_rows, training};
use self::audit::audit;
use self::errors::error_gallery;
use self::evaluation::{by_group, calibration, in_short, prevalence};
use self::parts::{figure, section, table};
use super::pictures::Pictures;
use super::provenance::provenance;
use super::tables::{GLOSSARY, figures};
use super::{ReportInput, model_card};
use crate::metrics::RESAMPLES;

/// How the page looks, on a screen and on paper.
const STYLE: &str = include_str!("../report.css");

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
                            (run.left_out.len()) " image(s) could not be read; no figure counts them; they are listed below."
                        }
                    }
                    @if !run.refused.is_empty() {
                        p.alarm {
                            (run.refused.len()) " image(s) were refused by the quality gate; no figure counts them; they are "
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
                    (audit(input))
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
