//! The gate against numpy, OpenCV and scipy (scripts/oracle/gate.py), and what it lets through.

use std::path::Path;

use base64::Engine;
use proptest::prelude::*;
use serde::Deserialize;
use xray_core::package::{CONTRACT_KEY, PackageFile, QualityGateRecord};
use xray_core::quality_gate::{FeatureSpace, ImageStatistics, RejectionReason};
use xray_core::screening::{NoResult, ReportRow, Screener, screen_paths};
use xray_intake::{Radiograph, decode};

#[derive(Deserialize)]
struct Answers {
    looks: Vec<Looks>,
    colour: Vec<Colour>,
    record: QualityGateRecord,
    shown: Vec<Vec<f32>>,
    distance: Vec<f64>,
    other: Vec<f64>,
}

#[derive(Deserialize)]
struct Looks {
    width: usize,
    grey: String,
    blur: f64,
    coherence: f64,
    span: u8,
}

#[derive(Deserialize)]
struct Colour {
    rgb: Vec<[u8; 3]>,
    colour: f64,
}

fn answers() -> Answers {
    serde_json::from_str(include_str!("../fixtures/quality_gate.json")).expect("the fixture")
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found}, expected {expected}");
}

#[test]
fn looks_are_those_of_numpy_and_opencv() {
    use xray_core::quality_gate::image_statistics::{blur, coherence, colour, span};
    for answer in answers().looks {
        let grey = base64::engine::general_purpose::STANDARD.decode(&answer.grey).expect("base64");
        close(blur(&grey, answer.width), answer.blur);
        close(coherence(&grey, answer.width), answer.coherence);
        assert_eq!(span(&grey), answer.span);
    }
    for answer in answers().colour {
        close(colour(answer.rgb.as_flattened()), answer.colour);
    }
}

#[test]
fn positions_are_those_of_scipy() {
    let answers = answers();
    let space = FeatureSpace::new(&answers.record);
    for (at, features) in answers.shown.iter().enumerate() {
        let position = space.position(features);
        close(position.distance, answers.distance[at]);
        close(position.others[0], answers.other[at]);
        close(position.nearer(0), answers.distance[at].powi(2) - answers.other[at].powi(2));
    }
}

#[test]
fn the_nearest_kind_tells_what_is_wrong_and_what_is_far_from_all_is_no_x_ray() {
    let answers = answers();
    let space = |limit: f64, margin: f64| {
        let mut record = answers.record.clone();
        record.limit = limit;
        record.centres[0].margin = margin;
        FeatureSpace::new(&record)
    };
    let nearest = (0..5)
        .find(|at| answers.other[*at] < answers.distance[*at])
        .expect("one is nearer to the other kind");
    let (shown, far) = (&answers.shown[nearest], answers.distance[nearest] + 1.0);
    assert_eq!(space(far, 0.0).rejection_reason(shown), Some(RejectionReason::Rotated));
    assert_eq!(space(far, 1e6).rejection_reason(shown), None);
    assert_eq!(
        space(answers.other[nearest] / 2.0, 0.0).rejection_reason(shown),
        Some(RejectionReason::NotAChestXRay)
    );
    assert_eq!(
        space(answers.distance[nearest] / 2.0, 1e6).rejection_reason(shown),
        Some(RejectionReason::NotAChestXRay)
    );
    assert_eq!(
        space(far, 0.0).rejection_reason(&vec![f32::NAN; shown.len()]),
        Some(RejectionReason::NotAChestXRay)
    );
}

/// A model whose three features are the channel means; its gate accepts means around one half.
fn gated(change: impl FnOnce(&mut QualityGateRecord)) -> Vec<u8> {
    let numbers = |values: &[f32]| xray_core::package::Base64Floats(values.to_vec());
    let mut record = QualityGateRecord {
        dims: 1,
        mean: numbers(&[0.5; 3]),
        scale: numbers(&[1.0, 0.0, 0.0]),
        whitening: numbers(&[1.0]),
        limit: 0.25,
        centres: vec![],
        fit: answers().record.fit,
    };
    change(&mut record);
    let mut contract = xray_testkit::model::contract();
    contract.quality_gate = Some(record);
    let text = serde_json::to_string(&contract).expect("a contract is JSON");
    xray_testkit::model::model_bytes(|model| {
        for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == CONTRACT_KEY) {
            entry.value.clone_from(&text);
        }
    })
}

#[test]
fn a_refused_picture_has_its_reasons_and_no_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let screener = Screener::load(&write("model.onnx", &gated(|_| ()))).expect("loaded");
    assert_eq!(screener.warnings(), [] as [String; 0]);
    let mut blank = b"P5 64 64 255\n".to_vec();
    blank.resize(blank.len() + 64 * 64, 128);
    let paths = [
        write("a.pgm", &xray_testkit::images::blocks_pgm(128)),
        write("b.pgm", &xray_testkit::images::blocks_pgm(xray_testkit::images::BRIGHT)),
        write("c.pgm", &blank),
    ];
    let items: Vec<_> = screen_paths(&screener, &paths).collect();
    assert!(items[0].outcome.is_ok());
    for (item, code) in items[1..].iter().zip(["not-a-chest-x-ray", "blank"]) {
        let problem = item.outcome.as_ref().expect_err("no verdict");
        assert_eq!(problem.codes(), [code]);
        assert!(matches!(problem, NoResult::Screening(_)));
        let row = ReportRow::new(&screener, item);
        let (text, json) = (row.render_text(), row.render_json().expect("JSON"));
        assert!(text.starts_with("NO RESULT ") && !text.contains("0."), "{text}");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((&value["verdict"], &value["reasons"][0]), (&"no-result".into(), &code.into()));
        assert!(value.get("probability").is_none() && value.get("threshold").is_none(), "{json}");
    }
}

#[test]
fn a_model_without_a_gate_says_so_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("model.onnx");
    std::fs::write(&model, xray_testkit::model::model_bytes(|_| ())).expect("written");
    let screener = Screener::load(&model).expect("loaded");
    assert_eq!(screener.warnings().len(), 1);
    assert!(screener.warnings()[0].contains("by image statistics only"), "{:?}", screener.warnings());
}

#[test]
fn gates_that_do_not_hold_are_no_package() {
    let problem = |change: fn(&mut QualityGateRecord)| {
        let error =
            PackageFile::from_bytes(Path::new("x.onnx"), gated(change)).verify().expect_err("refused");
        error.problem.to_string()
    };
    for (change, words) in [
        ((|gate| gate.dims = 0) as fn(&mut QualityGateRecord), "0 dimensions"),
        (|gate| gate.mean.0.truncate(2), "mean has 2 numbers, not 3"),
        (|gate| gate.whitening.0.push(1.0), "whitening has 2 numbers, not 1"),
        (|gate| gate.scale.0[1] = f32::INFINITY, "scale holds what is no number"),
        (|gate| gate.limit = -1.0, "limit of the gate is -1"),
    ] {
        let text = problem(change);
        assert!(text.contains(words), "{text}");
    }
}

proptest! {
    #[test]
    fn no_features_panic(features in prop::collection::vec(any::<f32>(), 0..120)) {
        let space = FeatureSpace::new(&answers().record);
        let _ = space.rejection_reason(&features);
    }

    #[test]
    fn no_picture_panics(width in 64u32..90, height in 64u32..90, seed in any::<u8>()) {
        let levels = (0..width * height).map(|at| (at as u8).wrapping_mul(seed)).collect();
        let image = Radiograph::from_grey(width, height, levels).unwrap();
        let looks = ImageStatistics::of(&image, &image);
        prop_assert!((0.0..=1.0).contains(&looks.blur));
        prop_assert_eq!(looks.shorter_side, width.min(height));
    }
}

#[test]
fn one_tint_over_all_is_no_colour_and_a_rainbow_is() {
    let ppm = |pixel: &dyn Fn(u32, u32) -> [u8; 3]| {
        let mut bytes = b"P6 64 64 255\n".to_vec();
        (0..64 * 64).for_each(|at| bytes.extend(pixel(at % 64, at / 64)));
        let image = decode(&bytes).expect("an image");
        ImageStatistics::of(&image, &image).colour
    };
    let sepia = ppm(&|x, y| [(x + y) as u8 + 40, (x + y) as u8 + 30, (x + y) as u8]);
    assert!(sepia < 1e-6, "{sepia}");
    assert!(ppm(&|x, y| [4 * x as u8, 128, 4 * y as u8]) > 100.0);
}
