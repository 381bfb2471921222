//! The fused graph against ONNX Runtime without optimisations, on a small net and, where they are, the real ones.

use std::path::{Path, PathBuf};

use tract_core::internal::*;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};
use tract_onnx::prelude::*;

use super::{FusionReport, fuse};
use crate::threads::Threads;

fn alone() -> Arc<Threads> {
    Arc::new(Threads::new(std::num::NonZeroUsize::MIN).unwrap())
}

/// A model of scripts/oracle/qdq.py and ONNX Runtime's answers.
struct Oracle {
    proto: tract_onnx::pb::ModelProto,
    answers: Vec<u8>,
    names: Vec<String>,
    size: usize,
    features: usize,
}

impl Oracle {
    fn read(folder: &Path, stem: &str, size: usize, features: usize) -> Oracle {
        let at = |ending: &str| folder.join(format!("{stem}.{ending}"));
        let proto = tract_onnx::onnx().proto_model_for_path(at("onnx")).unwrap();
        let names = std::fs::read_to_string(at("txt")).unwrap().lines().map(str::to_owned).collect();
        Oracle { proto, answers: std::fs::read(at("bin")).unwrap(), names, size, features }
    }

    /// The typed model with the inner tensors as further outputs.
    fn typed(&self) -> TypedModel {
        let mut model = tract_onnx::onnx().model_for_proto_model(&self.proto).unwrap();
        let mut outlets = model.output_outlets().unwrap().to_vec();
        for name in &self.names {
            let maker =
                self.proto.graph.as_ref().unwrap().node.iter().find(|n| n.output[0] == *name).unwrap();
            outlets.push(OutletId::from(model.node_by_name(&maker.name).unwrap().id));
        }
        model.select_output_outlets(&outlets).unwrap();
        model.into_typed().unwrap()
    }
}

/// Weights that leave the protobuf early give the same results as weights that tract has folded.
#[test]
fn loading_from_the_protobuf_is_the_same() {
    for (stem, kept) in [("small", 1), ("mixed", 2)] {
        let oracle = Oracle::read(&fixtures(), stem, 32, 68);
        let (model, report) = super::load(&oracle.proto, None, &alone()).unwrap();
        assert_eq!(model.input_outlets().unwrap().len(), 1);
        assert_eq!(report.kept.len(), kept);
        assert!(first_probability_apart(&oracle, model) < 1e-5);
    }
}

/// Weights of convolutions that are not fused come back as constants.
#[test]
fn weights_that_are_not_taken_are_put_back() {
    let oracle = Oracle::read(&fixtures(), "small", 32, 68);
    let mut proto = oracle.proto.clone();
    let aside = super::Aside::take(&mut proto);
    let mut model = tract_onnx::onnx().model_for_proto_model(&proto).unwrap().into_typed().unwrap();
    assert!(model.input_outlets().unwrap().len() > 30);
    aside.put_back(&mut model).unwrap();
    assert_eq!(model.input_outlets().unwrap().len(), 1);
    assert!(first_probability_apart(&oracle, model) < 1e-5);
}

/// A bound behind a pooling, and padding on two sides only: neither has an operator of ours, and both give tract's answer.
#[test]
fn pooling_of_another_kind_is_left_to_tract() {
    for change in [bounded, padded_behind] {
        let mut oracle = Oracle::read(&fixtures(), "small", 32, 68);
        change(oracle.proto.graph.as_mut().unwrap());
        oracle.names.clear();
        let (model, report) = super::load(&oracle.proto, None, &alone()).unwrap();
        assert!(report.any() && report.kept.iter().any(|kept| kept.reason.contains("pooling")), "{report}");
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

/// Largest distance of probabilities, worst share of inner elements off by one step, and how many were off by more.
fn compare(oracle: &Oracle, model: TypedModel) -> (f32, f64, usize) {
    let runnable = model.into_optimized().unwrap().into_runnable().unwrap();
    let mut rest = oracle.answers.as_slice();
    let mut take = |bytes: usize| {
        let (head, tail) = rest.split_at(bytes);
        rest = tail;
        head
    };
    let (mut furthest, mut worst, mut wrong) = (0f32, 0f64, 0);
    let one = {
        let input = vec![0f32; 3 * oracle.size * oracle.size];
        let image = Tensor::from_shape(&[1, 3, oracle.size, oracle.size], &input).unwrap();
        let outputs = runnable.run(tvec!(image.into_tvalue())).unwrap();
        12 * oracle.size * oracle.size
            + 4
            + 4 * oracle.features
            + outputs[2..].iter().map(|t| t.len()).sum::<usize>()
    };
    for _ in 0..oracle.answers.len() / one {
        let image = floats(take(12 * oracle.size * oracle.size));
        let image = Tensor::from_shape(&[1, 3, oracle.size, oracle.size], &image).unwrap();
        let outputs = runnable.run(tvec!(image.into_tvalue())).unwrap();
        let p = floats(take(4))[0];
        let theirs = floats(take(4 * oracle.features));
        let features = outputs[1].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap();
        let scale = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
        let apart = theirs.iter().zip(features).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        eprintln!("features apart by {:.2e} of their largest", apart / scale);
        let ours = outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap()[0];
        furthest = furthest.max((p - ours).abs());
        for (tensor, name) in outputs[2..].iter().zip(&oracle.names) {
            let theirs = take(tensor.len());
            let ours = tensor.try_as_plain_ram().unwrap().as_bytes();
            let off = ours.iter().zip(theirs).filter(|(a, b)| a != b).count();
            let far = ours.iter().zip(theirs).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            let share = off as f64 / ours.len() as f64;
            if far > 0 || share > 0.001 {
                eprintln!("{name} {:?}: {off} of {} off, {far} by more than one", tensor.shape(), ours.len());
            }
            worst = worst.max(share);
            wrong += far;
        }
    }
    (furthest, worst, wrong)
}

fn count(report: &FusionReport, name: &str) -> usize {
    report.structures.iter().chain(&report.fused).find(|k| k.name == name).map_or(0, |k| k.count)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engine")
}

#[test]
fn small_net_is_fused_whole_and_agrees_with_onnx_runtime() {
    let oracle = Oracle::read(&fixtures(), "small", 32, 68);
    let kernels = crate::kernels::available();
    // Three threads do not divide the blocks evenly, and where there are fewer blocks some are idle.
    for (kernel, threads) in kernels.into_iter().flat_map(|kernel| [(kernel, 1), (kernel, 3)]) {
        let threads = Arc::new(Threads::new(threads.try_into().unwrap()).unwrap());
        let (model, report) = fuse(oracle.typed(), Some(kernel.name()), &threads).unwrap();
        eprintln!("{report}");
        assert_eq!(count(&report, "dense layer"), 7);
        assert_eq!(count(&report, "transition"), 2);
        assert_eq!(count(&report, "inverted residual"), 5);
        assert_eq!(report.kept.len(), 1, "{report}");
        assert_eq!(report.regions, 1);
        let (probability, share, wrong) = compare(&oracle, model);
        eprintln!("{}: |dp| {probability}, share {share}, more than one step {wrong}", kernel.name());
        assert!(probability < 0.01 && wrong == 0);
    }
}

/// int8 activations, and a LeakyRelu that no pattern covers in the middle of a dense block.
#[test]
fn what_is_not_recognised_stays_with_tract_and_is_right() {
    let oracle = Oracle::read(&fixtures(), "mixed", 32, 68);
    let (model, report) = fuse(oracle.typed(), None, &alone()).unwrap();
    eprintln!("{report}");
    assert_eq!(report.regions, 2);
    assert_eq!(report.kept.len(), 2);
    assert_eq!(count(&report, "dense layer"), 6);
    let (probability, ..) = compare(&oracle, model);
    assert!(probability < 1e-5, "{probability}");
}

#[test]
fn tract_alone_agrees_with_onnx_runtime_on_the_small_net() {
    let oracle = Oracle::read(&fixtures(), "small", 32, 68);
    let (probability, share, wrong) = compare(&oracle, oracle.typed());
    eprintln!("tract: |dp| {probability}, share {share}, more than one step {wrong}");
    assert!(probability < 0.01 && wrong == 0);
}

/// Ten inner tensors of an exported model on eight images, where `scripts/oracle/inner_tensors.py` wrote them.
#[test]
fn an_exported_model_gives_the_bytes_of_onnx_runtime() {
    let Some(folder) = std::env::var_os("XRAY_INNER").map(PathBuf::from) else {
        eprintln!("SKIPPED: set XRAY_INNER to a folder written by scripts/oracle/inner_tensors.py");
        return;
    };
    let oracle = Oracle::read(&folder, "model", 224, 2944);
    assert_eq!(oracle.names.len(), 10);
    for kernel in crate::kernels::available() {
        let (model, report) = fuse(oracle.typed(), Some(kernel.name()), &alone()).unwrap();
        assert!(report.any(), "{report}");
        let (probability, share, wrong) = compare(&oracle, model);
        eprintln!("{}: |dp| {probability}, worst share off by one {share}, more {wrong}", kernel.name());
        assert!(probability <= 0.01 && share <= 0.001 && wrong == 0);
    }
}
