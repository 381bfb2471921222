//! The steps of one screening, timed, with a model given by XRAY_MODEL:
//!
//!     XRAY_MODEL=model.onnx cargo bench --workspace --bench engine
//!
//! Without a model only intake, preprocessing and the quality gate are timed, and that is said.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use xray_core::engine::{EngineChoice, EngineOptions, load};
use xray_core::package::{
    Base64Floats, Centroid, CentroidKind, PackageFile, QualityGateFit, QualityGateRecord,
};
use xray_core::preprocess::{InputTensor, Preprocessing, Scaling, prepare};
use xray_core::quality_gate::{ANALYSED_SIDE, FeatureSpace, ImageStatistics};
use xray_intake::{Radiograph, read_file};

/// A grey PGM of 1400 × 1000 pixels, about the size of an X-ray in the public sets.
fn picture(path: &Path) {
    let mut bytes = b"P5 1400 1000 255\n".to_vec();
    bytes.extend((0..1400 * 1000u32).map(|i| (((i % 1400) * (i / 1400)) >> 6) as u8));
    std::fs::write(path, bytes).unwrap();
}

fn image(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("picture.pgm");
    picture(&file);
    criterion.bench_function("intake", |b| b.iter(|| read_file(black_box(&file)).unwrap()));
    let (image, contract) = (read_file(&file).unwrap(), Preprocessing::new(Scaling::Imagenet));
    criterion.bench_function("preprocess", |b| b.iter(|| prepare(black_box(&image), &contract).unwrap()));
}

/// What the quality gate adds to an image: image statistics, and the position of its features in a space of the usual size.
fn quality_gate(criterion: &mut Criterion) {
    let side = ANALYSED_SIDE as u32;
    let levels = (0..side * side).map(|i| (((i % side) * (i / side)) >> 6) as u8).collect();
    let small = Radiograph::from_grey(side, side, levels).unwrap();
    criterion.bench_function("quality gate, image statistics", |b| {
        b.iter(|| ImageStatistics::of(black_box(&small), &small))
    });

    let (dims, features) = (128, 2944);
    let numbers = |count: usize| Base64Floats((0..count).map(|i| (i % 7) as f32 / 7.0).collect());
    let centre = |_| Centroid { kind: CentroidKind::OutOfDistribution, at: numbers(dims), margin: 0.0 };
    let space = FeatureSpace::new(&QualityGateRecord {
        dims,
        mean: numbers(features),
        scale: numbers(features),
        whitening: numbers(dims * (dims + 1) / 2),
        limit: 20.0,
        centres: (0..11).map(centre).collect(),
        fit: QualityGateFit { fitted_on: 0, validation: 0, refused: 0 },
    });
    let shown = numbers(features).0;
    criterion
        .bench_function("quality gate, features", |b| b.iter(|| space.rejection_reason(black_box(&shown))));
}

fn engines(criterion: &mut Criterion) {
    let Some(path) = std::env::var_os("XRAY_MODEL") else {
        eprintln!("SKIPPED: the engines. Name a model with XRAY_MODEL=FILE.onnx");
        return;
    };
    let package = PackageFile::read(path.as_ref()).unwrap().verify().unwrap();
    let input = InputTensor::test_pattern(package.contract().preprocessing.size);
    for (name, choice, threads) in [
        ("fused, one thread", EngineChoice::Fused, 1),
        ("fused, two threads", EngineChoice::Fused, 2),
        ("tract", EngineChoice::Tract, 1),
    ] {
        let options = EngineOptions { choice, threads: NonZeroUsize::new(threads).unwrap() };
        let engine = load(&package, options).unwrap().engine;
        criterion.bench_function(name, |b| b.iter(|| engine.run(black_box(&input)).unwrap()));
    }
}

criterion_group!(benches, image, quality_gate, engines);
criterion_main!(benches);
