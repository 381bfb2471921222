//! What the device does now, and what it found last.

use maud::{Markup, html};

use super::icon::Shape;
use super::record::{RecordView, facts, film, keys, reasons, verdict};
use super::{PageFrame, PageKind, languages, tell};
use crate::inputs::MediaState;
use crate::records::Timestamp;
use crate::status::{Health, Signal, StatusSnapshot, Subject};
use crate::ui::i18n::Translation;
use crate::ui::web::request::RequestContext;
use crate::ui::web::site::{PageFailure, Site};

/// The state of the status page in one line: when it changes, the browser loads the page again.
pub fn state(health: &Health, snapshot: &StatusSnapshot) -> String {
    let about = match about(snapshot) {
        Subject::Nothing => String::from("0"),
        Subject::Record(sequence) => sequence.to_string(),
        Subject::Refused(code) => code.to_owned(),
    };
    let stick = match snapshot.media {
        MediaState::Absent => "absent",
        MediaState::MayBePulled => "read",
        MediaState::Refused(_) => "refused",
        MediaState::InUse => "in-use",
    };
    let several = if snapshot.shown.several { "several" } else { "one" };
    format!("{} {about} {several} {stick}", Shape::now(health, snapshot.shown.signal).class())
}

/// The subject of the result below the signal: that of the signal itself, or the last one that was shown.
pub fn about(snapshot: &StatusSnapshot) -> Subject {
    if snapshot.shown.signal.is_result() { snapshot.shown.subject } else { snapshot.last }
}

/// The status page; `view` is what [`about`] names.
pub fn home(
    site: &Site,
    context: &RequestContext,
    snapshot: &StatusSnapshot,
    view: &Result<Option<RecordView>, PageFailure>,
) -> Markup {
    let words = site.words(context.language);
    let health = site.device.status.health(snapshot);
    let signal = snapshot.shown.signal;
    let shape = Shape::now(&health, signal);
    let message = match &health {
        Health::Starting => &words.state.starting,
        Health::Healthy => words.signal(signal),
        Health::Faulty(_) => &words.state.fault,
        Health::Stalled(_) => &words.state.silent,
    };
    let well = matches!(health, Health::Healthy);
    let main = html! {
        section.card {
            h2 { (words.page.now) }
            (tell(shape, message, false))
            @if let Health::Faulty(reason) = &health {
                @if !reason.is_empty() { p.small { (words.page.technician) ": " code { (reason) } } }
            }
            @if let (true, Subject::Refused(code)) = (well && signal.is_result(), snapshot.shown.subject) { (refused(words, code)) }
            @if well && signal.is_result() { (stick(words, snapshot.media)) }
            @if let Some(deletion) = snapshot.age_deletion {
                p.small { (words.page.age_deletion) ": " (day(deletion.from)) " (" (deletion.images) ")" }
            }
            @if snapshot.model.is_none() && !well { p.small { (words.page.no_model) "." } }
            @match view {
                Ok(Some(view)) if well => {
                    @if signal.is_result() && snapshot.shown.several { p.small { (words.page.most_urgent) } }
                    h2.gap {
                        @if signal.is_result() && snapshot.shown.several {
                            (words.fact.record) " " (view.record.sequence)
                        } @else {
                            (heading(words, signal))
                        }
                    }
                    @if view.signal() == signal { (reasons(words, &view.record)) } @else { (verdict(words, &view.record, true)) }
                    (facts(site, words, view, false))
                    (keys(words, view))
                }
                Ok(Some(_)) => p { (words.page.hidden_by_fault) },
                Ok(None) if !well => {}
                Ok(None) if signal.is_result() => {}
                Ok(None) => {
                    @if let Subject::Refused(code) = about(snapshot) {
                        h2.gap { (heading(words, signal)) }
                        (tell(Shape::NoResult, &words.outcome.no_result, true))
                        (refused(words, code))
                    } @else {
                        p { (words.page.none_yet) }
                    }
                }
                Err(PageFailure::Store(error)) => {
                    div.alarm { (words.page.store_unreadable) ". " code { (error) } }
                }
                Err(_) => p.alarm { (words.page.failed) },
            }
        }
        @if let (true, Ok(Some(view))) = (well, view) {
            section.card { (film(words, view)) }
        } @else {
            section.card { h2 { (words.page.language) } (languages(context)) }
        }
    };
    let state = Some(state(&health, snapshot));
    PageFrame { site, context, kind: PageKind::Status, title: &message.title, state }.around(&main)
}

/// The day of a time, in UTC.
fn day(time: Timestamp) -> String {
    time.rfc3339().chars().take_while(|letter| *letter != 'T').collect()
}

fn heading(words: &Translation, signal: Signal) -> &str {
    if signal == Signal::Busy { &words.page.latest_past } else { &words.page.latest }
}

/// Why something has no result, and no record either.
fn refused(words: &Translation, code: &str) -> Markup {
    html! { ul.reasons { li { (words.reason(code)) " " code { (code) } } } }
}

/// Whether the stick may be pulled, beside a result.
fn stick(words: &Translation, medium: MediaState) -> Markup {
    html! {
        @match medium {
            MediaState::MayBePulled => p.stick { b { (words.state.may_be_pulled.title) } ". " (words.state.may_be_pulled.advice) },
            MediaState::InUse => p.stick { (words.state.busy.advice) },
            MediaState::Absent | MediaState::Refused(_) => {}
        }
    }
}
