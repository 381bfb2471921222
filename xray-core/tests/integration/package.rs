//! Which model files may be run, and what a model that may be run answers.

use std::path::Path;

use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto};
use xray_core::decision::Finding;
use xray_core::heat_map::HeatMap;
use xray_core::package::{CONTRACT_KEY, PackageFile, PackageProblem, SCHEMA_KEY};
use xray_core::screening::{LoadError, Screener, Summary, screen_paths};
use xray_testkit::images;
use xray_testkit::model::{self, model_bytes};
use xray_testkit::onnx::{entry, node, tensor, value};

fn problem_of(bytes: Vec<u8>) -> PackageProblem {
    match PackageFile::from_bytes(Path::new("model.onnx"), bytes).verify() {
        Ok(_) => panic!("it was accepted"),
        Err(error) => {
            assert_eq!(error.file, Path::new("model.onnx"));
            error.problem
        }
    }
}

fn graph(model: &mut ModelProto) -> &mut GraphProto {
    model.graph.as_mut().expect("a graph")
}

fn contract_with(from: &str, to: &str) -> Vec<u8> {
    model_bytes(|m| {
        let value = &mut m.metadata_props[1].value;
        assert!(value.contains(from), "{from} is not in {value}");
        *value = value.replace(from, to);
    })
}

#[test]
fn what_is_not_onnx() {
    assert!(matches!(problem_of(b"# a text".to_vec()), PackageProblem::NotOnnx { .. }));
    let empty = PackageProblem::NotOnnx { reason: "it holds no graph".to_owned() };
    assert_eq!(problem_of(Vec::new()), empty);
}

#[test]
fn metadata_that_is_missing_or_of_another_schema() {
    assert_eq!(problem_of(model_bytes(|m| m.metadata_props.clear())), PackageProblem::NoContract);
    assert_eq!(problem_of(model_bytes(|m| drop(m.metadata_props.remove(0)))), PackageProblem::NoContract);
    let newer = model_bytes(|m| m.metadata_props = vec![entry(SCHEMA_KEY, "2"), entry(CONTRACT_KEY, "?")]);
    assert_eq!(problem_of(newer), PackageProblem::Schema { found: "2".to_owned() });
}

#[test]
fn contracts_that_do_not_hold() {
    let bad = |bytes| match problem_of(bytes) {
        PackageProblem::BadContract { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        bad(contract_with("\"size\":64", "\"size\":65")),
        "input size 65 is not a multiple of 32 between 64 and 1024"
    );
    assert_eq!(
        bad(contract_with("\"threshold\":0.5", "\"threshold\":1.0")),
        "threshold 1 is not between 0 and 1"
    );
    assert_eq!(
        bad(contract_with("\"precision\"", "\"temperature\":0.0,\"precision\"")),
        "temperature 0 is not between 0.05 and 20"
    );
    for band in ["0.6,\"high\":0.7", "0.2,\"high\":0.4", "0.5,\"high\":0.5", "-0.1,\"high\":0.9"] {
        let abstain = format!("\"abstain\":{{\"low\":{band}}},\"precision\"");
        let reason = bad(contract_with("\"precision\"", &abstain));
        assert!(reason.ends_with("does not hold the threshold 0.5"), "{reason}");
    }
    assert_eq!(bad(contract_with("PNEUMONIA", "NORMAL")), "both labels are called `NORMAL`");
    assert!(bad(contract_with("\"seed\"", "\"sead\"")).contains("sead"));
    assert!(bad(contract_with("\"unit\"", "\"none\"")).contains("none"));
    let clahe = r#""size":64,"intensity":{"clahe":{"clip_hundredths":200,"tiles":7}}"#;
    assert!(bad(contract_with("\"size\":64", clahe)).contains("tiles is not a divisor"));
}

#[test]
fn graphs_that_do_not_fit() {
    let bad = |change: fn(&mut ModelProto)| match problem_of(model_bytes(change)) {
        PackageProblem::BadGraph { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert!(bad(|m| graph(m).input[0] = value("image", &[1, 3, 32, 64])).contains("`image` has the shape"));
    assert!(bad(|m| graph(m).input[0].name = "x".to_owned()).contains("its one input is not `image`"));
    assert!(bad(|m| graph(m).output[1] = value("features", &[1, 4])).contains("`features` has the shape"));
    assert!(bad(|m| graph(m).output.truncate(1)).contains("its outputs are not"));
    assert!(bad(|m| graph(m).input[0].r#type = None).contains("`image` has no type"));
    assert!(bad(|m| graph(m).output.push(value("map", &[1, 1, 1, 1]))).contains("its outputs are not"));
    for dims in [&[1, 1, 2, 3][..], &[1, 2, 1, 1], &[1, 1], &[1, 1, 0, 0], &[1, 1, 65, 65]] {
        let reason = match problem_of(model_bytes(|m| graph(m).output.push(value("heat_map", dims)))) {
            PackageProblem::BadGraph { reason } => reason,
            other => panic!("{other:?}"),
        };
        assert!(reason.starts_with("`heat_map` has the shape"), "{reason}");
    }
    assert_eq!(
        bad(|m| graph(m).node[0].domain = "com.example".to_owned()),
        "operator `GlobalAveragePool` is of the domain `com.example`"
    );
}

#[test]
fn tensors_and_graphs_that_hide() {
    let bad = |change: fn(&mut ModelProto)| match problem_of(model_bytes(change)) {
        PackageProblem::BadGraph { reason } => reason,
        other => panic!("{other:?}"),
    };
    let outside = "tensor `weight` lies outside the file";
    assert_eq!(bad(|m| graph(m).initializer[0].data_location = Some(1)), outside);
    let passwords = || vec![entry("location", "../../etc/passwd")];
    assert_eq!(bad(|m| graph(m).initializer[0].external_data = vec![entry("location", "w")]), outside);
    let mut constant = tensor("weight", &[1], &[1.0]);
    constant.external_data = passwords();
    let reason = match problem_of(model_bytes(|m| {
        let mut hidden = node("Constant", &[], "unused");
        hidden.attribute = vec![AttributeProto { t: Some(constant), ..AttributeProto::default() }];
        graph(m).node.push(hidden);
    })) {
        PackageProblem::BadGraph { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason, outside);
    let with_graphs =
        |attribute: AttributeProto| problem_of(model_bytes(|m| graph(m).node[0].attribute.push(attribute)));
    let own = PackageProblem::BadGraph {
        reason: "operator `GlobalAveragePool` holds a graph of its own".to_owned(),
    };
    assert_eq!(with_graphs(AttributeProto { g: Some(GraphProto::default()), ..Default::default() }), own);
    assert_eq!(
        with_graphs(AttributeProto { graphs: vec![GraphProto::default()], ..Default::default() }),
        own
    );
    assert!(bad(|m| graph(m).sparse_initializer.push(Default::default())).contains("sparse"));
}

#[test]
fn a_graph_that_the_engine_refuses_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.onnx");
    std::fs::write(&file, model_bytes(|m| graph(m).node[4].op_type = "NoSuchOp".to_owned()))
        .expect("written");
    match Screener::load(&file) {
        Err(LoadError::Engine(error)) => assert!(error.to_string().contains("model.onnx"), "{error}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was loaded"),
    }
}

#[test]
fn a_heat_map_is_handed_on_where_the_model_gives_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = folder.path().join("image.pgm");
    std::fs::write(&image, images::blocks_pgm(images::BRIGHT)).expect("written");
    // 2 · 3 · 231 / 255, by hand.
    for (change, heat) in [((|_| ()) as fn(&mut ModelProto), None), (model::add_heat_map, Some(5.435_294))] {
        let file = folder.path().join("model.onnx");
        std::fs::write(&file, model_bytes(change)).expect("written");
        let screener = Screener::load(&file).expect("loaded");
        assert_eq!(screener.has_heat_map(), heat.is_some());
        let map = screener.screen(&image).expect("screened").heat_map;
        assert_eq!(map.as_ref().map(HeatMap::side), heat.map(|_| 1));
        let found = map.map(|map| map.peak());
        assert!(found.zip(heat).is_none_or(|(found, heat)| (found - heat).abs() < 1e-4), "{found:?}");
    }
}

#[test]
fn a_map_that_is_no_heat_is_no_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, image) = (folder.path().join("model.onnx"), folder.path().join("image.pgm"));
    let negative = |m: &mut ModelProto| {
        model::add_heat_map(m);
        graph(m).node.last_mut().expect("a node").op_type = "Neg".to_owned();
    };
    std::fs::write(&file, model_bytes(negative)).expect("written");
    std::fs::write(&image, images::blocks_pgm(images::BRIGHT)).expect("written");
    let error = Screener::load(&file).expect("loaded").screen(&image).expect_err("no heat");
    assert_eq!(error.code(), "engine-failed");
    assert!(error.to_string().contains("wrong heat map: a cell is -5.4"), "{error}");
}

#[test]
fn models_without_calibration_are_read_and_written_as_before() {
    let before = serde_json::to_value(model::contract()).expect("JSON");
    assert_eq!((before.get("temperature"), before.get("abstain")), (None, None));
    let package = PackageFile::from_bytes(Path::new("model.onnx"), model_bytes(|_| ())).verify();
    let contract = package.expect("verified").contract().clone();
    assert_eq!((contract.temperature, contract.abstain), (1.0, None));
}

#[test]
fn a_calibrated_model_with_a_band_says_where_it_is_uncertain() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.onnx");
    let rule = "\"temperature\":2.0,\"abstain\":{\"low\":0.25,\"high\":0.75},\"precision\"";
    std::fs::write(&file, contract_with("\"precision\"", rule)).expect("written");
    let screener = Screener::load(&file).expect("loaded");
    let mut summary = Summary::default();
    // sigmoid((6 · level / 255 − 3) / 2), by hand.
    for (level, probability, finding) in [
        (images::DARK, 0.228_350_79, Finding::NoSign),
        (100, 0.419_815_85, Finding::Uncertain),
        (128, 0.501_470_59, Finding::Uncertain),
        (images::BRIGHT, 0.771_649_21, Finding::Suspected),
    ] {
        let image = folder.path().join("image.pgm");
        std::fs::write(&image, images::blocks_pgm(level)).expect("written");
        for item in screen_paths(&screener, &[image]) {
            summary.count(&item);
            let verdict = item.outcome.expect("a verdict").verdict;
            let found = verdict.probability().value();
            assert!((found - probability).abs() < 2e-5, "{level}: {found}");
            assert_eq!(verdict.finding(), finding, "{level}");
            let uncalibrated = 1.0 / (1.0 + (3.0 - 6.0 * f64::from(level) / 255.0).exp());
            assert!((verdict.uncalibrated().value() - uncalibrated).abs() < 2e-5, "{level}");
        }
    }
    assert_eq!((summary.suspected, summary.uncertain, summary.no_sign), (1, 2, 1));
    assert_eq!(summary.to_string(), "4 read: 1 suspected, 2 uncertain, 1 no sign; 0 no result");
}

#[test]
fn probabilities_and_findings_are_those_of_the_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.onnx");
    std::fs::write(&file, model_bytes(|_| ())).expect("written");
    let screener = Screener::load(&file).expect("loaded");
    let images = folder.path().join("images");
    std::fs::create_dir(&images).expect("a folder");
    // sigmoid(6 · level / 255 − 3), by hand; the engine's sigmoid is a rational approximation.
    let expected = [
        ("a.pgm", images::DARK, 0.080_520_635, Finding::NoSign),
        ("b.pgm", 127, 0.497_058_85, Finding::NoSign),
        ("c.pgm", 128, 0.502_941_15, Finding::Suspected),
        ("d.pgm", images::BRIGHT, 0.919_479_37, Finding::Suspected),
    ];
    for (name, level, ..) in &expected {
        std::fs::write(images.join(name), images::blocks_pgm(*level)).expect("written");
    }
    let items: Vec<_> = screen_paths(&screener, &[images]).collect();
    assert_eq!(items.len(), expected.len());
    for (item, (name, _, probability, finding)) in items.iter().zip(expected) {
        assert!(item.file.ends_with(name));
        let verdict = item.outcome.as_ref().expect("a verdict").verdict;
        assert!((verdict.probability().value() - probability).abs() < 2e-5, "{name}: {verdict:?}");
        assert_eq!(verdict.finding(), finding, "{name}");
    }
}
