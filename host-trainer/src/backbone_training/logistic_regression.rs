//! A linear output on features that do not change, fitted by logistic regression.

/// Weight of the sum of squared weights in the loss; the bias is free.
const RIDGE: f64 = 1e-2;
/// Labels are this far from 0 and 1, so that no logit grows without a bound.
const SMOOTHED: f64 = 0.02;
/// Added to the deviation of a feature: some are nearly constant.
const LEAST_DEVIATION: f64 = 1e-3;
/// The fit ends when no part of the gradient is larger.
const FLAT: f64 = 1e-6;
const MOST_STEPS: usize = 20_000;

/// A linear output: `bias + Σ weights · features`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LinearOutput {
    pub weights: Vec<f32>,
    pub bias: f32,
}

/// Mean and deviation (with n − 1) of each feature.
fn moments(rows: &[&[f32]], width: usize) -> Vec<(f64, f64)> {
    let count = rows.len() as f64;
    let mut means = vec![0.0; width];
    for row in rows {
        means.iter_mut().zip(*row).for_each(|(mean, value)| *mean += f64::from(*value) / count);
    }
    let mut squares = vec![0.0; width];
    for row in rows {
        for ((square, mean), value) in squares.iter_mut().zip(&means).zip(*row) {
            *square += (f64::from(*value) - mean).powi(2);
        }
    }
    let deviation = |square: f64| (square / (count - 1.0).max(1.0)).sqrt() + LEAST_DEVIATION;
    means.into_iter().zip(squares).map(|(mean, square)| (mean, deviation(square))).collect()
}

/// The weights with the least mean cross-entropy of smoothed labels plus [`RIDGE`] times the sum of squared weights, both of
/// features whose mean was taken off and that were divided by their deviation. By Nesterov's gradient method for a convex
/// function (Nesterov 2004, section 2.2), restarted where it leads uphill (O'Donoghue and Candès 2015, arXiv:1204.3982).
/// All rows have one width; there is at least one.
pub(super) fn fit(rows: &[&[f32]], labels: &[bool]) -> LinearOutput {
    let width = rows.first().map_or(0, |row| row.len());
    let moments = moments(rows, width);
    // Standardised rows, each with a 1 for the bias at its end.
    let standard = |row: &&[f32]| -> Vec<f64> {
        let values = row.iter().zip(&moments);
        let values = values.map(|(value, (mean, deviation))| (f64::from(*value) - mean) / deviation);
        values.chain(std::iter::once(1.0)).collect()
    };
    let rows: Vec<Vec<f64>> = rows.iter().map(standard).collect();
    let target = |label: &bool| if *label { 1.0 - SMOOTHED } else { SMOOTHED };
    let targets: Vec<f64> = labels.iter().map(target).collect();

    // The curvature is at most a quarter of the largest eigenvalue of the rows' second moments, and that at most their trace.
    let trace: f64 = rows.iter().flatten().map(|value| value * value).sum::<f64>() / rows.len().max(1) as f64;
    let step = 1.0 / (0.25 * trace + 2.0 * RIDGE);
    let mut weights = vec![0.0; width + 1];
    let mut ahead = weights.clone();
    let mut momentum = 1.0_f64;
    for _ in 0..MOST_STEPS {
        let gradient = gradient(&rows, &targets, &ahead);
        if gradient.iter().all(|part| part.abs() < FLAT) {
            break;
        }
        let next: Vec<f64> = ahead.iter().zip(&gradient).map(|(at, slope)| at - step * slope).collect();
        let uphill: f64 = gradient
            .iter()
            .zip(next.iter().zip(&weights))
            .map(|(slope, (to, from))| slope * (to - from))
            .sum();
        let before = if uphill > 0.0 { 1.0 } else { momentum };
        momentum = 0.5 * (1.0 + (1.0 + 4.0 * before * before).sqrt());
        let part = (before - 1.0) / momentum;
        ahead = next.iter().zip(&weights).map(|(to, from)| to + part * (to - from)).collect();
        weights = next;
    }
    let bias = ahead[width];
    let scaled = ahead.iter().zip(&moments).map(|(weight, (_, deviation))| weight / deviation);
    let moved: f64 =
        ahead.iter().zip(&moments).map(|(weight, (mean, deviation))| weight * mean / deviation).sum();
    LinearOutput { weights: scaled.map(|weight| weight as f32).collect(), bias: (bias - moved) as f32 }
}

fn gradient(rows: &[Vec<f64>], targets: &[f64], at: &[f64]) -> Vec<f64> {
    let mut gradient: Vec<f64> = at.iter().map(|weight| 2.0 * RIDGE * weight).collect();
    if let Some(bias) = gradient.last_mut() {
        *bias = 0.0;
    }
    let count = rows.len() as f64;
    for (row, target) in rows.iter().zip(targets) {
        let logit: f64 = row.iter().zip(at).map(|(value, weight)| value * weight).sum();
        let residual = (1.0 / (1.0 + (-logit).exp()) - target) / count;
        gradient.iter_mut().zip(row).for_each(|(slope, value)| *slope += residual * value);
    }
    gradient
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One feature, -1 and 1: the deviation is √2 + .001. With u = w·x standardised (x = ±1/1.415214 = ±s), the best w solves
    /// s·(σ(w·s) − .98) + .02·w = 0, and by symmetry the bias is 0. Solved by bisection in Python: w = 3.023799.
    #[test]
    fn one_feature_by_hand() {
        let rows: [&[f32]; 2] = [&[-1.0], &[1.0]];
        let fitted = fit(&rows, &[false, true]);
        let scale = 2.0_f64.sqrt() + LEAST_DEVIATION;
        let weight = f64::from(fitted.weights[0]) * scale;
        let s = 1.0 / scale;
        let slope = s * (1.0 / (1.0 + (-weight * s).exp()) - 0.98) + 0.02 * weight;
        assert!(slope.abs() < 1e-5, "{weight}: {slope}");
        assert!((weight - WEIGHT).abs() < 1e-3, "{weight}");
        assert!(fitted.bias.abs() < 1e-5, "{}", fitted.bias);
    }

    const WEIGHT: f64 = 3.023_799_5;
}
