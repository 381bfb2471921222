//! One record: verdict, picture, facts.

use maud::{Markup, html};

use super::icon::Shape;
use super::{PageFrame, PageKind, tell};
use crate::records::{ChainHead, Outcome, Record};
use crate::status::Signal;
use crate::ui::decimals::decimals_of;
use crate::ui::i18n::Translation;
use crate::ui::web::request::RequestContext;
use crate::ui::web::site::Site;

/// A record, and what can be shown of it.
#[derive(Debug, Clone)]
pub struct RecordView {
    pub record: Record,
    /// Whether it was handed to people.
    pub reported: bool,
    /// Why its image is not shown; none if it is.
    pub picture_error: Option<String>,
    /// Whether there is a heat map.
    pub heat: bool,
}

impl RecordView {
    /// What the lights showed for it.
    pub fn signal(&self) -> Signal {
        signal_of(&self.record.entry.outcome)
    }
}

fn signal_of(outcome: &Outcome) -> Signal {
    Signal::from(outcome)
}

/// The verdict, or why there is none.
pub fn verdict(words: &Translation, record: &Record, past: bool) -> Markup {
    let outcome = &record.entry.outcome;
    let message = match outcome {
        Outcome::Verdict(found) => words.finding(found.finding()),
        Outcome::NoResult { .. } => &words.outcome.no_result,
    };
    html! {
        (tell(Shape::of(signal_of(outcome)), message, past))
        (reasons(words, record))
    }
}

/// Why there is no result, in plain words; nothing for a verdict.
pub fn reasons(words: &Translation, record: &Record) -> Markup {
    let outcome = &record.entry.outcome;
    html! {
        @if !outcome.reasons().is_empty() {
            ul.reasons {
                @for code in outcome.reasons() { li { (words.reason(code)) " " code { (code) } } }
            }
        }
    }
}

/// A probability or a threshold, 0..1, with so many decimals.
pub fn share(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// The facts of a record; all of them, or those that a glance needs.
pub fn facts(site: &Site, words: &Translation, view: &RecordView, all: bool) -> Markup {
    let (record, entry) = (&view.record, &view.record.entry);
    let content = entry.image_id.to_string();
    let model = entry.model.to_string();
    let loaded = site.device.status.snapshot().model.filter(|loaded| loaded.hash == entry.model);
    let short = |text: &str| text.chars().take(12).collect::<String>();
    let abstain = loaded.as_ref().and_then(|loaded| loaded.abstain);
    let digits = decimals_of(entry, abstain, 3);
    let share = |value: f64| share(value, digits);
    html! {
        dl {
            @if !all { dt { (words.fact.record) } dd { (record.sequence) } }
            dt { (words.fact.recorded) }
            dd { (time(words, record)) }
            @if let Some(probability) = entry.outcome.probability() {
                dt { (words.fact.probability) } dd { (share(probability)) }
                dt { (words.fact.threshold) }
                dd { (share(entry.threshold)) " (" (words.fact.threshold_hint) ")" }
                @if let Some((low, high)) = abstain {
                    dt { (words.fact.abstain) } dd { (share(low)) " – " (share(high)) }
                }
            }
            dt { (words.fact.model) }
            dd {
                code { @if all { (model) } @else { (short(&model)) } }
                @if let Some(loaded) = &loaded { @if loaded.version > 0 { " (" (words.fact.version) " " (loaded.version) ")" } }
            }
            @if all {
                dt { (words.fact.origin) } dd { (words.origin(entry.origin.code())) }
                dt { (words.fact.content) } dd { code { (content) } }
                dt { (words.fact.chain) } dd { code { (ChainHead::of(record)) } }
            }
            dt { (words.fact.reported) } dd { @if view.reported { (words.fact.yes) } @else { (words.fact.no) } }
        }
    }
}

/// When it was recorded, and whether that can be believed.
pub fn time(words: &Translation, record: &Record) -> Markup {
    let timestamp = record.entry.recorded;
    let text = timestamp.rfc3339();
    let text = text.get(..19).map_or_else(|| text.clone(), |text| format!("{} UTC", text.replace('T', " ")));
    html! { (text) @if !timestamp.trusted { " ? " b { "(" (words.fact.clock_unset) ")" } } }
}

/// What can be done with a record.
pub fn keys(words: &Translation, view: &RecordView) -> Markup {
    let at = format!("/records/{}", view.record.sequence);
    html! {
        div.keys {
            a.key.main href=(at) { (words.page.open) }
            a.key href={ (at) "/report" } { (words.page.print) }
        }
    }
}

/// The X-ray with the heat map over it, and the slider; a text where it cannot be shown.
pub fn film(words: &Translation, view: &RecordView) -> Markup {
    let at = format!("/records/{}", view.record.sequence);
    html! {
        @if let Some(why) = &view.picture_error {
            div.missing { p { (words.page.no_picture) } p.small { (words.page.technician) ": " code { (why) } } }
        } @else {
            div.film {
                div.fit {
                    img src={ (at) "/image.jpg" } alt=(words.report.xray);
                    @if view.heat { img.heat src={ (at) "/heat.png" } alt=(words.page.heat); }
                }
            }
            @if view.heat {
                label.slide hidden {
                    (words.page.heat)
                    input id="heat" type="range" min="0" max="100" value="75" step="5";
                }
                p.small { (words.page.heat_hint) }
            } @else {
                p.small { (words.page.no_heat) }
            }
        }
    }
}

/// The page of a record.
pub fn record(site: &Site, context: &RequestContext, view: &RecordView) -> Markup {
    let words = site.words(context.language);
    let at = format!("/records/{}", view.record.sequence);
    let main = html! {
        section.card { (verdict(words, &view.record, false)) }
        section.card.beside { (film(words, view)) }
        section.card {
            h2 { (words.fact.record) " " (view.record.sequence) }
            div.keys {
                a.key.main href={ (at) "/report" } { (words.page.print) }
                @if view.reported {
                    span.done { (words.page.marked) }
                } @else {
                    form method="post" action={ (at) "/reported" } { button.key { (words.page.mark) } }
                }
                @if view.picture_error.is_none() {
                    a.key href={ (at) "/image.dcm" } { (words.page.dicom_image) }
                }
                a.key href={ (at) "/report.dcm" } { (words.page.dicom_report) }
            }
            (facts(site, words, view, true))
        }
    };
    let title = format!("{} {}", words.fact.record, view.record.sequence);
    PageFrame { site, context, kind: PageKind::Record, title: &title, state: None }.around(&main)
}
