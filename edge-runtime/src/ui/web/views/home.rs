//! What the device does now, and what it found last.

use maud::{Markup, html};

use super::icon::Shape;
use super::record::{Sight, facts, film, keys, reasons, verdict};
use super::{Frame, Here, languages, tell};
use crate::outputs::lights::{About, Signal};
use crate::outputs::live::{Condition, Glance};
use crate::outputs::page::site::{Failed, Site};
use crate::outputs::page::visit::Visit;
use crate::outputs::words::Words;
use crate::sources::Medium;

/// The status page's state in one line: when it changes, the page is loaded again.
pub fn state(condition: &Condition, glance: &Glance) -> String {
    let about = match about(glance) {
        About::Nothing => String::from("0"),
        About::Record(sequence) => sequence.to_string(),
        About::Refused(code) => code.to_owned(),
    };
    let stick = match glance.medium {
        Medium::Absent => "absent",
        Medium::MayBePulled => "read",
        Medium::Refused(_) => "refused",
        Medium::InUse => "in-use",
    };
    let several = if glance.shown.several { "several" } else { "one" };
    format!("{} {about} {several} {stick}", Shape::now(condition, glance.shown.signal).class())
}

/// Whose result the status page has below the signal: that of the signal itself, or the last one that was shown.
pub fn about(glance: &Glance) -> About {
    if glance.shown.signal.is_result() { glance.shown.about } else { glance.last }
}

/// The status page; `sight` is what [`about`] names.
pub fn home(site: &Site, visit: &Visit, glance: &Glance, sight: &Result<Option<Sight>, Failed>) -> Markup {
    let words = site.words(visit.language);
    let condition = site.device.live.condition(glance);
    let signal = glance.shown.signal;
    let shape = Shape::now(&condition, signal);
    let told = match &condition {
        Condition::Starting => &words.state.starting,
        Condition::Well => words.signal(signal),
        Condition::Faulty(_) => &words.state.fault,
        Condition::Silent(_) => &words.state.silent,
    };
    let well = matches!(condition, Condition::Well);
    let main = html! {
        section.card {
            h2 { (words.page.now) }
            (tell(shape, told, false))
            @if let Condition::Faulty(reason) = &condition {
                @if !reason.is_empty() { p.small { (words.page.technician) ": " code { (reason) } } }
            }
            @if let (true, About::Refused(code)) = (well && signal.is_result(), glance.shown.about) { (refused(words, code)) }
            @if well && signal.is_result() { (stick(words, glance.medium)) }
            @if glance.model.is_none() && !well { p.small { (words.page.no_model) "." } }
            @match sight {
                Ok(Some(sight)) if well => {
                    @if signal.is_result() && glance.shown.several { p.small { (words.page.most_urgent) } }
                    h2.gap {
                        @if signal.is_result() && glance.shown.several {
                            (words.fact.record) " " (sight.record.sequence)
                        } @else {
                            (heading(words, signal))
                        }
                    }
                    @if sight.signal() == signal { (reasons(words, &sight.record)) } @else { (verdict(words, &sight.record, true)) }
                    (facts(site, words, sight, false))
                    (keys(words, sight))
                }
                Ok(Some(_)) => p { (words.page.hidden_by_fault) },
                Ok(None) if !well => {}
                Ok(None) if signal.is_result() => {}
                Ok(None) => {
                    @if let About::Refused(code) = about(glance) {
                        h2.gap { (heading(words, signal)) }
                        (tell(Shape::NoResult, &words.outcome.no_result, true))
                        (refused(words, code))
                    } @else {
                        p { (words.page.none_yet) }
                    }
                }
                Err(Failed::Store(error)) => {
                    div.alarm { (words.page.store_unreadable) ". " code { (error) } }
                }
                Err(_) => p.alarm { (words.page.failed) },
            }
        }
        @if let (true, Ok(Some(sight))) = (well, sight) {
            section.card { (film(words, sight)) }
        } @else {
            section.card { h2 { (words.page.language) } (languages(visit)) }
        }
    };
    let state = Some(state(&condition, glance));
    Frame { site, visit, here: Here::Status, title: &told.title, state }.around(&main)
}

fn heading(words: &Words, signal: Signal) -> &str {
    if signal == Signal::Busy { &words.page.latest_past } else { &words.page.latest }
}

/// Why something has no result, and no record either.
fn refused(words: &Words, code: &str) -> Markup {
    html! { ul.reasons { li { (words.reason(code)) " " code { (code) } } } }
}

/// Whether the stick may be pulled, while the result stands where that would be said.
fn stick(words: &Words, medium: Medium) -> Markup {
    html! {
        @match medium {
            Medium::MayBePulled => p.stick { b { (words.state.may_be_pulled.title) } ". " (words.state.may_be_pulled.advice) },
            Medium::InUse => p.stick { (words.state.busy.advice) },
            Medium::Absent | Medium::Refused(_) => {}
        }
    }
}
