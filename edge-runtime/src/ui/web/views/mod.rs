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
pub(super) use record::{RecordView, record};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets::{SCRIPT, STYLE};
use super::request::RequestContext;
use super::site::Site;
use crate::ui::i18n::{Language, Message};
use icon::Shape;

/// The page that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageKind {
    Status,
    Records,
    About,
    Record,
    Elsewhere,
}

impl PageKind {
    /// The CSS class for the columns of its cards on a wide screen.
    fn columns(self) -> &'static str {
        match self {
            PageKind::Status | PageKind::Elsewhere => "two",
            PageKind::Record => "three",
            PageKind::Records | PageKind::About => "one",
        }
    }
}

/// A page around its content.
struct PageFrame<'a> {
    site: &'a Site,
    context: &'a RequestContext,
    kind: PageKind,
    title: &'a str,
    /// For the status page: what it shows, as [`state`] says it. It is then loaded again when that changes.
    state: Option<String>,
}

impl PageFrame<'_> {
    fn around(&self, main: &Markup) -> Markup {
        let PageFrame { site, context, .. } = self;
        let words = site.words(context.language);
        let tab = |kind: PageKind, path: &str, name: &str| {
            html! { a href=(path) aria-current=[(self.kind == kind).then_some("page")] { (name) } }
        };
        let random = site.device.status.snapshot().model.is_some_and(|model| model.random);
        html! {
            (DOCTYPE)
            html lang=(context.language.tag()) {
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
                        (tab(PageKind::Status, "/", &words.page.status))
                        (tab(PageKind::Records, "/records", &words.page.records))
                        (tab(PageKind::About, "/about", &words.page.about))
                        @if context.network && context.path != "/login" {
                            form method="post" action="/logout" { button { (words.page.sign_out) } }
                        }
                    }
                    div id="lost" class="alarm" role="alert" hidden {
                        (words.state.lost.title) ". " (words.state.lost.advice)
                    }
                    main class=(self.kind.columns())
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

/// A large panel: shape, title, advice.
fn tell(shape: Shape, message: &Message, past: bool) -> Markup {
    html! {
        div class={ "tell " (shape.class()) @if past { " past" } } {
            (shape.icon())
            strong { (message.title) }
            span { (message.advice) }
        }
    }
}

/// Links to the other languages.
fn languages(context: &RequestContext) -> Markup {
    html! {
        div.keys {
            @for language in Language::ALL {
                a.key href={ (context.path) "?lang=" (language.code()) } lang=(language.tag())
                    aria-current=[(language == context.language).then_some("true")] { (language.own_name()) }
            }
        }
    }
}
