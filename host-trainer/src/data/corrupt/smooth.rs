//! Loss of detail.

use super::Plane;

/// Blurs with a Gaussian of this deviation in pixels, cut off at four deviations; beyond the border its nearest pixel
/// is repeated.
pub(super) fn gaussian(plane: &Plane, deviation: f64) -> Plane {
    let reach = (4.0 * deviation + 0.5) as i64;
    let bell = (-reach..=reach).map(|at| (-0.5 * (at as f64 / deviation).powi(2)).exp());
    let sum: f64 = bell.clone().sum();
    let weights: Vec<(i64, f32)> = (-reach..=reach).zip(bell.map(|w| (w / sum) as f32)).collect();
    let (width, height) = (plane.width as i64, plane.height as i64);
    let pass = |levels: &[f32], (step_x, step_y): (i64, i64)| -> Vec<f32> {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let at = |x: i64, y: i64| levels[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize];
        places
            .map(|(x, y)| weights.iter().map(|(by, w)| w * at(x + by * step_x, y + by * step_y)).sum())
            .collect()
    };
    let across = pass(&plane.levels, (1, 0));
    Plane { width: plane.width, height: plane.height, levels: pass(&across, (0, 1)) }
}
