//! Locally equalised contrast (CLAHE), as in the software of many detectors.

use xray_core::preprocess::{Clahe, Intensity, PreprocessError, Preprocessing, Scaling, prepare};
use xray_intake::Radiograph;

/// The picture, which must be square, after CLAHE with 8 × 8 tiles and this clip limit.
pub(super) fn equalised(image: &Radiograph, limit: f64) -> Result<Radiograph, PreprocessError> {
    let clahe = Clahe { clip_hundredths: (100.0 * limit).round() as u32, ..Clahe::default() };
    let contract = Preprocessing {
        size: image.width() as usize,
        intensity: Intensity::Clahe(clahe),
        ..Preprocessing::new(Scaling::Unit)
    };
    let tensor = prepare(image, &contract)?;
    Ok(image.with_levels(|at| (tensor.as_slice()[at] * 255.0).round() as u8))
}
