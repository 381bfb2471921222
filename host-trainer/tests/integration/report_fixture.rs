//! An evaluation of twenty drawn images, for the tests of reports.

use std::collections::BTreeMap;
use std::path::Path;

use host_trainer::data::ClassNames;
use host_trainer::evaluation::{ModelEvaluation, ScoredImage};
use host_trainer::metrics::Evaluation;
use serde_json::json;
use xray_core::decision::Finding;
use xray_core::heat_map::HeatMap;
use xray_core::package::Contract;

fn contract(temperature: f64) -> Contract {
    let value = json!({
        "preprocessing": {"size": 224, "resize": "bilinear-antialias", "scaling": "imagenet"},
        "labels": {"negative": "NORMAL", "positive": "PNEUMONIA"},
        "threshold": 0.5, "threshold_rule": "youden", "temperature": temperature,
        "abstain": {"low": 0.4, "high": 0.6}, "precision": "int8",
        "backbones": [{"name": "densenet169", "weights": "a|b.pth", "random": true, "fingerprint": "00"}],
        "features": 1664,
        "training": {"data_fingerprint": "11", "train_images": 40, "validation_images": 8, "seed": 7, "epochs": 3,
            "program": "host-trainer 0"},
        "validation": {"auroc": 0.999, "images": 8.0},
    });
    serde_json::from_value(value).unwrap()
}

/// Twenty images: two positives and one negative have a wrong verdict, two lie in the abstain band.
pub fn evaluation(folder: &Path, classes: ClassNames) -> ModelEvaluation {
    let scores = [
        (0.05, false),
        (0.1, false),
        (0.12, false),
        (0.2, false),
        (0.22, false),
        (0.3, false),
        (0.33, false),
        (0.45, false),
        (0.9, false),
        (0.02, true),
        (0.3, true),
        (0.55, true),
        (0.7, true),
        (0.75, true),
        (0.8, true),
        (0.85, true),
        (0.9, true),
        (0.95, true),
        (0.97, true),
        (0.99, true),
    ];
    let image = |(i, (probability, label)): (usize, &(f64, bool))| {
        let kind = if i % 2 == 0 { "bacteria" } else { "virus" };
        let name = if *label { format!("person{i}_{kind}_<b>.pgm") } else { format!("IM-{i:04}-0001.pgm") };
        let path = folder.join(&name);
        let mut bytes = b"P5 96 64 255\n".to_vec();
        bytes.extend((0..96 * 64).map(|pixel| (pixel % 251) as u8));
        std::fs::write(&path, bytes).unwrap();
        let finding = match *probability {
            p if p < 0.4 => Finding::NoSign,
            p if p < 0.6 => Finding::Uncertain,
            _ => Finding::Suspected,
        };
        ScoredImage {
            path,
            relative: format!("test/{}/{name}", classes.name(*label)),
            source: String::new(),
            label: *label,
            probability: *probability,
            uncalibrated: probability * probability,
            finding,
            heat_map: Some(HeatMap::new(2, vec![0.0, 0.25, *probability as f32, 0.0]).unwrap()),
        }
    };
    let images: Vec<ScoredImage> = scores.iter().enumerate().map(image).collect();
    let scored: Vec<_> = images.iter().map(ScoredImage::scored).collect();
    ModelEvaluation {
        model: "22".repeat(32),
        split: "test",
        evaluation: Evaluation::new(&scored, 0.5).unwrap(),
        classes,
        random_backbones: true,
        left_out: BTreeMap::from([("<img>.jpeg".to_owned(), "not an image".to_owned())]),
        refused: BTreeMap::from([("<hand>.jpeg".to_owned(), vec!["rotated", "not-a-chest-x-ray"])]),
        images,
        contract: contract(1.5),
    }
}
