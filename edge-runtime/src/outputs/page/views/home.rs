//! What the device does now, and what it found last.

use maud::{Markup, html};

use super::icon::Shape;
use super::record::{Sight, facts, film, keys, reasons, verdict};
use super::{Frame, Here, languages, tell};
use crate::outputs::lights::Signal;
use crate::outputs::live::{Condition, Glance};
use crate::outputs::page::site::{Failed, Site};
use crate::outputs::page::visit::Visit;

/// The status page's state in one word: when it changes, the page is loaded again.
pub fn state(condition: &Condition, glance: &Glance, newest: Option<u64>) -> String {
    let about = glance.about.map_or(0, |about| about.record);
    format!("{} {about} {}", Shape::now(condition, glance.signal).class(), newest.unwrap_or(0))
}

/// The status page: `sight` is the record that the lights are about, else the newest, which is number `newest`.
pub fn home(
    site: &Site,
    visit: &Visit,
    glance: &Glance,
    newest: Option<u64>,
    sight: Result<Option<Sight>, Failed>,
) -> Markup {
    let words = site.words(visit.language);
    let condition = site.device.live.condition(glance);
    let shape = Shape::now(&condition, glance.signal);
    let told = match &condition {
        Condition::Starting => &words.state.starting,
        Condition::Well => words.signal(glance.signal),
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
            @if let Some(code) = glance.refused {
                ul.reasons { li { (words.reason(code)) " " code { (code) } } }
            }
            @if glance.model.is_none() && !well { p.small { (words.page.no_model) "." } }
            @match &sight {
                Ok(Some(sight)) if well => {
                    @let shown = sight.signal() == glance.signal && glance.refused.is_none();
                    @let several = glance.about.is_some_and(|about| about.several);
                    @if several || (glance.signal.is_result() && !shown && glance.refused.is_none()) {
                        p.small { (words.page.most_urgent) }
                    }
                    h2.gap {
                        @if glance.signal == Signal::Busy {
                            (words.page.latest_past)
                        } @else if several {
                            (words.fact.record) " " (sight.record.sequence)
                        } @else {
                            (words.page.latest)
                        }
                    }
                    @if shown { (reasons(words, &sight.record)) } @else { (verdict(words, &sight.record, true)) }
                    (facts(site, words, sight, false))
                    (keys(words, sight))
                }
                Ok(Some(_)) => p { (words.page.hidden_by_fault) },
                Ok(None) => p { (words.page.none_yet) },
                Err(Failed::Store(error)) => {
                    div.alarm { (words.page.store_unreadable) ". " code { (error) } }
                }
                Err(_) => p.alarm { (words.page.failed) },
            }
        }
        @if let (true, Ok(Some(sight))) = (well, &sight) {
            section.card { (film(words, sight)) }
        } @else {
            section.card { h2 { (words.page.language) } (languages(visit)) }
        }
    };
    let state = Some(state(&condition, glance, newest));
    Frame { site, visit, here: Here::Status, title: &told.title, state }.around(&main)
}
