//! The records, and finding one.

use maud::{Markup, html};

use super::icon::Shape;
use super::record::{share, time};
use super::{PageFrame, PageKind};
use crate::records::{Day, Origin, Outcome, Record, RecordStoreError};
use crate::status::Signal;
use crate::ui::decimals::decimals_of;
use crate::ui::i18n::Translation;
use crate::ui::web::request::RequestContext;
use crate::ui::web::site::Site;

/// A search as it was written, and what it found.
#[derive(Debug, Default)]
pub struct Listing {
    /// The study, as written.
    pub study: String,
    /// The day, as written.
    pub day: String,
    /// Where from.
    pub origin: Option<Origin>,
    /// What is wrong with the question.
    pub unclear: Option<String>,
    /// What was found, newest first.
    pub found: Vec<Result<Record, RecordStoreError>>,
    /// Where the older ones are.
    pub older: Option<String>,
}

pub fn list(site: &Site, context: &RequestContext, listing: &Listing) -> Markup {
    let words = site.words(context.language);
    let main = html! {
        form.card.find method="get" action="/records" role="search" {
            label {
                (words.page.study)
                input name="study" value=(listing.study) placeholder=(words.page.study_hint) autocomplete="off"
                    autocapitalize="none" spellcheck="false" maxlength="65";
            }
            label { (words.page.day) input name="day" type="date" value=(listing.day); }
            label {
                (words.page.origin)
                select name="from" {
                    option value="" { (words.page.any) }
                    @for origin in Origin::ALL {
                        option value=(origin.code()) selected[listing.origin == Some(origin)] { (words.origin(origin.code())) }
                    }
                }
            }
            button.key.main { (words.page.search) }
        }
        @if let Some(unclear) = &listing.unclear {
            p.alarm role="alert" { (unclear) }
        } @else if listing.found.is_empty() {
            p.card { (words.page.none_found) }
        }
        ul.rows {
            @for found in &listing.found {
                li {
                    @match found {
                        Ok(record) => (row(words, record)),
                        Err(error) => div.row {
                            span class={ "badge " (Shape::Fault.class()) } { (Shape::Fault.icon()) }
                            span.what { (words.page.unreadable_row) }
                            span.number {}
                            span.why { code { (error) } }
                        },
                    }
                }
            }
        }
        div.keys {
            @if let Some(older) = &listing.older { a.key href=(older) { (words.page.older) } }
            @if listing.day.is_empty() {
                p.small { (words.page.csv_hint) }
            } @else if listing.unclear.is_none() {
                a.key href={ "/records.csv?day=" (listing.day) } { (words.page.csv) }
            }
        }
    };
    PageFrame { site, context, kind: PageKind::Records, title: &words.page.records, state: None }
        .around(&main)
}

fn row(words: &Translation, record: &Record) -> Markup {
    let entry = &record.entry;
    let shape = Shape::of(Signal::from(&entry.outcome));
    let content = entry.image_id.to_string();
    html! {
        a href={ "/records/" (record.sequence) } {
            span class={ "badge " (shape.class()) } { (shape.icon()) }
            span.what {
                @match &entry.outcome {
                    Outcome::Verdict(found) => (words.finding(found.finding()).title),
                    Outcome::NoResult { .. } => (words.outcome.no_result.title),
                }
            }
            span.number { "#" (record.sequence) }
            span.when {
                (time(words, record)) " · " (words.origin(entry.origin.code()))
                span.digits { " · " code { (&content[..8]) } }
            }
            span.number.when {
                @if let Some(probability) = entry.outcome.probability() { (share(probability, decimals_of(entry, None, 3))) } @else { "–" }
            }
        }
    }
}

/// Where the records before `sequence` that fit the same question are.
pub fn older(study: &str, day: Option<Day>, origin: Option<Origin>, sequence: u64) -> String {
    // A selector holds letters and digits only, so nothing must be escaped.
    let study: String = study.chars().filter(char::is_ascii_alphanumeric).collect();
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let from = origin.map_or("", Origin::code);
    format!("/records?study={study}&day={day}&from={from}&before={sequence}")
}
