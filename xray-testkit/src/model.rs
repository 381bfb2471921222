//! A model of five operators with its contract.

use std::collections::BTreeMap;

use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, OperatorSetIdProto};
use xray_core::package::{
    BackboneRecord, CONTRACT_KEY, Contract, KnownAnswer, Labels, Precision, SCHEMA_KEY, Training,
};
use xray_core::preprocess::{InputTensor, Preprocessing, Scaling};

use crate::onnx::{entry, node, tensor, value};

/// Contract of [`model`]: input 64 × 64, pixels 0..1, threshold 0.5, three features.
pub fn contract() -> Contract {
    Contract {
        version: 0,
        preprocessing: Preprocessing { size: 64, ..Preprocessing::new(Scaling::Unit) },
        labels: Labels { negative: "NORMAL".to_owned(), positive: "PNEUMONIA".to_owned() },
        threshold: 0.5,
        threshold_rule: "fixed".to_owned(),
        temperature: 1.0,
        abstain: None,
        precision: Precision::Float32,
        backbones: vec![BackboneRecord {
            name: "mean".to_owned(),
            weights: "none".to_owned(),
            random: false,
            fingerprint: "00".repeat(32),
        }],
        features: 3,
        training: Training {
            data_fingerprint: "11".repeat(32),
            train_images: 4,
            validation_images: 2,
            seed: 7,
            epochs: 1,
            program: "tests 0".to_owned(),
        },
        validation: BTreeMap::from([("auroc".to_owned(), 0.75)]),
        quantisation: None,
        local_calibration: None,
        known_answer: None,
        quality_gate: None,
    }
}

/// A model whose features are the channel means m and whose probability is sigmoid(2·(m₁+m₂+m₃) − 3).
/// [`DARK`](crate::images::DARK) gives 0.080521, [`BRIGHT`](crate::images::BRIGHT) 0.919479.
pub fn model() -> ModelProto {
    let size = 64;
    let graph = GraphProto {
        name: "mean".to_owned(),
        node: vec![
            node("GlobalAveragePool", &["image"], "pooled"),
            node("Flatten", &["pooled"], "features"),
            node("MatMul", &["features", "weight"], "product"),
            node("Add", &["product", "bias"], "score"),
            node("Sigmoid", &["score"], "probability"),
        ],
        initializer: vec![tensor("weight", &[3, 1], &[2.0; 3]), tensor("bias", &[1], &[-3.0])],
        input: vec![value("image", &[1, 3, size, size])],
        output: vec![value("probability", &[1, 1]), value("features", &[1, 3])],
        ..GraphProto::default()
    };
    let contract = serde_json::to_string(&contract()).expect("a contract is JSON");
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        producer_name: "tests".to_owned(),
        graph: Some(graph),
        metadata_props: vec![entry(SCHEMA_KEY, "1"), entry(CONTRACT_KEY, &contract)],
        ..ModelProto::default()
    }
}

/// Gives [`model`] a heat map of one cell: 2·(m₁+m₂+m₃).
pub fn add_heat_map(model: &mut ModelProto) {
    let graph = model.graph.as_mut().expect("a graph");
    graph.node.push(node("Conv", &["pooled", "slope"], "signed"));
    graph.node.push(node("Relu", &["signed"], "heat_map"));
    graph.initializer.push(tensor("slope", &[1, 3, 1, 1], &[2.0; 3]));
    graph.output.push(value("heat_map", &[1, 1, 1, 1]));
}

/// The bytes of [`model`] after `change`.
pub fn model_bytes(change: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let mut model = model();
    change(&mut model);
    model.encode_to_vec()
}

/// The bytes of [`model`] with a known answer, as a daemon demands it; its probability is off by `error`.
pub fn model_bytes_with_known_answer(error: f64) -> Vec<u8> {
    let pattern = InputTensor::test_pattern(64);
    let mean = |channel: &[f32]| channel.iter().map(|v| f64::from(*v)).sum::<f64>() / channel.len() as f64;
    let features: Vec<f32> = pattern.as_slice().chunks(64 * 64).map(|channel| mean(channel) as f32).collect();
    let score = 2.0 * features.iter().map(|f| f64::from(*f)).sum::<f64>() - 3.0;
    let mut contract = contract();
    contract.known_answer = Some(KnownAnswer::of(1.0 / (1.0 + (-score).exp()) + error, &features));
    let text = serde_json::to_string(&contract).expect("a contract is JSON");
    model_bytes(|model| {
        for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == CONTRACT_KEY) {
            entry.value.clone_from(&text);
        }
    })
}
