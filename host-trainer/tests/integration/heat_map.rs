//! Heat maps of exported files on both engines, against PyTorch's autograd (scripts/oracle/heat_map.py).

use crate::export_fixture;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use host_trainer::architectures::BackboneKind;
use host_trainer::export::{BackboneGraph, export, export_quantised};
use host_trainer::head::HeadWeights;
use host_trainer::onnx::ActivationRanges;
use prost::Message;
use serde::Deserialize;
use tract_onnx::pb::ModelProto;
use xray_core::engine::{Engine, FusedEngine, TractEngine};
use xray_core::heat_map::HeatMap;
use xray_core::package::{PackageFile, Precision, VerifiedPackage};
use xray_core::preprocess::InputTensor;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    quantised: Case,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    size: usize,
    backbones: Vec<String>,
    int8: bool,
    keras: bool,
    heat: Vec<f32>,
}

#[derive(Deserialize)]
struct Calibrated {
    calibration: ActivationRanges,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/heat_map.json")).unwrap()
}

fn file(bytes: Vec<u8>) -> PackageFile {
    PackageFile::from_bytes(Path::new("model.onnx"), bytes)
}

fn package(bytes: Vec<u8>) -> VerifiedPackage {
    file(bytes).verify().unwrap()
}

/// With the last layer's signs turned, so that most cells are warm.
fn head(features: usize) -> HeadWeights {
    let mut head = export_fixture::head(features);
    head.dense3.weight.data.iter_mut().for_each(|weight| *weight = -*weight);
    head
}

fn tract(package: &VerifiedPackage) -> Box<dyn Engine> {
    Box::new(TractEngine::load(package).unwrap())
}

fn fused(package: &VerifiedPackage, threads: usize) -> Box<dyn Engine> {
    Box::new(FusedEngine::load(package, NonZeroUsize::new(threads).unwrap()).unwrap())
}

fn map(engine: &dyn Engine, size: usize) -> HeatMap {
    engine.run(&InputTensor::test_pattern(size)).unwrap().into_heat_map().unwrap()
}

/// Largest distance of two cells as a share of the peak.
fn apart(wanted: &[f32], map: &HeatMap) -> f32 {
    assert_eq!(map.values().len(), wanted.len());
    let peak = wanted.iter().copied().fold(0.0, f32::max);
    wanted.iter().zip(map.values()).map(|(a, b)| (a - b).abs() / peak).fold(0.0, f32::max)
}

fn check(name: &str) {
    let fixture = fixture();
    let case = fixture.cases.iter().find(|case| case.name == name).unwrap();
    let named = |kind: &BackboneKind| case.backbones.iter().any(|name| name == kind.name());
    let mut sets: Vec<_> = BackboneKind::ALL.into_iter().filter(named).map(export_fixture::weights).collect();
    if case.keras {
        sets.iter_mut().for_each(export_fixture::keras);
    }
    let precision = if case.int8 { Precision::Int8Weights } else { Precision::Float32 };
    let contract = export_fixture::contract(&sets, case.size, precision);
    let package = package(export(&sets, &head(contract.features), &contract).unwrap());
    assert!(package.has_heat_map());
    for engine in [tract(&package), fused(&package, 1)] {
        let map = map(engine.as_ref(), case.size);
        assert_eq!(map.side(), case.size / 32);
        let apart = apart(&case.heat, &map);
        eprintln!("{name}, {}: off by {apart:.1e} of the peak", engine.name());
        assert!(apart < 1e-4, "{name}: {apart}");
    }
}

#[test]
fn float32_stack() {
    check("float32");
}

#[test]
fn one_backbone() {
    check("densenet169");
    check("mobilenet-v2");
}

#[test]
fn int8_weights() {
    check("int8_weights");
}

#[test]
fn keras_conventions() {
    check("keras");
}

/// The steps are those that qdq.json was made with, whatever processor this runs on.
fn quantised() -> Vec<u8> {
    let fixture: Calibrated = serde_json::from_str(include_str!("../fixtures/qdq.json")).unwrap();
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let contract = export_fixture::contract(&sets, 64, Precision::Int8);
    export_quantised(&sets, &head(contract.features), &contract, &fixture.calibration).unwrap()
}

/// The integer engine's maps are ONNX Runtime's to the bit; what is left is the order of sums in the head.
#[test]
fn int8_activations_fused_and_not() {
    let wanted = fixture().quantised.heat;
    let package = package(quantised());
    let engines = [tract(&package), fused(&package, 1), fused(&package, 3)];
    let outputs = engines.each_ref().map(|engine| engine.run(&InputTensor::test_pattern(64)).unwrap());
    for (engine, output) in engines.iter().zip(&outputs) {
        let apart = apart(&wanted, output.heat_map().unwrap());
        eprintln!("{}: off by {apart:.1e} of the peak", engine.name());
        assert!(apart < 1e-3, "{apart}");
    }
    assert_eq!(outputs[1], outputs[2], "threads change nothing");
}

/// A file as it was written before there were heat maps.
fn without_heat_map(bytes: &[u8]) -> Vec<u8> {
    let mut model = ModelProto::decode(bytes).unwrap();
    let graph = model.graph.as_mut().unwrap();
    graph.output.pop();
    graph.node.retain(|node| node.name != "heat_map" && !node.name.starts_with("heat/"));
    graph.initializer.retain(|tensor| !tensor.name.starts_with("heat/"));
    model.encode_to_vec()
}

#[test]
fn a_base_without_a_heat_map_gives_models_with_one() {
    let bytes = quantised();
    let (old, new) = (file(without_heat_map(&bytes)), file(bytes.clone()));
    let package = old.clone().verify().unwrap();
    assert!(!package.has_heat_map());
    let before = fused(&package, 1).run(&InputTensor::test_pattern(64)).unwrap();
    assert_eq!(before.heat_map(), None);
    let after = fused(&new.clone().verify().unwrap(), 1).run(&InputTensor::test_pattern(64)).unwrap();
    assert_eq!((before.probability(), before.features()), (after.probability(), after.features()));

    let (old_body, body) = (BackboneGraph::of(&old).unwrap(), BackboneGraph::of(&new).unwrap());
    // What features are cached under.
    assert_eq!(old_body.fingerprint(), body.fingerprint());
    let contract = package.contract();
    let again = old_body.with_head(&head(contract.features), contract).unwrap();
    assert!(again == bytes, "another file than the export wrote");
}

#[test]
fn features_that_are_no_means_of_maps_are_refused() {
    let mut model = ModelProto::decode(quantised().as_slice()).unwrap();
    let nodes = &mut model.graph.as_mut().unwrap().node;
    nodes.iter_mut().filter(|node| node.op_type == "GlobalAveragePool").for_each(|node| {
        node.op_type = "GlobalMaxPool".to_owned();
    });
    let file = file(model.encode_to_vec());
    let contract = file.clone().verify().unwrap().contract().clone();
    let body = BackboneGraph::of(&file).unwrap();
    let message = body.with_head(&head(contract.features), &contract).unwrap_err().to_string();
    assert!(message.contains("not the means"), "{message}");
}

/// Writes what scripts/oracle/heat_map.py makes the fixture from.
#[test]
#[ignore = "writes files: set XRAY_EDGE_WRITE to a folder"]
fn write_for_the_oracle() {
    let folder = PathBuf::from(std::env::var_os("XRAY_EDGE_WRITE").unwrap());
    std::fs::write(folder.join("int8.onnx"), quantised()).unwrap();
}
