//! Whether a data set may be fitted on.

use std::path::Path;

use anyhow::ensure;

use super::Event;
use crate::data::DataSet;
use crate::data::leaks::{self, LeakCounts};

/// Looks for images and patients on two sides of the set, and warns of them, or refuses the set if `strict`.
///
/// # Errors
/// When the cache fails, or the set leaks and `strict` is set.
pub(super) fn check_leaks(
    data: &DataSet,
    cache: &Path,
    strict: bool,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<LeakCounts> {
    observe(Event::Note("looking for images and patients on two sides"));
    let counts = leaks::find(data, cache)?.counts();
    if counts.any() {
        let text = format!(
            "{} pair(s) of near-duplicate images and {} patient(s) are on two sides, so that figures look better than \
             they are; `host-trainer leaks` lists them, a splits file (--splits) puts them on one side",
            counts.pairs, counts.patients
        );
        ensure!(!strict, "{text}");
        observe(Event::Warning(&text));
    }
    Ok(counts)
}
