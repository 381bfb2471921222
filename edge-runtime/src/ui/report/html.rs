//! The report as one HTML file that needs nothing beside it, for A4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ReportData;
use crate::records::{ChainHead, Outcome};
use crate::ui::decimals::decimals_of;
use crate::ui::i18n::Translation;
use crate::ui::picture;

/// How it looks on paper.
pub const PRINT_STYLE: &str = include_str!("print.css");

/// Controls around a report in a browser; they are not printed.
pub struct BrowserControls<'a> {
    /// Where the link back leads.
    pub back: String,
    /// The script of the print button.
    pub script: &'a str,
}

/// The report.
pub fn html(data: &ReportData, words: &Translation, controls: Option<&BrowserControls<'_>>) -> String {
    let entry = &data.record.entry;
    let title = format!("{} – {} {}", words.report.title, words.fact.record, data.record.sequence);
    let page = html! {
        (DOCTYPE)
        html lang=(words.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(PRINT_STYLE)) }
            }
            body {
                @if let Some(controls) = controls {
                    p.screen {
                        a.key href=(controls.back) { (words.page.back) } " "
                        button.key type="button" data-print hidden { (words.page.print) }
                    }
                }
                h1 { (title) }
                p.disclaimer { (words.disclaimer) }
                p.patient { (words.report.patient) }
                @if data.is_a_test() {
                    p.verdict.random { (words.page.random) }
                }
                (verdict(words, &entry.outcome))
                (pictures(data, words))
                h2 { (words.fact.record) " " (data.record.sequence) }
                (facts(data, words))
                h2 { (words.report.reading) }
                div.write {}
                div.lines {
                    span { (words.report.reader) } span { (words.report.date) } span { (words.report.signature) }
                }
                @if let Some(controls) = controls { script { (PreEscaped(controls.script)) } }
            }
        }
    };
    page.into_string()
}

fn verdict(words: &Translation, outcome: &Outcome) -> Markup {
    let (class, message) = match outcome {
        Outcome::Verdict(found) => ("verdict", words.finding(found.finding())),
        Outcome::NoResult { .. } => ("verdict no-result", &words.outcome.no_result),
    };
    html! {
        div class=(class) {
            strong { (message.title) }
            (message.advice)
            @for code in outcome.reasons() { p { (words.reason(code)) " " code { (code) } } }
        }
    }
}

fn pictures(data: &ReportData, words: &Translation) -> Markup {
    let drawn = data.image.as_ref().map_err(Clone::clone).and_then(picture::jpeg);
    let source = |kind: &str, bytes: &[u8]| format!("data:image/{kind};base64,{}", STANDARD.encode(bytes));
    match drawn {
        Err(why) => html! { div.missing { (words.page.no_picture) " " code { (why) } } },
        Ok(jpeg) => {
            let xray = source("jpeg", &jpeg);
            html! {
                div.pair {
                    figure {
                        div.film { div.fit { img src=(xray) alt=(words.report.xray); } }
                        figcaption { (words.report.xray) }
                    }
                    @if let Some(heat) = &data.heat {
                        figure {
                            div.film {
                                div.fit {
                                    img src=(xray) alt="";
                                    img.heat src=(source("png", heat)) alt=(words.report.with_heat);
                                }
                            }
                            figcaption { (words.report.with_heat) ". " (words.page.heat_hint) }
                        }
                    } @else {
                        figure { p { (words.page.no_heat) } }
                    }
                }
            }
        }
    }
}

fn facts(data: &ReportData, words: &Translation) -> Markup {
    let (entry, abstain) = (&data.record.entry, data.abstain());
    let digits = decimals_of(entry, abstain, 4);
    let number = |value: f64| format!("{value:.digits$}");
    html! {
        dl {
            dt { (words.fact.recorded) }
            dd {
                (entry.recorded.rfc3339())
                @if !entry.recorded.trusted { " ? " b { "(" (words.fact.clock_unset) ")" } }
            }
            @if let Some(probability) = entry.outcome.probability() {
                dt { (words.fact.probability) } dd { (number(probability)) }
            }
            dt { (words.fact.threshold) } dd { (number(entry.threshold)) " (" (words.fact.threshold_hint) ")" }
            @if let Some((low, high)) = abstain {
                dt { (words.fact.abstain) } dd { (number(low)) " – " (number(high)) }
            }
            dt { (words.fact.model) }
            dd {
                code { (entry.model) }
                @if let Some(model) = &data.model { @if model.version > 0 { " (" (words.fact.version) " " (model.version) ")" } }
            }
            dt { (words.fact.origin) } dd { (words.origin(entry.origin.code())) }
            dt { (words.fact.content) } dd { code { (entry.image_id) } }
            dt { (words.fact.chain) } dd { code { (ChainHead::of(&data.record)) } " " (words.fact.chain_hint) }
            dt { (words.fact.program) } dd { "edge-runtime " (env!("CARGO_PKG_VERSION")) }
        }
    }
}
