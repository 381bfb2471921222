//! Cases with recorded answers of ONNX Runtime without optimisations.

use std::path::{Path, PathBuf};

use prost::Message;
use serde::Deserialize;
use tract_onnx::pb::{ModelProto, ValueInfoProto};
use xray_engine::{Array, Runner, TractRunner};

use super::{Case, Sample, Tolerance};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../xray-engine/tests/fixtures")
}

fn proto(path: &Path) -> ModelProto {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    ModelProto::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Convolutions with one scale per channel (`per_channel.py`). Engines must agree exactly.
pub fn per_channel_cases() -> Vec<Case> {
    #[derive(Deserialize)]
    struct Answer {
        name: String,
        x_shape: Vec<usize>,
        x: Vec<f32>,
        y_shape: Vec<usize>,
        y: Vec<f32>,
    }
    let folder = fixtures().join("per_channel");
    let text = std::fs::read(folder.join("answers.json")).expect("answers.json");
    let answers: Vec<Answer> = serde_json::from_slice(&text).expect("answers");
    let case = |answer: Answer| Case {
        proto: proto(&folder.join(format!("{}.onnx", answer.name))),
        name: answer.name,
        samples: vec![Sample {
            input: Array { shape: answer.x_shape, values: answer.x },
            answers: vec![Array { shape: answer.y_shape, values: answer.y }],
        }],
        tolerances: vec![Tolerance::Exact],
    };
    answers.into_iter().map(case).collect()
}

/// Two small quantised nets (`qdq.py`). `small` has every structure that is fused, and 47 inner tensors as further outputs;
/// `mixed` has int8 activations, and a LeakyRelu that no pattern covers in the middle of a dense block.
pub fn small_quantised_cases() -> [Case; 2] {
    let folder = fixtures().join("engine");
    let read = |stem, probability| {
        quantised_case(
            &folder,
            stem,
            32,
            68,
            [Tolerance::Within(probability), Tolerance::OneStep { share: 1.0 }],
        )
    };
    [read("small", 0.01), read("mixed", 1e-5)]
}

/// A quantised net of `qdq.py` or `inner_tensors.py`: `STEM.onnx`, the names of inner tensors in `STEM.txt`, and in
/// `STEM.bin`, for each image, the image, the probability, the features, all float32, and the inner tensors, uint8.
/// `tolerances` are for the probability and for inner tensors; features are reported.
///
/// # Panics
/// If a file cannot be read.
pub fn quantised_case(
    folder: &Path,
    stem: &str,
    size: usize,
    features: usize,
    [probability, inner]: [Tolerance; 2],
) -> Case {
    let path = |extension: &str| folder.join(format!("{stem}.{extension}"));
    let mut proto = proto(&path("onnx"));
    let names = std::fs::read_to_string(path("txt")).expect("names of inner tensors");
    let names: Vec<&str> = names.lines().collect();
    let graph = proto.graph.as_mut().expect("a graph");
    let output = |name: &&str| ValueInfoProto { name: (*name).to_owned(), ..ValueInfoProto::default() };
    graph.output.extend(names.iter().map(output));
    let shapes = output_shapes(&proto, size);
    let bytes = std::fs::read(path("bin")).expect("answers");
    let mut rest = bytes.as_slice();
    let mut samples = Vec::new();
    while !rest.is_empty() {
        let input =
            Array { shape: vec![1, 3, size, size], values: floats(take(&mut rest, 12 * size * size)) };
        let answer = |(at, shape): (usize, &Vec<usize>)| {
            let count = shape.iter().product::<usize>();
            let values = match at {
                0 | 1 => floats(take(&mut rest, 4 * count)),
                _ => take(&mut rest, count).iter().map(|byte| f32::from(*byte)).collect(),
            };
            Array { shape: shape.clone(), values }
        };
        let answers: Vec<Array> = shapes.iter().enumerate().map(answer).collect();
        assert_eq!(answers[1].values.len(), features, "{stem}: features");
        samples.push(Sample { input, answers });
    }
    let tolerances = (0..shapes.len()).map(|at| match at {
        0 => probability,
        1 => Tolerance::Reported,
        _ => inner,
    });
    Case { name: stem.to_owned(), proto, samples, tolerances: tolerances.collect() }
}

fn output_shapes(proto: &ModelProto, size: usize) -> Vec<Vec<usize>> {
    let runner = TractRunner::load(proto).expect("a graph that tract runs");
    let outputs = runner.run(&[1, 3, size, size], &vec![0.0; 3 * size * size]).expect("outputs");
    outputs.into_iter().map(|output| output.shape).collect()
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    head
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
