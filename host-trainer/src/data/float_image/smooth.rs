//! Gaussian blur and sharpening.

use super::FloatImage;

/// Blurs with a Gaussian of this deviation in pixels, cut off at four deviations; beyond the border its nearest pixel
/// is repeated.
pub(in crate::data) fn gaussian(image: &FloatImage, deviation: f64) -> FloatImage {
    let reach = (4.0 * deviation + 0.5) as i64;
    let bell = (-reach..=reach).map(|at| (-0.5 * (at as f64 / deviation).powi(2)).exp());
    let sum: f64 = bell.clone().sum();
    let weights: Vec<(i64, f32)> = (-reach..=reach).zip(bell.map(|w| (w / sum) as f32)).collect();
    let height = image.height as i64;
    // Each tap is added to a whole row at once, which the compiler turns into vectors.
    let add = |sums: &mut [f32], levels: &[f32], weight: f32| {
        sums.iter_mut().zip(levels).for_each(|(sum, level)| *sum += weight * level);
    };
    let mut across = vec![0.0; image.levels.len()];
    let mut padded = vec![0.0; image.width + 2 * reach as usize];
    for (row, sums) in image.levels.chunks_exact(image.width).zip(across.chunks_exact_mut(image.width)) {
        for (at, level) in padded.iter_mut().enumerate() {
            *level = row[(at as i64 - reach).clamp(0, image.width as i64 - 1) as usize];
        }
        weights.iter().for_each(|(by, weight)| add(sums, &padded[(by + reach) as usize..], *weight));
    }
    let mut levels = vec![0.0; image.levels.len()];
    for (y, sums) in levels.chunks_exact_mut(image.width).enumerate() {
        for (by, weight) in &weights {
            let from = (y as i64 + by).clamp(0, height - 1) as usize * image.width;
            add(sums, &across[from..from + image.width], *weight);
        }
    }
    FloatImage { width: image.width, height: image.height, levels }
}

/// Adds `amount` times what a blur with a Gaussian of one pixel takes away, as unsharp masks do.
pub(in crate::data) fn sharpen(image: &mut FloatImage, amount: f64) {
    let blurred = gaussian(image, 1.0);
    for (level, blurred) in image.levels.iter_mut().zip(blurred.levels) {
        *level += amount as f32 * (*level - blurred);
    }
}
