//! The one function that feeds every model, on the workstation and on the device.

use super::{PreprocessError, Preprocessing, Resize, resize};
use xray_intake::{Pixels, Radiograph};

/// What an engine takes: float32 `[1, 3, size, size]`, channels RGB, scaled as its contract says.
#[derive(Debug, Clone, PartialEq)]
pub struct InputTensor {
    size: usize,
    data: Vec<f32>,
}

impl InputTensor {
    /// Width and height in pixels.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The elements, channel by channel, row by row: `3 × size × size` of them.
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// An image without meaning, the same on every machine, with values from -2 to 2 as images have: what a model
    /// gives for it is known when it is exported.
    pub fn test_pattern(size: usize) -> InputTensor {
        let level = |i: usize| {
            let (channel, y, x) = (i / (size * size), (i / size) % size, i % size);
            // Slopes, edges and texture: products and bits of the position.
            ((x * y / 16) ^ (x * 3 + y * 5) ^ (channel * 85)) & 255
        };
        // Quarters of sixteenths: every value is exact in float32.
        let data = (0..3 * size * size).map(|i| level(i) as f32 / 64.0 - 2.0).collect();
        InputTensor { size, data }
    }

    /// The mirror image, left and right exchanged.
    pub fn mirrored(&self) -> InputTensor {
        let mut data = self.data.clone();
        data.chunks_exact_mut(self.size).for_each(<[f32]>::reverse);
        InputTensor { size: self.size, data }
    }
}

/// Prepares an image as the contract says: resize, intensity, divide by 255, take off the mean, divide by the
/// standard deviation; a grey image gives three equal channels before the scaling.
///
/// # Errors
/// [`PreprocessError::Resize`] if the resizer refuses the image, [`PreprocessError::Intensity`] for a contract that
/// cannot be met.
pub fn prepare(image: &Radiograph, contract: &Preprocessing) -> Result<InputTensor, PreprocessError> {
    let size = contract.size;
    let pixels = contract.intensity.apply(resized(image, contract)?, size)?;
    let (mean, std) = (contract.scaling.mean(), contract.scaling.std());
    let mut data = Vec::with_capacity(3 * size * size);
    for channel in 0..3 {
        // Only 256 values can occur: a table gives the same bits as the formula, faster.
        let table: [f32; 256] =
            std::array::from_fn(|level| (level as f32 / 255.0 - mean[channel]) / std[channel]);
        match &pixels {
            Pixels::Grey(bytes) => data.extend(bytes.iter().map(|level| table[usize::from(*level)])),
            Pixels::Rgb(bytes) => {
                data.extend(bytes.chunks_exact(3).map(|rgb| table[usize::from(rgb[channel])]))
            }
        }
    }
    Ok(InputTensor { size, data })
}

/// The image at the contract's input size and nothing further: what is varied or damaged on purpose is varied here, so
/// that it means the same for originals and for images that were reduced before. [`prepare`] goes on from it.
///
/// # Errors
/// [`PreprocessError::Resize`] if the resizer refuses the image, or the input size is below
/// [`MIN_SIDE`](xray_intake::MIN_SIDE).
pub fn at_input_size(image: &Radiograph, contract: &Preprocessing) -> Result<Radiograph, PreprocessError> {
    let (size, (width, height)) = (contract.size, (image.width(), image.height()));
    Radiograph::new(size as u32, size as u32, resized(image, contract)?)
        .map_err(|problem| PreprocessError::Resize { width, height, size, reason: problem.to_string() })
}

fn resized(image: &Radiograph, contract: &Preprocessing) -> Result<Pixels, PreprocessError> {
    match contract.resize {
        Resize::BilinearAntialias => resize::bilinear_antialias(image, contract.size),
    }
}
