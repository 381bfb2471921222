//! The fit of a gate: scikit-learn's shrunk covariance (scripts/oracle/gate.py), and limits that keep what they were drawn
//! on.

use host_trainer::quality_gate::{QualityGateError, QualityGateSamples, Whitening, fit, shrunk_covariance};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use xray_core::package::CentroidKind;
use xray_core::quality_gate::{FeatureSpace, RejectionReason};

#[derive(Deserialize)]
struct Answer {
    rows: Vec<Vec<f64>>,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    shrunk: f64,
    distances: Vec<f64>,
}

#[test]
fn the_shrunk_covariance_and_its_distances_are_those_of_scikit_learn() {
    let answers: Vec<Answer> =
        serde_json::from_str(include_str!("../fixtures/gate.json")).expect("the fixture");
    let close = |found: f64, expected: f64| {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found}, expected {expected}");
    };
    for answer in answers {
        let (mean, covariance, shrunk) = shrunk_covariance(&answer.rows);
        close(shrunk, answer.shrunk);
        mean.iter().zip(&answer.mean).for_each(|(found, expected)| close(*found, *expected));
        covariance.iter().zip(&answer.covariance).for_each(|(found, expected)| close(*found, *expected));
        let whitening = Whitening::of(&covariance, mean.len()).unwrap();
        for (row, expected) in answer.rows.iter().zip(answer.distances) {
            let off: Vec<f64> = row.iter().zip(&mean).map(|(x, mean)| x - mean).collect();
            close(whitening.apply(&off).iter().map(|u| u * u).sum::<f64>().sqrt(), expected);
        }
    }
}

/// Rows of 300 features around a place.
fn cloud(count: usize, place: impl Fn(usize) -> f32, seed: u64) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut row = |_| (0..300).map(|feature| place(feature) + rng.random::<f32>()).collect();
    (0..count).map(&mut row).collect()
}

#[test]
fn kinds_are_told_apart_and_the_validation_side_is_kept() {
    let turned = |feature: usize| if feature < 60 { 0.8 } else { 0.0 };
    let inverted = |feature: usize| if feature >= 240 { 0.8 } else { 0.0 };
    let samples = QualityGateSamples {
        upright: cloud(200, |_| 0.0, 1),
        others: vec![
            (CentroidKind::Turned, cloud(60, turned, 2)),
            (CentroidKind::Inverted, cloud(60, inverted, 3)),
            (CentroidKind::OutOfDistribution, Vec::new()),
        ],
        validation: cloud(100, |_| 0.0, 4),
    };
    let record = fit(&samples).unwrap();
    assert_eq!((record.fit.fitted_on, record.fit.validation, record.fit.refused), (200, 100, 0));
    assert_eq!(record.centres.len(), 2);
    let space = FeatureSpace::new(&record);
    let reason = |place: fn(usize) -> f32| space.rejection_reason(&cloud(1, place, 5)[0]);
    assert_eq!(reason(|_| 0.0), None);
    assert_eq!(reason(|feature| if feature < 60 { 0.8 } else { 0.0 }), Some(RejectionReason::Rotated));
    assert_eq!(reason(|feature| if feature >= 240 { 0.8 } else { 0.0 }), Some(RejectionReason::Inverted));
    assert_eq!(
        reason(|feature| if feature % 2 == 0 { 9.0 } else { -9.0 }),
        Some(RejectionReason::NotAChestXRay)
    );
}

#[test]
fn too_few_pictures_and_features_that_are_alike_are_refused() {
    let samples = QualityGateSamples { upright: cloud(5, |_| 0.0, 1), ..QualityGateSamples::default() };
    assert!(matches!(fit(&samples), Err(QualityGateError::TooFew { role: "training", found: 5, .. })));
    let samples = QualityGateSamples { upright: cloud(30, |_| 0.0, 1), ..QualityGateSamples::default() };
    assert!(matches!(fit(&samples), Err(QualityGateError::TooFew { role: "validation", .. })));
    let alike = vec![vec![1.0; 300]; 30];
    let samples =
        QualityGateSamples { upright: alike.clone(), validation: alike, ..QualityGateSamples::default() };
    assert_eq!(fit(&samples), Err(QualityGateError::Degenerate));
}
