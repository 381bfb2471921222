//! `calibrate` on a model whose scores are known: the mean grey m of an image gives the logit 6 m - 3.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use xray_core::package::{Contract, PackageFile};
use xray_testkit::model::model_bytes;

const NEGATIVE: [u8; 10] = [60, 70, 80, 90, 100, 110, 120, 130, 140, 150];
const POSITIVE: [u8; 10] = [110, 120, 130, 140, 150, 160, 170, 180, 190, 200];

/// The temperature that bisection of the derivative of the log loss gives in Python.
const TEMPERATURE: f64 = 0.405_353_360_034_266_5;
/// Half way between the probabilities of the greys 110 and 120 at that temperature: nine of ten positives are over it.
const THRESHOLD: f64 = 0.329_346_292_961_198_5;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.model(), model_bytes(|_| ())).unwrap();
        // Equal greys of both classes differ in size, so that their files differ.
        for (class, greys, side) in [("NORMAL", NEGATIVE, 64), ("PNEUMONIA", POSITIVE, 80)] {
            let folder = place.path("local").join(class);
            std::fs::create_dir_all(&folder).unwrap();
            for grey in greys {
                let picture = image::GrayImage::from_pixel(side, side, image::Luma([grey]));
                picture.save(folder.join(format!("{grey}.png"))).unwrap();
            }
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model(&self) -> PathBuf {
        self.path("model.onnx")
    }

    fn calibrate(&self, options: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_host-trainer"));
        program.arg("calibrate").arg("--json").args(options);
        if !options.contains(&"--model") {
            program.arg("--model").arg(self.model());
        }
        program.current_dir(self.folder.path()).output().unwrap()
    }

    fn json(&self, options: &[&str]) -> Value {
        let output = self.calibrate(options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn error(&self, options: &[&str]) -> String {
        let output = self.calibrate(options);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-5, "{found}, expected {expected}");
}

fn contract(model: &Path) -> Contract {
    PackageFile::read(model).unwrap().verify().unwrap().contract().clone()
}

/// The bytes of the field 7, the graph, of a model file (protobuf wire format).
fn graph_bytes(model: &[u8]) -> &[u8] {
    let mut rest = model;
    let varint = |rest: &mut &[u8]| {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = rest[0];
            *rest = &rest[1..];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    };
    while !rest.is_empty() {
        let key = varint(&mut rest);
        match key & 7 {
            0 => drop(varint(&mut rest)),
            2 => {
                let length = varint(&mut rest) as usize;
                let (value, after) = rest.split_at(length);
                if key >> 3 == 7 {
                    return value;
                }
                rest = after;
            }
            other => panic!("wire type {other}"),
        }
    }
    panic!("no graph")
}

#[test]
fn figures_are_those_by_hand() {
    crate::decoder::ready();
    let place = Place::new();
    let result = place.json(&[
        "--data",
        "local",
        "--prevalence",
        "0.1",
        "--cost-missed",
        "100",
        "--cost-sent-on",
        "10",
    ]);
    assert_eq!((&result["images"]["negatives"], &result["images"]["positives"]), (&10.into(), &10.into()));
    // Before: grey 127.5 is the threshold. Of the positives 8 are over it, of the negatives 3.
    let (before, after) = (&result["before"], &result["after"]);
    close(&before["sensitivity"]["value"], 0.8);
    close(&before["specificity"]["value"], 0.7);
    close(&before["expected_calibration_error"], 0.136_463_8);
    close(&after["temperature"], TEMPERATURE);
    close(&after["threshold"], THRESHOLD);
    // Over it are all positives but the grey 110, and of the negatives 120 to 150.
    close(&after["sensitivity"]["value"], 0.9);
    close(&after["specificity"]["value"], 0.6);
    close(&after["auroc"], 0.875);
    close(&after["expected_calibration_error"], 0.117_798_1);
    // The greys 60 to 100 alone, 110 to 150 twice, 160 to 200 alone.
    let rows = result["thresholds"].as_array().unwrap();
    assert_eq!(rows.len(), 15);
    // At the grey 120: of 100 ill 90 found, of 900 well 4 of 10 sent on.
    let row = &rows[8];
    for (key, expected) in
        [("found", 90.0), ("missed", 10.0), ("false_alarms", 360.0), ("sent_on", 450.0), ("cost", 5500.0)]
    {
        close(&row[key], expected);
    }
    let images: Vec<u64> =
        result["enough"].as_array().unwrap().iter().map(|row| row["images"].as_u64().unwrap()).collect();
    assert_eq!(images, [50, 100, 200]);
    close(&result["enough"][0]["sensitivity"], 0.235_484_76);
    let warnings = result["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|text| text.as_str().unwrap().contains("are few")), "{warnings:?}");
    assert_eq!(result["written"], Value::Null);
}

#[test]
fn the_written_model_has_the_same_graph_and_says_what_it_was_calibrated_on() {
    crate::decoder::ready();
    let place = Place::new();
    let abstain = "sensitivity>=0.99,specificity>=0.99";
    let result = place.json(&["--data", "local", "--abstain", abstain, "--out", "clinic.onnx"]);
    let out = place.path("clinic.onnx");
    let [earlier, later] = [&place.model(), &out].map(|path| std::fs::read(path).unwrap());
    assert!(graph_bytes(&earlier) == graph_bytes(&later));
    let contract = contract(&out);
    assert!((contract.temperature - TEMPERATURE).abs() < 1e-5);
    assert!((contract.threshold - THRESHOLD).abs() < 1e-5);
    assert_eq!(contract.threshold_rule, "sensitivity>=0.9 on 20 images of the place");
    assert_eq!(contract.version, 0);
    assert_eq!(contract.validation["images"], 20.0);
    let local = contract.local_calibration.unwrap();
    assert_eq!(local.replaced, ["threshold", "temperature", "abstain"]);
    assert_eq!((local.negatives, local.positives), (10, 10));
    assert_eq!(local.of_model, PackageFile::read(&place.model()).unwrap().sha256());
    assert_eq!(local.data_fingerprint, result["data_fingerprint"].as_str().unwrap());
    assert_eq!(local.earlier_validation["auroc"], 0.75);
    let band = contract.abstain.unwrap();
    assert!(band.low < contract.threshold && contract.threshold < band.high, "{band:?}");
    // Calibrated again, the same scores give the same point.
    let again = place.json(&["--model", "clinic.onnx", "--data", "local", "--dry-run", "--out", "no.onnx"]);
    close(&again["after"]["temperature"], TEMPERATURE);
    close(&again["before"]["threshold"], THRESHOLD);
    assert!(!place.path("no.onnx").exists());
}

#[test]
fn the_shipped_model_keeps_its_graph_bit_for_bit() {
    crate::decoder::ready();
    let place = Place::new();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/chest-xray-pneumonia-children-1.onnx");
    let row = |n: usize| format!("i{n}.png,{},{}\n", n as f64 / 10.0 - 1.0, usize::from(n > 9));
    let table = "file,logit,reading\n".to_owned() + &(0..20).map(row).collect::<String>();
    std::fs::write(place.path("readings.csv"), table).unwrap();
    let shipped_name = shipped.display().to_string();
    place.json(&[
        "--model",
        &shipped_name,
        "--readings",
        "readings.csv",
        "--rule",
        "youden",
        "--out",
        "clinic.onnx",
    ]);
    let [earlier, later] = [&shipped, &place.path("clinic.onnx")].map(|path| std::fs::read(path).unwrap());
    assert!(earlier != later && graph_bytes(&earlier) == graph_bytes(&later));
    let (earlier, later) = (contract(&shipped), contract(&place.path("clinic.onnx")));
    assert_eq!((earlier.known_answer, earlier.quality_gate), (later.known_answer, later.quality_gate));
}

#[test]
fn readings_of_records_give_what_the_images_give() {
    crate::decoder::ready();
    let place = Place::new();
    let mut table = "sequence,content,probability,outcome,reading\n".to_owned();
    for (class, greys, reading) in [("NORMAL", NEGATIVE, "no"), ("PNEUMONIA", POSITIVE, "yes")] {
        for grey in greys {
            let file = place.path("local").join(class).join(format!("{grey}.png"));
            let content = xray_core::sha256_hex(&std::fs::read(file).unwrap());
            let p = 1.0 / (1.0 + (3.0 - 6.0 * f64::from(grey) / 255.0).exp());
            table.push_str(&format!("1,{content},{p},any,{reading}\n"));
        }
    }
    table.push_str("2,ffff,,no-result,yes\n3,eeee,0.5,no-sign,\n");
    std::fs::write(place.path("readings.csv"), table).unwrap();
    let readings = place.json(&["--readings", "readings.csv"]);
    let images = place.json(&["--data", "local"]);
    close(&readings["after"]["temperature"], TEMPERATURE);
    close(&readings["after"]["threshold"], THRESHOLD);
    assert_eq!(readings["data_fingerprint"], images["data_fingerprint"]);
    let warnings = readings["warnings"].to_string();
    assert!(warnings.contains("1 line(s) without a reading"), "{warnings}");
    assert!(warnings.contains("1 line(s) with a reading of an image that has no result"), "{warnings}");
}

#[test]
fn other_images_judge_both_points() {
    crate::decoder::ready();
    let place = Place::new();
    let drawn = ["--data", "local", "--images", "10", "--seed", "3"];
    let result =
        place.json(&[&drawn[..], &["--rule", "0.4", "--keep-temperature", "--judge", "local"]].concat());
    assert_eq!(result["images"]["negatives"], 5);
    let judged = &result["judged"];
    close(&judged["before"]["sensitivity"]["value"], 0.8);
    close(&judged["before"]["specificity"]["value"], 0.7);
    // At temperature 1 the probability .4 is the logit -.405, the grey 110.3.
    close(&judged["after"]["sensitivity"]["value"], 0.9);
    close(&judged["after"]["specificity"]["value"], 0.6);
    close(&judged["after"]["temperature"], 1.0);
    assert!(result["warnings"].to_string().contains("10 images are on both sides"));
    assert_eq!(result["data_fingerprint"], place.json(&drawn)["data_fingerprint"]);
}

#[test]
fn what_cannot_be_calibrated_is_refused() {
    crate::decoder::ready();
    let place = Place::new();
    let error = place.error(&["--data", "local", "--out", "model.onnx"]);
    assert!(error.contains("this is the model that is calibrated"), "{error}");
    let error = place.error(&["--data", "local", "--images", "10", "--out", "x.onnx"]);
    assert!(error.contains("no model is written from 5 images"), "{error}");
    let error = place.error(&["--data", "local", "--refit-gate", "--out", "x.onnx"]);
    assert!(error.contains("a quality gate needs 100 images"), "{error}");
    assert!(!place.path("x.onnx").exists());
    let error = place.error(&["--data", "local", "--prevalence", "3"]);
    assert!(error.contains("the prevalence 3 is not a number from 0 to 1"), "{error}");
    let error = place.error(&["--data", "."]);
    assert!(error.contains("no folder NORMAL in it"), "{error}");
    assert_eq!(place.calibrate(&[]).status.code(), Some(2));
}
