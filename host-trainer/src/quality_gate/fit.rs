//! Fits a quality gate on features.

use xray_core::package::{Base64Floats, Centroid, CentroidKind, QualityGateFit, QualityGateRecord};
use xray_core::quality_gate::{FeatureSpace, Position, Projection};

use super::covariance::{Whitening, shrunk_covariance};
use super::{QualityGateError, limits};

/// Dimensions after the projection.
const DIMS: usize = 128;

/// Fewest pictures of upright X-rays.
const FEWEST: usize = 20;

/// A feature that varies less than this part of the mean deviation is taken to vary by it: one that is always the same
/// would decide alone.
const LEAST_DEVIATION: f64 = 0.25;

/// The features that a quality gate is fitted on. All rows have the same length.
#[derive(Debug, Clone, Default)]
pub struct QualityGateSamples {
    /// Upright X-rays of the training images, unchanged and changed as other operators might have taken them.
    pub upright: Vec<Vec<f32>>,
    /// Groups of other pictures; each gets its own centre.
    pub others: Vec<(CentroidKind, Vec<Vec<f32>>)>,
    /// Upright X-rays of the validation images.
    pub validation: Vec<Vec<f32>>,
}

/// Fits a quality gate.
///
/// # Errors
/// [`QualityGateError`] if there are too few X-rays, or their features are all alike.
pub fn fit(samples: &QualityGateSamples) -> Result<QualityGateRecord, QualityGateError> {
    let few = |role, found, needed| Err(QualityGateError::TooFew { role, found, needed });
    if samples.upright.len() < FEWEST {
        return few("training", samples.upright.len(), FEWEST);
    }
    if samples.validation.is_empty() {
        return few("validation", 0, 1);
    }
    let (mean, scale) = standardisation(&samples.upright)?;
    let projection = Projection::new(DIMS, mean.len());
    let projected = |row: &Vec<f32>| {
        let scaled = row.iter().zip(&mean).zip(&scale);
        projection
            .apply(scaled.map(|((x, mean), scale)| (f64::from(*x) - f64::from(*mean)) * f64::from(*scale)))
    };
    let upright: Vec<Vec<f64>> = samples.upright.iter().map(projected).collect();
    let (_, covariance, _) = shrunk_covariance(&upright);
    let whitening = Whitening::of(&covariance, DIMS).ok_or(QualityGateError::Degenerate)?;
    let centre = |(kind, rows): &(CentroidKind, Vec<Vec<f32>>)| {
        let mut at = vec![0.0; DIMS];
        for row in rows {
            at.iter_mut().zip(whitening.apply(&projected(row))).for_each(|(sum, u)| *sum += u);
        }
        let at = at.into_iter().map(|sum| (sum / rows.len() as f64) as f32).collect();
        Centroid { kind: *kind, at: Base64Floats(at), margin: 0.0 }
    };
    let centres: Vec<Centroid> =
        samples.others.iter().filter(|(_, rows)| !rows.is_empty()).map(centre).collect();
    let mut record = QualityGateRecord {
        dims: DIMS,
        mean: Base64Floats(mean),
        scale: Base64Floats(scale),
        whitening: Base64Floats(whitening.triangle.iter().map(|weight| *weight as f32).collect()),
        limit: 0.0,
        centres,
        fit: QualityGateFit {
            fitted_on: samples.upright.len(),
            validation: samples.validation.len(),
            refused: 0,
        },
    };
    // With the code and the rounded numbers of the device.
    let space = FeatureSpace::new(&record);
    let positions: Vec<Position> = samples.validation.iter().map(|row| space.position(row)).collect();
    record.limit = limits::above(positions.iter().map(|position| position.distance).collect());
    for (at, centre) in record.centres.iter_mut().enumerate() {
        centre.margin = limits::margin(&positions, at);
    }
    let space = FeatureSpace::new(&record);
    record.fit.refused =
        samples.validation.iter().filter(|row| space.rejection_reason(row).is_some()).count();
    Ok(record)
}

/// Mean of each feature, and what brings its deviation to one part in the root of their number.
fn standardisation(rows: &[Vec<f32>]) -> Result<(Vec<f32>, Vec<f32>), QualityGateError> {
    let features = rows.first().map_or(0, Vec::len);
    let n = rows.len() as f64;
    let mut mean = vec![0.0; features];
    for row in rows {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x) / n);
    }
    let mut deviation = vec![0.0; features];
    for row in rows {
        let off = row.iter().zip(&mean).map(|(x, mean)| (f64::from(*x) - mean).powi(2));
        deviation.iter_mut().zip(off).for_each(|(sum, square)| *sum += square / n);
    }
    deviation.iter_mut().for_each(|square| *square = square.sqrt());
    let floor = LEAST_DEVIATION * deviation.iter().sum::<f64>() / features as f64;
    if !(floor > 0.0 && floor.is_finite()) {
        return Err(QualityGateError::Degenerate);
    }
    let root = (features as f64).sqrt();
    let scale = deviation.iter().map(|deviation| (1.0 / (deviation.max(floor) * root)) as f32);
    Ok((mean.iter().map(|mean| *mean as f32).collect(), scale.collect()))
}
