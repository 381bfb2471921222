//! The limits of a quality gate, chosen on validation images.

use xray_core::quality_gate::Position;

/// Part of the validation images that the limits may refuse.
const MOST_REFUSED: f64 = 0.005;

/// What the largest value that is kept is multiplied by, since images to come are more than those of validation.
const SAFETY_FACTOR: f64 = 1.15;

/// The limit under which all but [`MOST_REFUSED`] of `values` lie, with a margin.
pub(super) fn above(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let dropped = (values.len() as f64 * MOST_REFUSED) as usize;
    values.len().checked_sub(1 + dropped).map_or(0.0, |at| values[at] * SAFETY_FACTOR)
}

/// The margin of the other centre of this number.
pub(super) fn margin(positions: &[Position], centre: usize) -> f64 {
    above(positions.iter().map(|position| position.nearer(centre).max(0.0)).collect())
}
