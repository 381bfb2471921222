//! What stands in an exported file, and what is refused.

use crate::export_fixture;
use host_trainer::architectures::BackboneKind;
use host_trainer::export::{ExportError, export};
use host_trainer::head::{HeadError, HeadWeights};
use host_trainer::onnx::GraphError;
use prost::Message;
use tract_onnx::pb::ModelProto;
use xray_core::package::{CONTRACT_KEY, Contract, Precision, SCHEMA_KEY};

const MOBILENET: BackboneKind = BackboneKind::MobilenetV2;

#[test]
fn the_whole_stack_in_int8_fits_in_17_5_megabytes() {
    let sets = BackboneKind::DEFAULT_STACK.map(export_fixture::weights);
    let contract = export_fixture::contract(&sets, 224, Precision::Int8Weights);
    let bytes = export(&sets, &export_fixture::head(contract.features), &contract).unwrap();
    eprintln!("int8: {} bytes", bytes.len());
    assert!(bytes.len() < 17_500_000, "{} bytes", bytes.len());
}

#[test]
fn contract_names_and_order_and_the_same_bytes_again() {
    let sets = [export_fixture::weights(MOBILENET)];
    let contract = export_fixture::contract(&sets, 224, Precision::Int8Weights);
    let head = export_fixture::head(contract.features);
    let bytes = export(&sets, &head, &contract).unwrap();
    assert_eq!(bytes, export(&sets, &head, &contract).unwrap());

    let model = ModelProto::decode(bytes.as_slice()).unwrap();
    let property = |key: &str| {
        model.metadata_props.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str()).unwrap()
    };
    assert_eq!(property(SCHEMA_KEY), "1");
    assert_eq!(serde_json::from_str::<Contract>(property(CONTRACT_KEY)).unwrap(), contract);
    let graph = model.graph.unwrap();
    let names = |values: &[tract_onnx::pb::ValueInfoProto]| {
        values.iter().map(|value| value.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&graph.input), ["image"]);
    assert_eq!(names(&graph.output), ["probability", "features", "heat_map"]);
    // Every BatchNorm of this net and of the head is folded away.
    let mut forward = graph.node.iter().filter(|node| !node.name.starts_with("heat/"));
    assert!(!forward.any(|node| ["Mul", "BatchNormalization"].contains(&node.op_type.as_str())));
    let mut outputs: Vec<_> = graph.node.iter().flat_map(|node| node.output.iter()).collect();
    let count = outputs.len();
    outputs.sort();
    outputs.dedup();
    assert_eq!(outputs.len(), count, "a name was given twice");
}

#[test]
fn wrong_weights_are_named() {
    let mut sets = [export_fixture::weights(MOBILENET)];
    let contract = export_fixture::contract(&sets, 224, Precision::Float32);
    let head = export_fixture::head(contract.features);

    let weight = sets[0].tensors.remove("features.3.conv.2.weight").unwrap();
    let message = export(&sets, &head, &contract).unwrap_err().to_string();
    assert!(message.contains("features.3.conv.2.weight"), "{message}");

    let mut wide = weight.clone();
    wide.shape = vec![144, 24, 1, 1];
    sets[0].tensors.insert("features.3.conv.2.weight".into(), wide);
    let error = export(&sets, &head, &contract).unwrap_err();
    assert!(
        matches!(error, ExportError::Graph(GraphError::Shape { ref expected, .. }) if expected == &[24, 144, 1, 1]),
        "{error}"
    );

    let mut infinite = weight.clone();
    infinite.data[7] = f32::INFINITY;
    sets[0].tensors.insert("features.3.conv.2.weight".into(), infinite);
    let error = export(&sets, &head, &contract).unwrap_err();
    assert!(matches!(error, ExportError::Graph(GraphError::NotFinite { .. })), "{error}");
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let sets = [export_fixture::weights(MOBILENET)];
    let contract = export_fixture::contract(&sets, 224, Precision::Float32);
    let head = export_fixture::head(contract.features);
    let error = |head: &HeadWeights, change: &dyn Fn(&mut Contract)| {
        let mut changed = contract.clone();
        change(&mut changed);
        export(&sets, head, &changed).unwrap_err()
    };
    let other = error(&head, &|c| c.backbones[0].name = "densenet169".into());
    assert!(matches!(other, ExportError::Backbones { .. }), "{other}");
    let fewer = error(&head, &|c| c.features = 1000);
    assert!(
        matches!(fewer, ExportError::Features { backbones: 1280, head: 1280, contract: 1000 }),
        "{fewer}"
    );
    let odd = error(&head, &|c| c.preprocessing.size = 100);
    assert!(matches!(odd, ExportError::Graph(GraphError::Size { size: 100 })), "{odd}");
    let mut short = head.clone();
    short.dense2.bias.pop();
    let short = error(&short, &|_| {});
    assert!(matches!(short, ExportError::Head(HeadError::Shape { .. })), "{short}");
}

#[test]
fn densenet_is_not_padded_as_keras_pads_mobilenet() {
    let mut sets = [export_fixture::weights(BackboneKind::DenseNet169)];
    export_fixture::keras(&mut sets[0]);
    let contract = export_fixture::contract(&sets, 224, Precision::Float32);
    let error = export(&sets, &export_fixture::head(contract.features), &contract).unwrap_err();
    assert!(matches!(error, ExportError::Graph(GraphError::Padding { backbone: "densenet169" })), "{error}");
}

#[test]
fn a_head_comes_back_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.safetensors");
    let head = export_fixture::head(64);
    head.save(&path).unwrap();
    assert_eq!(HeadWeights::load(&path).unwrap(), head);

    std::fs::write(&path, b"no safetensors").unwrap();
    assert!(matches!(HeadWeights::load(&path).unwrap_err(), HeadError::Format { .. }));
    let missing = HeadWeights::load(&folder.path().join("absent")).unwrap_err().to_string();
    assert!(missing.contains("absent"), "{missing}");
}
