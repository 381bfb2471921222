//! Looks for leaks between the splits of a data set before a fit.

use std::path::Path;

use anyhow::ensure;

use crate::data::DataSet;
use crate::data::leaks::{self, LeakCounts};
use crate::pipeline::Event;

/// Looks for images and patients in two splits, and reports them, or refuses the data set if `strict`.
///
/// # Errors
/// When the cache fails, or the set leaks and `strict` is set.
pub(super) fn check_leaks(
    data: &DataSet,
    cache: &Path,
    strict: bool,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<LeakCounts> {
    observe(Event::Note("looking for images and patients in two splits"));
    let counts = leaks::find(data, cache)?.counts();
    if counts.any() {
        let text = format!(
            "{} pair(s) of near-duplicate images and {} patient(s) are in two splits, so that figures look better than \
             they are; `host-trainer leaks` lists them, a splits file (--splits) puts them into one split",
            counts.pairs, counts.patients
        );
        ensure!(!strict, "{text}");
        observe(Event::Warning(&text));
    }
    Ok(counts)
}
