//! The section about the audit.

use maud::{Markup, html};

use super::parts::{section, table};
use crate::report::audit::{EXPLANATION, HEADER, NONE, TOLD, TOLD_HEADER, audits, rows, told_rows};
use crate::report::{ReportInput, gallery};

pub(super) fn audit(input: &ReportInput<'_>) -> Markup {
    let audits = audits(input);
    section(
        "Does it look at the lungs?",
        html! {
            @if audits.is_empty() {
                p { (NONE) }
            } @else {
                p.small { (EXPLANATION) }
            }
            @for audit in &audits {
                h3 { (audit.subject) }
                @for line in audit.words.lines() { p { (line) "." } }
                @for (of, figures) in &audit.tables {
                    p { b { (of) } }
                    (table(&HEADER, &rows(figures)))
                    @let told = told_rows(figures);
                    @if !told.is_empty() {
                        (table(&TOLD_HEADER, &told))
                        p.small { (TOLD) }
                    }
                }
            }
            @if let Some(audit) = input.audit {
                @match gallery::address(&audit.picture.clone().into()) {
                    Ok(address) => figure {
                        img.wide src=(address) alt="Four images as they are and under each change of the audit, with their scores";
                        figcaption { "Two images of each class, as they are and under each change, with the model's probability." }
                    },
                    Err(reason) => p.small { "no picture: " (reason) },
                }
            }
        },
    )
}
