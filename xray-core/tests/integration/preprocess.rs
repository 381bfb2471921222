//! Preprocessing against Pillow and torchvision; scripts/oracle/preprocess.py made the numbers.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;
use xray_core::preprocess::{InputTensor, Preprocessing, Scaling, prepare};
use xray_intake::{Radiograph, read_file};

const SIZE: usize = 224;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/preprocess").join(name)
}

fn prepared(file: &Path, scaling: Scaling) -> InputTensor {
    prepare(&read_file(file).expect("readable"), &Preprocessing::new(scaling)).expect("prepared")
}

/// Largest and mean absolute difference to the oracle on the scale 0..1, over every fourth row and column.
fn difference(name: &str) -> (f32, f32) {
    let golden = std::fs::read(fixture(&format!("{name}.levels"))).expect("golden levels");
    let tensor = prepared(&fixture(name), Scaling::Unit);
    let side = SIZE / 4;
    let channels = golden.len() / (side * side);
    let (mut largest, mut sum) = (0.0f32, 0.0f32);
    for (at, level) in golden.iter().enumerate() {
        let (pixel, channel) = (at / channels, at % channels);
        let (y, x) = (pixel / side * 4, pixel % side * 4);
        // A grey image has three equal channels: the last is compared.
        let plane = if channels == 1 { 2 } else { channel };
        let found = tensor.as_slice()[(plane * SIZE + y) * SIZE + x];
        let diff = (found - f32::from(*level) / 255.0).abs();
        largest = largest.max(diff);
        sum += diff;
    }
    (largest, sum / golden.len() as f32)
}

const ONE_LEVEL: f32 = 1.0 / 255.0 + 1e-6;

#[test]
fn images_of_the_input_size_differ_by_at_most_one_level() {
    for name in ["grey-224x224.png", "grey-224x224.pgm", "grey-224x224.jpg", "equal-224x224.jpg"] {
        let (largest, mean) = difference(name);
        eprintln!("{name}: max {:.2} levels, mean {:.4} levels", largest * 255.0, mean * 255.0);
        assert!(largest <= ONE_LEVEL, "{name}: {largest}");
    }
}

#[test]
fn lossless_images_of_the_input_size_are_exact() {
    for name in ["grey-224x224.png", "grey-224x224.pgm"] {
        assert!(difference(name).0 < 1e-6, "{name}");
    }
}

#[test]
fn resized_images_differ_little() {
    for name in ["grey-640x512.jpg", "smooth-640x512.png", "grey16-224x160.png"] {
        let (largest, mean) = difference(name);
        eprintln!("{name}: max {:.2} levels, mean {:.4} levels", largest * 255.0, mean * 255.0);
        assert!(largest <= ONE_LEVEL, "{name}: {largest}");
        assert!(mean < 0.002, "{name}: {mean}");
    }
}

/// The way from YCbCr to RGB rounds twice, and two decoders may spread subsampled colour over pixels in two
/// ways (ITU-T T.81 leaves both open), so saturated colour differs by more than one level; X-rays are grey,
/// where there is no such freedom.
#[test]
fn saturated_colour_differs_within_the_decoders_freedom() {
    let bounds = [
        ("colour-444-224x224.jpg", 2.0, 0.05),
        ("colour-420-224x224.jpg", 4.0, 0.51),
        ("colour-420-640x512.jpg", 4.0, 0.51),
    ];
    for (name, largest_levels, mean_levels) in bounds {
        let (largest, mean) = difference(name);
        eprintln!("{name}: max {:.2} levels, mean {:.4} levels", largest * 255.0, mean * 255.0);
        assert!(largest * 255.0 < largest_levels + 1e-3, "{name}: {largest}");
        assert!(mean * 255.0 < mean_levels, "{name}: {mean}");
    }
}

#[test]
fn presets_give_torchvisions_tensors() {
    for (name, levels) in [("grey-224x224.png", 0.0), ("equal-224x224.jpg", 1.0)] {
        for (scaling, deviation) in [(Scaling::Unit, 1.0), (Scaling::Imagenet, 0.224)] {
            let golden = std::fs::read(fixture(&format!("{name}.{}.f32", scaling.name()))).expect("golden");
            let golden: Vec<f32> =
                golden.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let side = SIZE / 16;
            assert_eq!(golden.len(), 3 * side * side);
            let tensor = prepared(&fixture(name), scaling);
            for (at, expected) in golden.iter().enumerate() {
                let (plane, y, x) = (at / (side * side), at / side % side * 16, at % side * 16);
                let found = tensor.as_slice()[(plane * SIZE + y) * SIZE + x];
                let allowed = levels * ONE_LEVEL / deviation + 2e-6;
                assert!((found - expected).abs() <= allowed, "{name} {scaling:?} {plane},{y},{x}");
            }
        }
    }
}

#[derive(Deserialize)]
struct Original {
    file: String,
    sha256: String,
    blocks: Vec<f64>,
    samples: Vec<u8>,
}

#[test]
fn full_size_originals_have_a_mean_difference_below_two_thousandths() {
    let Some(data) = std::env::var_os("XRAY_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: XRAY_DATA is not set; set it to the folder with the real X-rays");
        return;
    };
    let folder = data.join("originals");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is missing; XRAY_DATA must name the folder that holds it", folder.display());
        return;
    }
    let golden = std::fs::read_to_string(fixture("originals.json")).expect("golden");
    let golden: Vec<Original> = serde_json::from_str(&golden).expect("JSON");
    let (mut compared, mut worst_mean, mut worst) = (0, 0.0f64, 0.0f64);
    for original in golden {
        let file = folder.join(&original.file);
        let Ok(bytes) = std::fs::read(&file) else {
            eprintln!("SKIPPED: {} is not there", file.display());
            continue;
        };
        assert_eq!(xray_core::sha256_hex(&bytes), original.sha256, "{} is another file", file.display());
        let tensor = prepared(&file, Scaling::Unit);
        let plane = &tensor.as_slice()[..SIZE * SIZE];
        let diffs: Vec<f64> = original
            .samples
            .iter()
            .enumerate()
            .map(|(i, level)| {
                (f64::from(plane[(i * 7919 + 13) % (SIZE * SIZE)]) - f64::from(*level) / 255.0).abs()
            })
            .collect();
        let mean = diffs.iter().sum::<f64>() / diffs.len() as f64;
        worst = diffs.iter().copied().fold(worst, f64::max);
        worst_mean = worst_mean.max(mean);
        assert!(mean < 0.002, "{}: mean difference {mean}", original.file);
        for (block, expected) in original.blocks.iter().enumerate() {
            let (top, left) = (block / 14 * 16, block % 14 * 16);
            let rows = (top..top + 16).flat_map(|y| &plane[y * SIZE + left..y * SIZE + left + 16]);
            let found = rows.map(|v| f64::from(*v)).sum::<f64>() / 256.0;
            assert!((found - expected / 255.0).abs() < 0.002, "{} block {block}", original.file);
        }
        compared += 1;
    }
    eprintln!("{compared} originals: largest mean difference {worst_mean:.6}, largest difference {worst:.6}");
    assert!(compared > 0, "no original was compared");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn mirrored_twice_is_the_same(width in 64u32..90, height in 64u32..90, seed in any::<u8>()) {
        let level = |i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed;
        let image = Radiograph::from_grey(width, height, (0..width * height).map(level).collect()).unwrap();
        let contract = Preprocessing { size: 64, ..Preprocessing::new(Scaling::Imagenet) };
        let tensor = prepare(&image, &contract).unwrap();
        let mirrored = tensor.mirrored();
        prop_assert_eq!(mirrored.as_slice()[0], tensor.as_slice()[63]);
        prop_assert_eq!(mirrored.mirrored(), tensor);
    }
}
