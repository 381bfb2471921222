//! Exported files run by tract, against PyTorch's answers (scripts/oracle/export_fixtures.py).

use crate::export_fixture;
use host_trainer::architectures::BackboneKind;
use host_trainer::export::export;
use serde::Deserialize;
use tract_onnx::prelude::*;
use xray_core::package::Precision;
use xray_testkit::random::hashed_stream;

#[derive(Deserialize)]
struct Fixture {
    size: usize,
    feature_step: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    backbones: Vec<String>,
    int8: bool,
    keras: bool,
    probability: f64,
    features: Vec<f32>,
}

fn run(bytes: &[u8], size: usize) -> (f64, Vec<f32>) {
    let image: Vec<f32> =
        hashed_stream("image", 3 * size * size).into_iter().map(|u| (u * 4.0 - 2.0) as f32).collect();
    let model = tract_onnx::onnx()
        .model_for_read(&mut std::io::Cursor::new(bytes))
        .unwrap()
        .into_optimized()
        .unwrap()
        .into_runnable()
        .unwrap();
    let image = Tensor::from_shape(&[1, 3, size, size], &image).unwrap();
    let outputs = model.run(tvec!(image.into())).unwrap();
    let floats =
        |i: usize| outputs[i].to_plain_array_view::<f32>().unwrap().iter().copied().collect::<Vec<_>>();
    assert_eq!(outputs[0].shape(), [1, 1]);
    (f64::from(floats(0)[0]), floats(1))
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn check(name: &str) {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/export.json")).unwrap();
    let case = fixture.cases.iter().find(|case| case.name == name).unwrap();
    let sets: Vec<_> = BackboneKind::ALL
        .into_iter()
        .filter(|kind| case.backbones.iter().any(|name| name == kind.name()))
        .map(|kind| {
            let mut set = export_fixture::weights(kind);
            if case.keras {
                export_fixture::keras(&mut set);
            }
            set
        })
        .collect();
    let precision = if case.int8 { Precision::Int8Weights } else { Precision::Float32 };
    let contract = export_fixture::contract(&sets, fixture.size, precision);
    let bytes = export(&sets, &export_fixture::head(contract.features), &contract).unwrap();
    let (probability, features) = run(&bytes, fixture.size);
    assert_eq!(features.len(), contract.features);
    let worst = features
        .iter()
        .step_by(fixture.feature_step)
        .zip(&case.features)
        .map(|(got, wanted)| (got - wanted).abs() / wanted.abs().max(1.0))
        .fold(0.0, f32::max);
    let off = (logit(probability) - logit(case.probability)).abs();
    eprintln!("{name}: features off by {worst:e}, logit by {off:e}");
    assert!(worst < 1e-4, "{name}: features off by {worst}");
    assert!(off < 1e-3, "{name}: {probability}, PyTorch says {}", case.probability);
}

#[test]
fn float32_stack() {
    check("float32");
}

#[test]
fn int8_stack() {
    check("int8");
}

#[test]
fn keras_conventions_and_input_adapter() {
    check("keras");
}

#[test]
fn keras_conventions_int8() {
    check("keras_int8");
}
