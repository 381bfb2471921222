//! The pages, as HTML that needs no script.

mod about;
mod home;
mod icon;
mod list;
mod message;
mod record;

pub(super) use about::about;
pub(super) use home::{about as about_what, home, state};
pub(super) use list::{Listing, list, older};
pub(super) use message::{message, sign_in};
pub(super) use record::{Sight, record};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::site::Site;
use super::visit::Visit;
use crate::outputs::words::{Language, Told};
use icon::Shape;

/// How pages look.
pub const STYLE: &str = include_str!("style.css");
/// What makes them livelier where scripts run: looking for news, and the heat map's slider.
pub const SCRIPT: &str = include_str!("script.js");

/// Which of the pages is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Here {
    Status,
    Records,
    About,
    Record,
    Elsewhere,
}

impl Here {
    /// The class that says how its cards lie where there is room.
    fn columns(self) -> &'static str {
        match self {
            Here::Status | Here::Elsewhere => "two",
            Here::Record => "three",
            Here::Records | Here::About => "one",
        }
    }
}

/// A page around its content.
struct Frame<'a> {
    site: &'a Site,
    visit: &'a Visit,
    here: Here,
    title: &'a str,
    /// For the status page: what it shows, as [`state`] says it. It is then loaded again when that changes.
    state: Option<String>,
}

impl Frame<'_> {
    fn around(&self, main: &Markup) -> Markup {
        let Frame { site, visit, .. } = self;
        let words = site.words(visit.language);
        let tab = |here: Here, path: &str, name: &str| {
            html! { a href=(path) aria-current=[(self.here == here).then_some("page")] { (name) } }
        };
        let random = site.device.live.glance().model.is_some_and(|model| model.random);
        html! {
            (DOCTYPE)
            html lang=(visit.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " – edge-runtime" }
                    link rel="icon" href="data:,";
                    style { (PreEscaped(STYLE)) }
                    @if self.state.is_some() { noscript { meta http-equiv="refresh" content="5"; } }
                }
                body {
                    nav {
                        (tab(Here::Status, "/", &words.page.status))
                        (tab(Here::Records, "/records", &words.page.records))
                        (tab(Here::About, "/about", &words.page.about))
                        @if visit.network && visit.path != "/login" {
                            form method="post" action="/logout" { button { (words.page.sign_out) } }
                        }
                    }
                    div id="lost" class="alarm" role="alert" hidden {
                        (words.state.lost.title) ". " (words.state.lost.advice)
                    }
                    main class=(self.here.columns())
                        data-state=[self.state.as_deref()] {
                        @if random { p.alarm.wide { (words.page.random) } }
                        (main)
                    }
                    footer { (words.disclaimer) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }
}

/// A big panel: shape, what it is, what to do.
fn tell(shape: Shape, told: &Told, past: bool) -> Markup {
    html! {
        div class={ "tell " (shape.class()) @if past { " past" } } {
            (shape.icon())
            strong { (told.title) }
            span { (told.advice) }
        }
    }
}

/// Links to the other languages.
fn languages(visit: &Visit) -> Markup {
    html! {
        div.keys {
            @for language in Language::ALL {
                a.key href={ (visit.path) "?lang=" (language.code()) } lang=(language.tag())
                    aria-current=[(language == visit.language).then_some("true")] { (language.own_name()) }
            }
        }
    }
}
