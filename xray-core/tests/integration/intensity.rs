//! Grey levels against OpenCV, byte for byte; scripts/oracle/intensity.py made the numbers.

use serde::Deserialize;
use xray_core::preprocess::{Clahe, Intensity, PreprocessError, Preprocessing, Scaling, prepare};
use xray_core::sha256_hex;
use xray_intake::{Pixels, Radiograph};

#[derive(Deserialize)]
struct Golden {
    kind: String,
    size: i64,
    colour: bool,
    rule: String,
    picture: String,
    result: String,
    samples: Vec<u8>,
}

/// The pictures of the script, level by level.
fn level(kind: &str, size: i64, (x, y): (i64, i64), channel: i64) -> u8 {
    let grain = ((x * 2_654_435_761 + y * 40_503 + channel * 977) >> 7) & 7;
    let value = match kind {
        "chest" if x < size / 16 || x >= size - size / 16 => 0,
        "chest" => {
            let oval = |middle: i64| (x * 64 / size - middle).pow(2) * 3 + (y * 64 / size - 32).pow(2) < 300;
            let base = if oval(20) || oval(44) { 60 } else { 140 };
            base + y * 40 / size + grain * 2 + channel * 9
        }
        "pale" => 120 + (x + y) * 12 / size + grain,
        "flat" => 77,
        "texture" => ((x * y / 16) ^ (x * 3 + y * 5) ^ (channel * 85)) & 255,
        other => panic!("{other}"),
    };
    u8::try_from(value).expect("a level")
}

fn bytes(kind: &str, size: i64, channels: i64) -> Vec<u8> {
    let pixels = (0..size * size).map(|at| (at % size, at / size));
    pixels.flat_map(|at| (0..channels).map(move |channel| level(kind, size, at, channel))).collect()
}

fn picture(size: i64, colour: bool, bytes: &[u8]) -> Radiograph {
    // Not by way of a file: intake refuses the pale one.
    let pixels = if colour { Pixels::Rgb(bytes.to_vec()) } else { Pixels::Grey(bytes.to_vec()) };
    Radiograph::new(size as u32, size as u32, pixels).expect("a picture")
}

fn levels(image: &Radiograph, contract: &Preprocessing) -> Vec<[u8; 3]> {
    let tensor = prepare(image, contract).expect("prepared");
    let plane = contract.size * contract.size;
    let of = |at: usize| (tensor.as_slice()[at] * 255.0).round() as u8;
    (0..plane).map(|at| [of(at), of(at + plane), of(at + 2 * plane)]).collect()
}

fn contract(size: i64, intensity: Intensity) -> Preprocessing {
    Preprocessing { size: size as usize, intensity, ..Preprocessing::new(Scaling::Unit) }
}

#[test]
fn levels_equal_those_of_opencv() {
    let golden: Vec<Golden> =
        serde_json::from_str(include_str!("../fixtures/preprocess/intensity.json")).unwrap();
    assert!(golden.len() > 30);
    for Golden { kind, size, colour, rule, picture: drawn, result, samples } in golden {
        let bytes = bytes(&kind, size, if colour { 3 } else { 1 });
        assert_eq!(sha256_hex(&bytes), drawn, "{kind} is drawn differently");
        let levels = levels(&picture(size, colour, &bytes), &contract(size, rule.parse().unwrap()));
        assert!(levels.iter().all(|[r, g, b]| r == g && g == b), "{kind} {rule}: the result is grey");
        let grey: Vec<u8> = levels.iter().map(|[grey, ..]| *grey).collect();
        let step = (size * size / 16) as usize;
        let found: Vec<u8> = grey.iter().step_by(step).take(16).copied().collect();
        assert_eq!(found, samples, "{kind} {size} {rule}");
        assert_eq!(sha256_hex(&grey), result, "{kind} {size} {rule}");
    }
}

#[test]
fn nothing_is_done_unless_asked() {
    let bytes = bytes("texture", 64, 3);
    let levels = levels(&picture(64, true, &bytes), &contract(64, Intensity::None));
    assert_eq!(levels.as_flattened(), bytes);
}

#[test]
fn a_contract_without_the_word_keeps_its_text_and_cache_key() {
    let plain = Preprocessing::new(Scaling::Imagenet);
    assert_eq!(
        format!("{plain:?}"),
        "Preprocessing { size: 224, resize: BilinearAntialias, scaling: Imagenet }"
    );
    let json = r#"{"size":224,"resize":"bilinear-antialias","scaling":"imagenet"}"#;
    assert_eq!(serde_json::to_string(&plain).unwrap(), json);
    assert_eq!(serde_json::from_str::<Preprocessing>(json).unwrap(), plain);
}

#[test]
fn the_rule_and_its_numbers_stand_in_the_contract() {
    let clahe = Intensity::Clahe(Clahe { clip_hundredths: 250, tiles: 4 });
    let contract = contract(224, clahe);
    let json = serde_json::to_string(&contract).unwrap();
    assert!(json.contains(r#""intensity":{"clahe":{"clip_hundredths":250,"tiles":4}}"#), "{json}");
    assert_eq!(serde_json::from_str::<Preprocessing>(&json).unwrap(), contract);
    let other = Preprocessing { intensity: Intensity::Histogram, ..contract.clone() };
    assert_ne!(format!("{contract:?}"), format!("{other:?}"));
    assert!(serde_json::from_str::<Preprocessing>(&json.replace("tiles", "rows")).is_err());
}

#[test]
fn rules_as_text() {
    for text in ["none", "histogram", "clahe:2,8", "clahe:2.55,16"] {
        assert_eq!(text.parse::<Intensity>().unwrap().to_string(), text);
    }
    assert_eq!("clahe".parse::<Intensity>().unwrap(), Intensity::Clahe(Clahe::default()));
    for text in ["", "Clahe", "clahe:", "clahe:2", "clahe:x,8", "clahe:nan,8", "clahe:0,8", "clahe:2.001,8"] {
        assert!(text.parse::<Intensity>().is_err(), "{text}");
    }
}

#[test]
fn numbers_outside_their_ranges_are_refused() {
    let image = picture(64, false, &bytes("texture", 64, 1));
    for (clip_hundredths, tiles) in
        [(99, 8), (10_001, 8), (200, 0), (200, 33), (200, 7), (u32::MAX, u32::MAX)]
    {
        let clahe = Intensity::Clahe(Clahe { clip_hundredths, tiles });
        let error = prepare(&image, &contract(64, clahe)).unwrap_err();
        assert!(matches!(error, PreprocessError::Intensity { .. }), "{error}");
    }
}
