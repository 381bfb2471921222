//! Pages that say one thing.

use maud::{Markup, html};

use super::{Frame, Here, languages};
use crate::outputs::page::site::Site;
use crate::outputs::page::visit::Visit;

/// Something that is not there, was refused or went wrong; `detail` is for a technician and may be empty.
pub fn message(site: &Site, visit: &Visit, title: &str, detail: &str) -> Markup {
    let words = site.words(visit.language);
    let main = html! {
        section.card.wide {
            h1 { (title) }
            @if !detail.is_empty() { p.small { (words.page.technician) ": " code { (detail) } } }
        }
    };
    Frame { site, visit, here: Here::Elsewhere, title, state: None }.around(&main)
}

/// The form for the access word.
pub fn sign_in(site: &Site, visit: &Visit, wrong: bool) -> Markup {
    let words = site.words(visit.language);
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
        section.card { h2 { (words.page.language) } (languages(visit)) }
    };
    Frame { site, visit, here: Here::Elsewhere, title: &words.page.sign_in, state: None }.around(&main)
}
