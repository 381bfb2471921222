//! Quantised graphs: their form, what they compute against the float graph, and against ONNX Runtime's answers
//! (scripts/oracle/qdq_answers.py).

use crate::export_fixture;
use std::collections::BTreeMap;
use std::path::PathBuf;

use host_trainer::architectures::BackboneKind;
use host_trainer::export::{ExportError, export, export_quantised};
use host_trainer::onnx::{ActivationRanges, GraphError};
use host_trainer::quantise::{QuantiseError, measure_ranges, measure_ranges_on};
use host_trainer::weights::WeightSet;
use prost::Message;
use serde::Deserialize;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};
use tract_onnx::prelude::*;
use xray_core::package::Precision;
use xray_testkit::random::hashed_stream;

const SIZE: usize = 64;
const MOBILENET: BackboneKind = BackboneKind::MobilenetV2;

fn image(name: &str) -> Vec<f32> {
    hashed_stream(name, 3 * SIZE * SIZE).into_iter().map(|u| (u * 4.0 - 2.0) as f32).collect()
}

fn calibrated(sets: &[WeightSet]) -> ActivationRanges {
    let preprocessing = export_fixture::contract(sets, SIZE, Precision::Float32).preprocessing;
    let names = ["image", "second", "third"];
    measure_ranges_on(sets, &preprocessing, &names, |name| Ok(image(name)), &mut |_, _| {}).unwrap()
}

fn quantised(sets: &[WeightSet], calibration: &ActivationRanges) -> Vec<u8> {
    let contract = export_fixture::contract(sets, SIZE, Precision::Int8);
    export_quantised(sets, &export_fixture::head(contract.features), &contract, calibration).unwrap()
}

fn run(bytes: &[u8]) -> (f64, Vec<f32>) {
    let model = tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(bytes)).unwrap();
    let model = model.into_optimized().unwrap().into_runnable().unwrap();
    let image = Tensor::from_shape(&[1, 3, SIZE, SIZE], &image("image")).unwrap();
    let outputs = model.run(tvec!(image.into())).unwrap();
    let floats =
        |i: usize| outputs[i].to_plain_array_view::<f32>().unwrap().iter().copied().collect::<Vec<_>>();
    (f64::from(floats(0)[0]), floats(1))
}

/// Signal over error in decibels.
fn decibels(wanted: &[f32], got: &[f32]) -> f64 {
    let square = |v: f32| f64::from(v) * f64::from(v);
    let signal: f64 = wanted.iter().map(|v| square(*v)).sum();
    let error: f64 = wanted.iter().zip(got).map(|(a, b)| square(a - b)).sum();
    10.0 * (signal / error).log10()
}

#[test]
fn close_to_the_float_graph_and_the_same_bytes_again() {
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let calibration = calibrated(&sets);
    let bytes = quantised(&sets, &calibration);
    assert_eq!(bytes, quantised(&sets, &calibrated(&sets)), "the same images gave another file");

    let contract = export_fixture::contract(&sets, SIZE, Precision::Float32);
    let float = export(&sets, &export_fixture::head(contract.features), &contract).unwrap();
    let (p, features) = run(&float);
    let (q, rounded) = run(&bytes);
    let split = BackboneKind::DenseNet169.features();
    let dense = decibels(&features[..split], &rounded[..split]);
    let mobile = decibels(&features[split..], &rounded[split..]);
    eprintln!(
        "DenseNet169 {dense:.1} dB, MobileNetV2 {mobile:.1} dB, p {p} and {q}, {:?}",
        calibration.observer_counts()
    );
    // Hashed weights are noise, and errors of 52 layers of noise add up.
    assert!(dense > 34.0 && mobile > 10.0, "{dense} dB and {mobile} dB");
}

struct Graph(GraphProto);

impl Graph {
    fn maker(&self, value: &str) -> Option<&NodeProto> {
        self.0.node.iter().find(|node| node.output[0] == value)
    }

    fn of<'a>(&'a self, op: &'a str) -> impl Iterator<Item = &'a NodeProto> {
        self.0.node.iter().filter(move |node| node.op_type == op)
    }

    fn bytes(&self, name: &str) -> &[u8] {
        &self.0.initializer.iter().find(|tensor| tensor.name == name).unwrap().raw_data
    }

    fn is(&self, value: &str, op: &str) -> bool {
        self.maker(value).is_some_and(|node| node.op_type == op)
    }
}

#[test]
fn the_form_that_integer_engines_recognise() {
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let calibration = calibrated(&sets);
    let model = ModelProto::decode(quantised(&sets, &calibration).as_slice()).unwrap();
    let graph = Graph(model.graph.unwrap());
    let convs: Vec<_> = graph.of("Conv").collect();
    assert_eq!(convs.len(), 168 + 52);
    for conv in convs {
        for input in &conv.input {
            assert!(graph.is(input, "DequantizeLinear"), "{} reads {input} in float", conv.name);
        }
        // Scale of the bias: input times weight.
        let scale = |value: &str| -> Vec<f32> {
            let bytes = graph.bytes(&graph.maker(value).unwrap().input[1]);
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
        };
        let [input, weight, bias] = [0, 1, 2].map(|i| scale(&conv.input[i]));
        assert!(bias.iter().zip(&weight).all(|(b, w)| *b == input[0] * w));
    }
    for quantise in graph.of("QuantizeLinear") {
        let zero = graph.bytes(&quantise.input[2]);
        assert_eq!(zero.len(), 1, "one zero point a tensor");
        let source = graph.maker(&quantise.input[0]).map_or("input", |node| node.op_type.as_str());
        match source {
            "Relu" | "Clip" | "MaxPool" | "AveragePool" => assert_eq!(zero, [0], "{}", quantise.name),
            "Conv" | "Add" | "input" => {}
            other => panic!("{} rounds behind {other}", quantise.name),
        }
    }
    let pool = graph.of("MaxPool").next().unwrap();
    let behind = graph.of("QuantizeLinear").find(|node| node.input[0] == pool.output[0]).unwrap();
    let before = graph.maker(&pool.input[0]).unwrap();
    assert_eq!(graph.bytes(&behind.input[1]), graph.bytes(&before.input[1]));
    for concat in graph.of("Concat").filter(|node| !["features", "heat/maps"].contains(&node.name.as_str())) {
        let float_or_read_back = |v: &String| graph.is(v, "DequantizeLinear") || graph.is(v, "Concat");
        assert!(concat.input.iter().all(float_or_read_back), "{}", concat.name);
    }
    let rounded = |add: &&NodeProto| add.input.iter().all(|v| graph.is(v, "DequantizeLinear"));
    assert_eq!(graph.of("Add").filter(rounded).count(), 10, "residuals");
    assert!(graph.of("GlobalAveragePool").count() == 2 && graph.0.node.iter().all(|n| n.domain.is_empty()));
}

#[test]
fn what_does_not_fit_is_refused() {
    let sets = [export_fixture::weights(MOBILENET)];
    let contract = export_fixture::contract(&sets, SIZE, Precision::Int8);
    let head = export_fixture::head(contract.features);
    let error = export(&sets, &head, &contract).unwrap_err();
    assert!(matches!(error, ExportError::ActivationRanges { needed: true, .. }), "{error}");
    let error = export_quantised(&sets, &head, &contract, &ActivationRanges::default()).unwrap_err();
    assert!(
        matches!(error, ExportError::Graph(GraphError::NoRange { ref activation }) if activation == "image"),
        "{error}"
    );
    let float = export_fixture::contract(&sets, SIZE, Precision::Float32);
    let error = export_quantised(&sets, &head, &float, &ActivationRanges::default()).unwrap_err();
    assert!(matches!(error, ExportError::ActivationRanges { needed: false, .. }), "{error}");

    let none = measure_ranges(&sets, &contract.preprocessing, &[], &mut |_, _| {}).unwrap_err();
    assert!(matches!(none, QuantiseError::NoImages), "{none}");
    let absent = [PathBuf::from("absent.png")];
    let missing = measure_ranges(&sets, &contract.preprocessing, &absent, &mut |_, _| {}).unwrap_err();
    assert!(missing.to_string().contains("absent.png"), "{missing}");
    let infinite = |_: &()| {
        let mut image = image("image");
        image[5] = f32::NAN;
        Ok(image)
    };
    let error =
        measure_ranges_on(&sets, &contract.preprocessing, &[()], infinite, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, QuantiseError::NotFinite { .. }), "{error}");
}

#[derive(Deserialize)]
struct Fixture {
    feature_step: usize,
    probability: f64,
    features: Vec<f32>,
    calibration: ActivationRanges,
}

/// Steps are taken from the fixture, so that processors whose float sums differ write the same graph.
#[test]
fn onnx_runtime_computes_the_same() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/qdq.json")).unwrap();
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let (probability, features) = run(&quantised(&sets, &fixture.calibration));
    let ours: Vec<f32> = features.into_iter().step_by(fixture.feature_step).collect();
    let ratio = decibels(&fixture.features, &ours);
    eprintln!("{ratio:.1} dB, p {probability}, ONNX Runtime says {}", fixture.probability);
    assert!(ratio > 120.0, "{ratio} dB");
    assert!((probability - fixture.probability).abs() < 1e-6, "{probability}");
}

/// Writes what scripts/oracle/qdq_answers.py makes the fixture from.
#[test]
#[ignore = "writes files: set XRAY_EDGE_WRITE to a folder"]
fn write_for_the_oracle() {
    let folder = PathBuf::from(std::env::var_os("XRAY_EDGE_WRITE").unwrap());
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let mut calibration = calibrated(&sets);
    // Means would be most of the fixture.
    let activations: BTreeMap<_, _> = std::mem::take(&mut calibration.activations);
    calibration.activations = activations
        .into_iter()
        .map(|(name, mut activation)| {
            activation.means.clear();
            (name, activation)
        })
        .collect();
    std::fs::write(folder.join("model.onnx"), quantised(&sets, &calibration)).unwrap();
    std::fs::write(folder.join("calibration.json"), serde_json::to_vec(&calibration).unwrap()).unwrap();
}
