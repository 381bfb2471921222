//! The section of the report that shows wrong verdicts.

use maud::{Markup, html};
use xray_core::decision::Finding;
use xray_core::heat_map::colour;

use super::parts::section;
use crate::report::ReportInput;
use crate::report::gallery::{SHOWN, WrongVerdict, wrong_verdicts};

pub(super) fn error_gallery(input: &ReportInput<'_>) -> Markup {
    let run = input.evaluation;
    let kinds = [(true, "Missed"), (false, "False alarms")];
    section(
        "The surest errors",
        html! {
            @if run.images.iter().any(|image| image.heat_map.is_some()) {
                p.small {
                    "On the right of each X-ray, where its score comes from (Grad-CAM): the brighter a place, the more it \
                     raised the score. Each picture has its own scale. The map says where the model looked, not where \
                     disease is, and is coarse: 7 by 7 places over an X-ray of 224 pixels."
                }
                p.scale { span { "nothing" } i style=(heat_scale()) {} span { "most of this picture" } }
            }
            @for (label, title) in kinds {
                @let (count, shown) = wrong_verdicts(&run.images, run.evaluation.threshold, label);
                h3 { (title) ": " (count) " " (run.classes.name(label)) }
                @if count > SHOWN { p.small { "The " (SHOWN) " farthest from the threshold; scores.csv has all." } }
                div.gallery { @for error in &shown { (thumbnails(error)) } }
            }
        },
    )
}

/// The colours of heat from left to right.
fn heat_scale() -> String {
    let stops: Vec<String> = (0..=8)
        .map(|step| {
            let [r, g, b] = colour(step as f32 / 8.0);
            format!("rgb({r},{g},{b})")
        })
        .collect();
    format!("background:linear-gradient(to right,{})", stops.join(","))
}

fn thumbnails(error: &WrongVerdict<'_>) -> Markup {
    let words = format!("{:.4}", error.image.probability);
    html! {
        figure {
            @match &error.thumbnails {
                Ok(pictures) => div.sides {
                    img src=(pictures.plain) alt=(format!("X-ray {}", error.image.relative));
                    @if let Some(heat) = &pictures.heat {
                        img src=(heat) alt=(format!("Heat map over {}", error.image.relative));
                    }
                },
                Err(reason) => p.small { "no picture: " (reason) },
            }
            figcaption {
                b { "p = " (words) }
                @if error.image.finding == Finding::Uncertain { " (shown as uncertain)" }
                br;
                // A long name is broken behind a folder rather than in a word.
                @for part in error.image.relative.split_inclusive('/') { (part) wbr; }
            }
        }
    }
}
