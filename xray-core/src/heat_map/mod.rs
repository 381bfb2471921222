//! Where in an image the score comes from.
//!
//! Grad-CAM (Selvaraju 2017, arXiv 1610.02391, equations 1 and 2) of the whole stack. For the last maps `A` of each
//! backbone, `Z` cells each, and the logit `y` of the positive label:
//!
//! ```text
//! heat[i, j] = max(0, Σ_k α_k · A_k[i, j])     α_k = (1 / Z) · Σ_ij ∂y / ∂A_k[i, j] = (1 / Z) · ∂y / ∂pooled_k
//! ```
//!
//! with `k` over the maps of all backbones. So a cell says by how much of a logit the score would fall, to first order,
//! if what the backbones saw there were taken away. It says where the model looked, not where the disease is, and has the
//! coarseness of the last maps: a cell is 32 pixels of the input.
//!
//! The graph of a model computes it (its third output); [`overlay`] draws it.

mod colour_scale;
mod draw;

pub use colour_scale::colour;
pub use draw::{MAX_PICTURE_SIDE, PictureError, layer, layer_png, overlay, overlay_png};

use serde::Serialize;

/// Heat of each cell of a square grid that covers the whole image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeatMap {
    side: usize,
    values: Vec<f32>,
}

/// Why numbers are no heat map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeatMapError {
    /// Another number of cells than a square grid of that side has.
    #[error("{found} cells where a side of {side} (1 to {}) needs its square", HeatMap::MAX_SIDE)]
    Size {
        /// Cells along a side.
        side: usize,
        /// Cells that are there.
        found: usize,
    },
    /// A cell is negative or no number.
    #[error("a cell is {value}, which is no heat")]
    Value {
        /// What is there.
        value: String,
    },
}

impl HeatMap {
    /// Most cells along a side. The largest input that a package may have, 1024 pixels, gives 32.
    pub const MAX_SIDE: usize = 64;

    /// A map of `side × side` cells, row by row from the top left.
    ///
    /// # Errors
    /// [`HeatMapError`] unless there are as many cells, each at least 0 and finite.
    pub fn new(side: usize, values: Vec<f32>) -> Result<Self, HeatMapError> {
        if !(1..=HeatMap::MAX_SIDE).contains(&side) || values.len() != side * side {
            return Err(HeatMapError::Size { side, found: values.len() });
        }
        match values.iter().find(|value| !(value.is_finite() && **value >= 0.0)) {
            Some(value) => Err(HeatMapError::Value { value: value.to_string() }),
            None => Ok(HeatMap { side, values }),
        }
    }

    /// Cells along a side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Heat in logits, at least 0 and finite, row by row from the top left.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The greatest heat.
    pub fn peak(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }

    /// The cells as float32, little endian, for keeping.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// What [`HeatMap::to_bytes`] gave.
    ///
    /// # Errors
    /// As [`HeatMap::new`].
    pub fn from_bytes(side: usize, bytes: &[u8]) -> Result<Self, HeatMapError> {
        let (cells, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(HeatMapError::Size { side, found: cells.len() });
        }
        HeatMap::new(side, cells.iter().map(|cell| f32::from_le_bytes(*cell)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heat_is_taken() {
        let map = HeatMap::new(2, vec![0.0, 0.25, 1.5, 0.0]).unwrap();
        assert_eq!((map.side(), map.peak()), (2, 1.5));
        assert_eq!(HeatMap::from_bytes(2, &map.to_bytes()), Ok(map));
        for (side, values) in [(2, vec![0.0; 3]), (0, vec![]), (65, vec![0.0; 65 * 65])] {
            let found = values.len();
            assert_eq!(HeatMap::new(side, values), Err(HeatMapError::Size { side, found }));
        }
        for value in [-0.5, f32::NAN, f32::INFINITY] {
            let message = HeatMap::new(1, vec![value]).unwrap_err().to_string();
            assert!(message.starts_with("a cell is "), "{message}");
        }
        assert!(HeatMap::from_bytes(1, &[0; 5]).is_err());
    }
}
