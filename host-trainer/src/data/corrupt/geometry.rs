//! How much of the chest is in the picture.

use rand::{Rng, RngExt};

use super::Plane;
use crate::data::augment::{Fill, Placement, warp};

/// A window of `part` of each side, drawn anywhere, enlarged to the whole.
pub(super) fn crop(plane: &Plane, part: f64, rng: &mut impl Rng) -> Plane {
    // Where the window's middle lies off that of the picture, in parts of the sides.
    let mut off = || (rng.random::<f64>() - 0.5) * (1.0 - part);
    let shift = [-off() / part, -off() / part];
    warp(plane, &Placement { zoom: 1.0 / part, shift, ..Placement::default() }, Fill::Edge)
}

/// The picture reduced to `part` of each side, in the middle of a black frame.
pub(super) fn shrink(plane: &Plane, part: f64) -> Plane {
    warp(plane, &Placement { zoom: part, ..Placement::default() }, Fill::Level(0))
}
