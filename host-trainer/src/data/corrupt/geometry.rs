//! Crops and scaled-down chests.

use rand::{Rng, RngExt};

use super::FloatImage;
use crate::data::augment::{Fill, Placement, warp};

/// A window of `part` of each side, drawn anywhere, enlarged to the whole.
pub(super) fn crop(pixels: &FloatImage, part: f64, rng: &mut impl Rng) -> FloatImage {
    // Where the window's middle lies off that of the picture, in parts of the sides.
    let mut off = || (rng.random::<f64>() - 0.5) * (1.0 - part);
    let shift = [-off() / part, -off() / part];
    warp(pixels, &Placement { zoom: 1.0 / part, shift, ..Placement::default() }, Fill::Edge)
}

/// The picture reduced to `part` of each side, in the middle of a black frame.
pub(super) fn shrink(pixels: &FloatImage, part: f64) -> FloatImage {
    warp(pixels, &Placement { zoom: part, ..Placement::default() }, Fill::Level(0))
}

/// Made wider and lower by `factor`, or narrower and higher, by chance.
pub(super) fn stretch(pixels: &FloatImage, factor: f64, rng: &mut impl Rng) -> FloatImage {
    let stretch = if rng.random::<bool>() { factor } else { 1.0 / factor };
    warp(pixels, &Placement { stretch, ..Placement::default() }, Fill::Edge)
}

/// Turned by so many degrees to one side or the other, by chance.
pub(super) fn turn(pixels: &FloatImage, degrees: f64, rng: &mut impl Rng) -> FloatImage {
    let rotation = if rng.random::<bool>() { degrees } else { -degrees };
    warp(pixels, &Placement { rotation, ..Placement::default() }, Fill::Edge)
}
