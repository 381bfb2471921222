//! The model, its threshold, what the lights mean, and the device.

use std::time::Duration;

use maud::{Markup, html};

use super::icon::Shape;
use super::record::share;
use super::{PageFrame, PageKind, languages};
use crate::status::{Health, Signal};
use crate::ui::i18n::Translation;
use crate::ui::web::request::RequestContext;
use crate::ui::web::site::Site;

/// The page about the device.
pub fn about(site: &Site, context: &RequestContext) -> Markup {
    let words = site.words(context.language);
    let main = html! {
        section.card { h2 { (words.page.language) } (languages(context)) }
        section.card { h1 { (words.fact.model) } (model(site, words)) }
        section.card { h1 { (words.page.lights) } (lights(site, words)) }
    };
    PageFrame { site, context, kind: PageKind::About, title: &words.page.about, state: None }.around(&main)
}

fn model(site: &Site, words: &Translation) -> Markup {
    let snapshot = site.device.status.snapshot();
    let health = site.device.status.health(&snapshot);
    html! {
        dl {
            @if let Some(model) = &snapshot.model {
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
            dt { (words.fact.uptime) } dd { (hours(snapshot.uptime)) }
        }
        @match health {
            Health::Faulty(reason) => p.alarm { (words.state.fault.title) " " code { (reason) } },
            Health::Stalled(_) => p.alarm { (words.state.silent.title) },
            Health::Starting | Health::Healthy => {}
        }
    }
}

fn hours(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}

fn lights(site: &Site, words: &Translation) -> Markup {
    html! {
        table {
            @for signal in Signal::ALL.iter().rev().filter(|signal| **signal != Signal::Off) {
                @let (shape, message) = (Shape::of(*signal), words.signal(*signal));
                tr {
                    td.lamp { span class={ "badge " (shape.class()) } { (shape.icon()) } }
                    td { b { (message.title) } br; (message.advice) br; span.small { (words.light(*signal, &site.device.patterns)) } }
                }
            }
        }
    }
}
