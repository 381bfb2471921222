//! Pages that say one thing.

use maud::{Markup, html};

use super::{PageFrame, PageKind, languages};
use crate::ui::web::request::RequestContext;
use crate::ui::web::site::Site;

/// Something that is not there, was refused or went wrong; `detail` is for a technician and may be empty.
pub fn message(site: &Site, context: &RequestContext, title: &str, detail: &str) -> Markup {
    let words = site.words(context.language);
    let main = html! {
        section.card.wide {
            h1 { (title) }
            @if !detail.is_empty() { p.small { (words.page.technician) ": " code { (detail) } } }
        }
    };
    PageFrame { site, context, kind: PageKind::Elsewhere, title, state: None }.around(&main)
}

/// The form for the access word.
pub fn sign_in(site: &Site, context: &RequestContext, wrong: bool) -> Markup {
    let words = site.words(context.language);
    let main = html! {
        section.card {
            h1 { (words.page.sign_in) }
            @if wrong { p.alarm role="alert" { (words.page.wrong_token) } }
            form method="post" action="/login" {
                label {
                    (words.page.token)
                    input type="password" name="token" autocomplete="current-password" required autofocus;
                }
                div.keys { button.key.main { (words.page.sign_in) } }
            }
        }
        section.card { h2 { (words.page.language) } (languages(context)) }
    };
    PageFrame { site, context, kind: PageKind::Elsewhere, title: &words.page.sign_in, state: None }
        .around(&main)
}
