//! Shrunk covariance and whitening.

/// Mean and shrunk covariance of `rows`: the empirical covariance drawn towards a multiple of the identity as far as
/// Ledoit and Wolf (2004, doi 10.1016/S0047-259X(03)00096-4) found to be best, so that it can be inverted with fewer
/// rows than columns. Gives the mean, the matrix row by row, and the part that was shrunk, 0 to 1.
pub fn shrunk_covariance(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>, f64) {
    let dims = rows.first().map_or(0, Vec::len);
    let (n, p) = (rows.len() as f64, dims as f64);
    let mean: Vec<f64> = (0..dims).map(|d| rows.iter().map(|row| row[d]).sum::<f64>() / n).collect();
    let mut covariance = vec![0.0; dims * dims];
    let mut fourth = 0.0;
    for row in rows {
        let off: Vec<f64> = row.iter().zip(&mean).map(|(x, mean)| x - mean).collect();
        for (line, a) in covariance.chunks_exact_mut(dims.max(1)).zip(&off) {
            line.iter_mut().zip(&off).for_each(|(sum, b)| *sum += a * b);
        }
        fourth += off.iter().map(|x| x * x).sum::<f64>().powi(2);
    }
    covariance.iter_mut().for_each(|sum| *sum /= n);
    let trace: f64 = covariance.iter().step_by(dims + 1).sum();
    let squares: f64 = covariance.iter().map(|c| c * c).sum();
    let level = trace / p;
    // How far the empirical matrix is from the identity, and how much of that is chance.
    let distance = (squares - 2.0 * level * trace + p * level * level) / p;
    let chance = ((fourth / n - squares) / (p * n)).min(distance);
    let part = if distance > 0.0 { (chance / distance).max(0.0) } else { 1.0 };
    for (at, value) in covariance.iter_mut().enumerate() {
        let identity = if at % (dims + 1) == 0 { level } else { 0.0 };
        *value = (1.0 - part) * *value + part * identity;
    }
    (mean, covariance, part)
}

/// The inverse of the Cholesky factor of a covariance: coordinates that are multiplied by it have the identity as theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Whitening {
    /// The lower triangle, row by row.
    pub triangle: Vec<f64>,
    dims: usize,
}

impl Whitening {
    /// That of a covariance, row by row; none if it is not positive definite.
    pub fn of(covariance: &[f64], dims: usize) -> Option<Whitening> {
        let mut factor = vec![vec![0.0; dims]; dims];
        for row in 0..dims {
            for column in 0..=row {
                let known: f64 = (0..column).map(|k| factor[row][k] * factor[column][k]).sum();
                let rest = covariance[row * dims + column] - known;
                if row > column {
                    factor[row][column] = rest / factor[column][column];
                } else if rest > 0.0 {
                    factor[row][row] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        // Forward substitution, one column of the identity after another.
        let mut inverse = vec![vec![0.0; dims]; dims];
        #[expect(clippy::needless_range_loop, reason = "two matrices are walked by the same indices")]
        for column in 0..dims {
            for row in column..dims {
                let identity = if row == column { 1.0 } else { 0.0 };
                let known: f64 = (column..row).map(|k| factor[row][k] * inverse[k][column]).sum();
                inverse[row][column] = (identity - known) / factor[row][row];
            }
        }
        let triangle = inverse.iter().enumerate().flat_map(|(row, line)| line[..=row].to_vec()).collect();
        Some(Whitening { triangle, dims })
    }

    /// Whitened coordinates.
    pub fn apply(&self, vector: &[f64]) -> Vec<f64> {
        let start = |row: usize| row * (row + 1) / 2;
        let row = |row: usize| {
            let weights = &self.triangle[start(row)..start(row + 1)];
            weights.iter().zip(vector).map(|(weight, value)| weight * value).sum()
        };
        (0..self.dims).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn whitening_by_hand() {
        // [[4, 2], [2, 5]] = L·Lᵀ with L = [[2, 0], [1, 2]]; L⁻¹ = [[1/2, 0], [-1/4, 1/2]].
        let whitening = Whitening::of(&[4.0, 2.0, 2.0, 5.0], 2).unwrap();
        assert_eq!(whitening.triangle, [0.5, -0.25, 0.5]);
        assert_eq!(whitening.apply(&[4.0, 2.0]), [2.0, 0.0]);
        assert_eq!(Whitening::of(&[1.0, 2.0, 2.0, 1.0], 2), None);
    }

    #[test]
    fn few_rows_are_shrunk_and_can_be_inverted() {
        // Off the mean: (2, -1, -1, 0) and its turns. Variances 2, 2, 2, 0 and covariances -1; 1.5 of a distance of 2.25
        // from the identity times 1.5 is chance.
        let rows = [[3.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]].map(|row| row.to_vec());
        let (mean, covariance, part) = shrunk_covariance(&rows);
        assert_eq!(mean, [1.0, 1.0, 1.0, 0.0]);
        let (a, b) = (5.0 / 3.0, -1.0 / 3.0);
        let expected = [a, b, b, 0.0, b, a, b, 0.0, b, b, a, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert!((part - 2.0 / 3.0).abs() < 1e-12, "{part}");
        assert!(covariance.iter().zip(expected).all(|(c, e)| (c - e).abs() < 1e-12), "{covariance:?}");
        assert!(Whitening::of(&covariance, 4).is_some());
    }
}
