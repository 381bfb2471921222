//! Parts of the page that several sections use.

use maud::{Markup, PreEscaped, html};

use crate::metrics::Rate;
use crate::report::pictures::Pictures;

pub(super) fn section(title: &str, content: Markup) -> Markup {
    html! { section { h2 { (title) } (content) } }
}

pub(super) fn table<const N: usize>(header: &[&str; N], rows: &[[String; N]]) -> Markup {
    html! {
        table {
            @if header.iter().any(|name| !name.is_empty()) {
                thead { tr { @for name in header { th scope="col" { (name) } } } }
            }
            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
        }
    }
}

pub(super) fn figure(pictures: &Pictures, name: &str) -> Markup {
    html! {
        @match pictures.get(name) {
            Some(picture) => figure {
                div role="img" aria-label=(picture.caption) { (PreEscaped(&picture.svg)) }
                figcaption { (picture.caption) }
            },
            None => p { "The picture " (name) " needs images of both classes, and calls of both kinds." },
        }
    }
}

pub(super) fn percent(rate: &Rate) -> String {
    rate.value.map_or_else(|| "undefined".to_owned(), |value| format!("{:.1}%", 100.0 * value))
}
