//! The model, its threshold, what the lights mean, and the device.

use std::time::Duration;

use maud::{Markup, html};

use super::icon::Shape;
use super::record::share;
use super::{Frame, Here, languages};
use crate::outputs::lights::Signal;
use crate::outputs::live::Condition;
use crate::outputs::page::site::Site;
use crate::outputs::page::visit::Visit;
use crate::outputs::words::Words;

/// The page about the device.
pub fn about(site: &Site, visit: &Visit) -> Markup {
    let words = site.words(visit.language);
    let main = html! {
        section.card { h2 { (words.page.language) } (languages(visit)) }
        section.card { h1 { (words.fact.model) } (model(site, words)) }
        section.card { h1 { (words.page.lights) } (lights(site, words)) }
    };
    Frame { site, visit, here: Here::About, title: &words.page.about, state: None }.around(&main)
}

fn model(site: &Site, words: &Words) -> Markup {
    let glance = site.device.live.glance();
    let condition = site.device.live.condition(&glance);
    html! {
        dl {
            @if let Some(model) = &glance.model {
                dt { (words.fact.model) } dd { code { (model.hash) } }
                dt { (words.fact.model_file) } dd { (model.file) }
                @if model.version > 0 { dt { (words.fact.version) } dd { (model.version) } }
                dt { (words.fact.threshold) } dd { (share(model.threshold, 3)) " (" (words.fact.threshold_hint) ")" }
                @if let Some((low, high)) = model.abstain {
                    dt { (words.fact.abstain) } dd { (share(low, 3)) " – " (share(high, 3)) }
                }
                dt { (words.fact.engine) } dd { (model.engine) }
                dt { (words.fact.self_test) }
                dd { @if model.checked { (words.fact.passed) } @else { (words.fact.not_checked) } }
            } @else {
                dt { (words.fact.model) } dd { b { (words.page.no_model) } }
            }
            dt { (words.fact.program) } dd { "edge-runtime " (env!("CARGO_PKG_VERSION")) }
            dt { (words.fact.uptime) } dd { (hours(glance.uptime)) }
        }
        @match condition {
            Condition::Faulty(reason) => p.alarm { (words.state.fault.title) " " code { (reason) } },
            Condition::Silent(_) => p.alarm { (words.state.silent.title) },
            Condition::Starting | Condition::Well => {}
        }
    }
}

fn hours(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}

fn lights(site: &Site, words: &Words) -> Markup {
    html! {
        table {
            @for signal in Signal::ALL.iter().rev().filter(|signal| **signal != Signal::Off) {
                @let (shape, told) = (Shape::of(*signal), words.signal(*signal));
                tr {
                    td.lamp { span class={ "badge " (shape.class()) } { (shape.icon()) } }
                    td { b { (told.title) } br; (told.advice) br; span.small { (words.light(*signal, &site.device.patterns)) } }
                }
            }
        }
    }
}
