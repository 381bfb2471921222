//! The middle of one X-ray in the outer frame of another. Marker letters, collimation, arms and borders lie in the
//! frame, so a classifier that is trained with exchanged frames cannot tell the classes by them.

use serde::{Deserialize, Serialize};

/// The middle of an image: a box with a soft edge. Columns and rows are counted from the top left, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MiddleBox {
    /// First column of the box.
    pub left: usize,
    /// First column behind the box.
    pub right: usize,
    /// First row of the box.
    pub top: usize,
    /// First row below the box.
    pub bottom: usize,
    /// Standard deviation of the Gaussian that softens the edge, in pixels; 0 leaves it sharp.
    pub softness: f64,
}

impl MiddleBox {
    /// The part of the middle in each pixel, 0 (frame) to 1 (middle), row by row, for an image of this size: the box
    /// convolved with a Gaussian that is cut off at four deviations; beyond the border its nearest pixel is repeated.
    pub fn weights(&self, width: usize, height: usize) -> Vec<f32> {
        let across = soft_step(self.left, self.right, width, self.softness);
        let down = soft_step(self.top, self.bottom, height, self.softness);
        // A box and a Gaussian are products of one function of the column and one of the row.
        down.iter().flat_map(|row| across.iter().map(move |column| (row * column) as f32)).collect()
    }
}

/// 1 from `from` to `to`, 0 elsewhere, convolved with a Gaussian.
fn soft_step(from: usize, to: usize, length: usize, deviation: f64) -> Vec<f64> {
    let inside = |at: i64| f64::from(u8::from(at >= from as i64 && at < to as i64));
    if deviation <= 0.0 {
        return (0..length as i64).map(inside).collect();
    }
    let reach = (4.0 * deviation + 0.5) as i64;
    let bell: Vec<f64> = (-reach..=reach).map(|by| (-0.5 * (by as f64 / deviation).powi(2)).exp()).collect();
    let sum: f64 = bell.iter().sum();
    let last = length as i64 - 1;
    (0..=last)
        .map(|at| {
            let taps = (-reach..=reach).zip(&bell);
            taps.map(|(by, weight)| weight * inside((at + by).clamp(0, last))).sum::<f64>() / sum
        })
        .collect()
}

/// `middle` where the weights are 1, `frame` where they are 0; all three have one length.
pub(crate) fn blend(middle: &[f32], frame: &[f32], weights: &[f32]) -> Vec<f32> {
    let levels = middle.iter().zip(frame).zip(weights);
    levels.map(|((middle, frame), weight)| middle * weight + frame * (1.0 - weight)).collect()
}
