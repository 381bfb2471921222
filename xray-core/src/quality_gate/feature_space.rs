//! Where an image's features are among those of the training images.
//!
//! The pooled features x are brought to one scale and projected onto a few directions of random signs S, which keeps
//! distances (Achlioptas 2003, doi 10.1016/S0022-0000(03)00025-4) and need not be stored; then they are whitened by the
//! spread of upright X-rays, L⁻¹ with L·Lᵀ their shrunk covariance:
//!
//! ```text
//! u = L⁻¹ · S · ((x − mean) ∘ scale)
//! ```
//!
//! so that |u| is the Mahalanobis distance from the upright X-rays (Lee 2018, arXiv:1807.03888, with one centre for what
//! is accepted). Images of other kinds have centres too; whose centre is nearer, in the same metric, is what linear
//! discriminant analysis decides.
//!
//! All sums are taken in double precision in a fixed order, so that a board and a workstation get the same number from the
//! same features.

use super::RejectionReason;
use crate::package::{CentroidKind, QualityGateRecord, VerifiedPackage};

/// Seed of the signs. Another one makes other directions: every gate ever fitted would be void.
const SEED: u64 = 0x6761_7465;

/// The gate that a model brings.
#[derive(Debug, Clone)]
pub struct FeatureSpace {
    projection: Projection,
    mean: Vec<f32>,
    scale: Vec<f32>,
    whitening: Vec<f32>,
    limit: f64,
    centres: Vec<(CentroidKind, Vec<f32>, f64)>,
}

/// The position of an image among others.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Distance from the upright X-rays, 0 or more.
    pub distance: f64,
    /// Distance from each other centre, in the order of the record.
    pub others: Vec<f64>,
}

impl Position {
    /// How much nearer, squared, it lies to the other centre of this number than to the upright X-rays.
    pub fn nearer(&self, centre: usize) -> f64 {
        self.others.get(centre).map_or(f64::NEG_INFINITY, |other| self.distance.powi(2) - other.powi(2))
    }
}

/// Directions of random signs.
#[derive(Debug, Clone)]
pub struct Projection {
    dims: usize,
    /// Feature by feature, 1 or -1 for each dimension.
    signs: Vec<f64>,
}

impl Projection {
    /// Directions for so many features; the same on every machine.
    pub fn new(dims: usize, features: usize) -> Projection {
        let words = dims.div_ceil(64);
        let sign = |feature: usize, dim: usize| {
            let word = splitmix((feature * words + dim / 64) as u64);
            if word >> (dim % 64) & 1 == 1 { 1.0 } else { -1.0 }
        };
        let signs = (0..features).flat_map(|feature| (0..dims).map(move |dim| sign(feature, dim)));
        Projection { dims, signs: signs.collect() }
    }

    /// The sums of `scaled` features along each direction.
    pub fn apply(&self, scaled: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.dims];
        for (value, signs) in scaled.zip(self.signs.chunks_exact(self.dims)) {
            sums.iter_mut().zip(signs).for_each(|(sum, sign)| *sum += sign * value);
        }
        sums
    }
}

/// A well mixed number of each index (SplitMix64: Steele 2014, doi 10.1145/2660193.2660195).
fn splitmix(index: u64) -> u64 {
    let mut z = SEED.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl FeatureSpace {
    /// That of a model, if it brings one.
    pub fn of(package: &VerifiedPackage) -> Option<FeatureSpace> {
        package.contract().quality_gate.as_ref().map(FeatureSpace::new)
    }

    /// That of a record whose parts fit each other, as those of a verified package do; numbers that are missing count for nothing.
    pub fn new(record: &QualityGateRecord) -> FeatureSpace {
        let centres = record.centres.iter().map(|centre| (centre.kind, centre.at.0.clone(), centre.margin));
        FeatureSpace {
            projection: Projection::new(record.dims, record.mean.0.len()),
            mean: record.mean.0.clone(),
            scale: record.scale.0.clone(),
            whitening: record.whitening.0.clone(),
            limit: record.limit,
            centres: centres.collect(),
        }
    }

    /// The position of these features.
    pub fn position(&self, features: &[f32]) -> Position {
        let scaled = features.iter().zip(&self.mean).zip(&self.scale);
        let scaled = scaled.map(|((x, mean), scale)| (f64::from(*x) - f64::from(*mean)) * f64::from(*scale));
        let projected = self.projection.apply(scaled);
        let whitened = lower_times(&self.whitening, &projected);
        let squared = |from: &[f32]| -> f64 {
            let off = whitened.iter().zip(from).map(|(u, c)| u - f64::from(*c));
            off.map(|off| off * off).sum()
        };
        let own: f64 = whitened.iter().map(|u| u * u).sum();
        let others = self.centres.iter().map(|(_, at, _)| squared(at).sqrt());
        Position { distance: own.sqrt(), others: others.collect() }
    }

    /// The reason to refuse an image with these features; none if there is none.
    pub fn rejection_reason(&self, features: &[f32]) -> Option<RejectionReason> {
        self.rejection_at(&self.position(features))
    }

    /// The reason to refuse an image at this position. Of the other kinds that are nearer than their margin allows, the nearest tells
    /// what is wrong, unless the image lies far from everything.
    pub fn rejection_at(&self, position: &Position) -> Option<RejectionReason> {
        let over = |at: &usize| position.nearer(*at) > self.centres[*at].2;
        let distance = |at: &usize| position.others[*at];
        let places = (0..self.centres.len()).filter(over);
        let nearest = places.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        match nearest {
            Some(at) if distance(&at) <= self.limit => Some(reason(self.centres[at].0)),
            Some(_) => Some(RejectionReason::NotAChestXRay),
            // What is no number is not within the limit.
            None if position.distance <= self.limit => None,
            None => Some(RejectionReason::NotAChestXRay),
        }
    }
}

fn reason(kind: CentroidKind) -> RejectionReason {
    match kind {
        CentroidKind::Turned => RejectionReason::Rotated,
        CentroidKind::Inverted => RejectionReason::Inverted,
        CentroidKind::OutOfDistribution => RejectionReason::NotAChestXRay,
    }
}

/// A lower triangle, row by row, times a vector.
fn lower_times(triangle: &[f32], vector: &[f64]) -> Vec<f64> {
    let mut rest = triangle;
    let row = |length: usize| {
        let (row, others) = rest.split_at(length.min(rest.len()));
        rest = others;
        row.iter().zip(vector).map(|(weight, value)| f64::from(*weight) * value).sum()
    };
    (1..=vector.len()).map(row).collect()
}
