//! Looks at the images of a data set before a fit: leaks between its splits, and what else makes figures untrue.

use std::path::Path;

use anyhow::ensure;

use crate::data::leaks::{self, LeakCounts};
use crate::data::{ClassNames, DataSet};
use crate::pipeline::Event;

/// Looks for images and patients in two splits and for images in both classes, and reports them, or refuses the data set if
/// `strict`. What else is to be said of the images is reported.
///
/// # Errors
/// When the cache fails, or the set leaks or contradicts itself and `strict` is set.
pub(super) fn check_leaks(
    data: &DataSet,
    classes: &ClassNames,
    cache: &Path,
    strict: bool,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<LeakCounts> {
    observe(Event::Note("looking for images and patients in two splits"));
    let leaks = leaks::find(data, classes, cache)?;
    for note in &leaks.notes {
        observe(Event::Warning(&note.to_string()));
    }
    let counts = leaks.counts();
    if counts.any() {
        let text = format!(
            "{} pair(s) of near-duplicate images and {} patient(s) are in two splits, so that figures look better than \
             they are; `host-trainer leaks` lists them, a splits file (--splits) puts them into one split",
            counts.pairs, counts.patients
        );
        ensure!(!strict, "{text}");
        observe(Event::Warning(&text));
    }
    ensure!(
        !strict || leaks.contradictions.is_empty(),
        "{} pair(s) of images are one image in both classes; `host-trainer leaks` lists them, remove the wrong ones",
        leaks.contradictions.len()
    );
    Ok(counts)
}
