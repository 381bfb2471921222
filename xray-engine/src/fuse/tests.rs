//! How a graph is taken apart, on two small nets; `tests/integration/recorded_answers.rs` has the answers of every kernel.

use std::path::{Path, PathBuf};

use tract_core::internal::*;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};
use tract_onnx::prelude::*;

use super::{FusionReport, fuse};
use crate::threads::Threads;

fn alone() -> Arc<Threads> {
    Arc::new(Threads::new(std::num::NonZeroUsize::MIN).unwrap())
}

/// A model of `qdq.py` and ONNX Runtime's answers.
struct Oracle {
    proto: tract_onnx::pb::ModelProto,
    answers: Vec<u8>,
    size: usize,
}

impl Oracle {
    fn read(folder: &Path, stem: &str, size: usize) -> Oracle {
        let path = |extension: &str| folder.join(format!("{stem}.{extension}"));
        let proto = tract_onnx::onnx().proto_model_for_path(path("onnx")).unwrap();
        Oracle { proto, answers: std::fs::read(path("bin")).unwrap(), size }
    }

    fn typed(&self) -> TypedModel {
        tract_onnx::onnx().model_for_proto_model(&self.proto).unwrap().into_typed().unwrap()
    }
}

/// Weights that leave the protobuf early give the same results as weights that tract has folded.
#[test]
fn loading_from_the_protobuf_is_the_same() {
    for (stem, unfused) in [("small", 1), ("mixed", 2)] {
        let oracle = Oracle::read(&fixtures(), stem, 32);
        let (model, report) = super::load(&oracle.proto, None, &alone()).unwrap();
        assert_eq!(model.input_outlets().unwrap().len(), 1);
        assert_eq!(report.unfused.len(), unfused);
        assert!(first_probability_apart(&oracle, model) < 1e-5);
    }
}

/// Weights of convolutions that are not fused come back as constants.
#[test]
fn weights_that_are_not_taken_are_put_back() {
    let oracle = Oracle::read(&fixtures(), "small", 32);
    let mut proto = oracle.proto.clone();
    let detached = super::DetachedWeights::detach(&mut proto);
    let mut model = tract_onnx::onnx().model_for_proto_model(&proto).unwrap().into_typed().unwrap();
    assert!(model.input_outlets().unwrap().len() > 30);
    detached.reattach(&mut model).unwrap();
    assert_eq!(model.input_outlets().unwrap().len(), 1);
    assert!(first_probability_apart(&oracle, model) < 1e-5);
}

/// A bound behind a pooling, and padding on two sides only: neither has an operator of ours, and both give tract's answer.
#[test]
fn pooling_of_another_kind_is_left_to_tract() {
    for change in [bounded, padded_behind] {
        let mut oracle = Oracle::read(&fixtures(), "small", 32);
        change(oracle.proto.graph.as_mut().unwrap());
        let (model, report) = super::load(&oracle.proto, None, &alone()).unwrap();
        assert!(report.any() && report.unfused.iter().any(|op| op.reason.contains("pooling")), "{report}");
        let apart =
            first_probability_apart(&oracle, model) - first_probability_apart(&oracle, oracle.typed());
        assert!(apart.abs() < 1e-5, "{apart}");
    }
}

fn pooling(graph: &GraphProto) -> usize {
    graph.node.iter().position(|node| node.op_type == "MaxPool").unwrap()
}

fn bounded(graph: &mut GraphProto) {
    let at = pooling(graph);
    let output = std::mem::replace(&mut graph.node[at].output[0], "pool.free".to_owned());
    let bound = NodeProto {
        name: "pool.bound".to_owned(),
        op_type: "Min".to_owned(),
        input: vec!["pool.free".to_owned(), "pool.most".to_owned()],
        output: vec![output],
        ..NodeProto::default()
    };
    graph.node.insert(at + 1, bound);
    let most = TensorProto {
        name: "pool.most".to_owned(),
        data_type: 1,
        float_data: vec![0.25],
        ..TensorProto::default()
    };
    graph.initializer.push(most);
}

fn padded_behind(graph: &mut GraphProto) {
    let at = pooling(graph);
    let pads = graph.node[at].attribute.iter_mut().find(|attribute| attribute.name == "pads").unwrap();
    pads.ints = vec![0, 0, 1, 1];
}

fn first_probability_apart(oracle: &Oracle, model: TypedModel) -> f32 {
    let (image, rest) = oracle.answers.split_at(12 * oracle.size * oracle.size);
    let image = Tensor::from_shape(&[1, 3, oracle.size, oracle.size], &floats(image)).unwrap();
    let runnable = model.into_optimized().unwrap().into_runnable().unwrap();
    let outputs = runnable.run(tvec!(image.into_tvalue())).unwrap();
    let ours = outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap()[0];
    (floats(&rest[..4])[0] - ours).abs()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn count(report: &FusionReport, name: &str) -> usize {
    report.structures.iter().chain(&report.fused).find(|k| k.name == name).map_or(0, |k| k.count)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engine")
}

/// A graph that tract has typed holds weights as float constants: they are read back as int8.
#[test]
fn weights_that_tract_has_folded_are_recognised() {
    let oracle = Oracle::read(&fixtures(), "small", 32);
    let (model, report) = fuse(oracle.typed(), &alone()).unwrap();
    assert_eq!(count(&report, "dense layer"), 7);
    assert_eq!(count(&report, "transition"), 2);
    assert_eq!(count(&report, "inverted residual"), 5);
    assert_eq!((report.unfused.len(), report.regions), (1, 1), "{report}");
    assert!(first_probability_apart(&oracle, model) < 1e-5);

    let oracle = Oracle::read(&fixtures(), "mixed", 32);
    let (model, report) = fuse(oracle.typed(), &alone()).unwrap();
    assert_eq!(count(&report, "dense layer"), 6);
    assert_eq!((report.unfused.len(), report.regions), (2, 2), "{report}");
    assert!(first_probability_apart(&oracle, model) < 1e-5);
}
