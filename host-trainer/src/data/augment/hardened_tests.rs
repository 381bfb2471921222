//! Against scipy, numpy and PyTorch (scripts/oracle/hardened.py made the numbers), and by hand.

use std::convert::Infallible;

use serde::Deserialize;

use super::amplitude_mix::AmplitudeMix;
use super::erase::Erase;
use super::*;

#[derive(Deserialize)]
struct Golden {
    frame: Vec<FrameCase>,
    amplitude: Vec<AmplitudeCase>,
    affine: Vec<AffineCase>,
}

#[derive(Deserialize)]
struct FrameCase {
    #[serde(flatten)]
    middle: MiddleBox,
    levels: Vec<f32>,
}

#[derive(Deserialize)]
struct AmplitudeCase {
    weight: f64,
    band: f64,
    levels: Vec<f32>,
}

#[derive(Deserialize)]
struct AffineCase {
    matrix: [[f64; 2]; 2],
    shift: [f64; 2],
    edge: bool,
    levels: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/fixtures/augment/hardened.json")).unwrap()
}

fn drawn(a: usize, b: usize, c: usize) -> FloatImage {
    let level = |at: usize| ((at % 24 * a + at / 24 * b + (at % 24) * (at / 24) * c) % 256) as f32;
    FloatImage { width: 24, height: 20, levels: (0..24 * 20).map(level).collect() }
}

fn picture() -> FloatImage {
    drawn(37, 59, 3)
}

fn other() -> FloatImage {
    drawn(11, 7, 5)
}

fn largest_difference(found: &[f32], thirds: &[f32]) -> f32 {
    assert_eq!(found.len().div_ceil(3), thirds.len());
    found.iter().step_by(3).zip(thirds).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
}

#[test]
fn frames_are_those_of_scipy() {
    let cases = golden().frame;
    assert!(cases.len() >= 4);
    for case in cases {
        let weights = case.middle.weights(24, 20);
        let found = blend(&picture().levels, &other().levels, &weights);
        let difference = largest_difference(&found, &case.levels);
        assert!(difference < 0.001, "{:?}: {difference}", case.middle);
    }
}

#[test]
fn amplitudes_are_those_of_numpy() {
    let cases = golden().amplitude;
    assert!(cases.len() >= 4);
    for AmplitudeCase { weight, band, levels } in cases {
        let mut plane = picture();
        AmplitudeMix { weight, band }.apply(&mut plane, &other());
        let difference = largest_difference(&plane.levels, &levels);
        assert!(difference < 0.001, "{weight} {band}: {difference}");
    }
}

#[test]
fn affine_maps_are_those_of_pytorch() {
    let cases = golden().affine;
    assert!(cases.len() >= 8);
    for AffineCase { matrix, shift, edge, levels } in cases {
        let fill = if edge { Fill::Edge } else { Fill::Level(0) };
        let found = AffineMap { matrix, shift }.apply(&picture(), fill);
        let difference = largest_difference(&found.levels, &levels);
        assert!(difference < 0.001, "{matrix:?} {shift:?}: {difference}");
    }
}

#[test]
fn an_erased_box_has_one_level_and_lies_inside() {
    for view in 0..200 {
        let erase = Erase::draw(&mut view_rng(1, "ab", view));
        let mut plane = FloatImage { width: 48, height: 36, levels: vec![-1.0; 48 * 36] };
        erase.apply(&mut plane);
        let painted = plane.levels.iter().filter(|level| **level == erase.level).count();
        let untouched = plane.levels.iter().filter(|level| **level == -1.0).count();
        assert_eq!(painted + untouched, 48 * 36);
        // A twelfth to a third of each side.
        assert!((4 * 3..=16 * 12).contains(&painted), "{painted}");
    }
}

fn image(levels: &FloatImage) -> Radiograph {
    // The least size of an image: 64 × 64.
    let level = |at: usize| levels.levels[at % levels.levels.len()] as u8;
    Radiograph::from_grey(64, 64, (0..64 * 64).map(level).collect()).unwrap()
}

#[test]
fn a_draw_follows_from_seed_content_and_pass_alone() {
    let hardening = Hardening::default();
    let of = |seed, sha256: &str, view| hardening.draw(&mut view_rng(seed, sha256, view));
    let first = of(7, "ab", 3);
    assert_eq!(of(7, "ab", 3), first);
    for different in [of(8, "ab", 3), of(7, "ac", 3), of(7, "ab", 4)] {
        assert_ne!(different, first);
    }
    let apply = |draw: HardenedDraw| {
        draw.apply(&image(&picture()), |_| Ok::<_, Infallible>(image(&other()))).unwrap()
    };
    assert_eq!(apply(first), apply(of(7, "ab", 3)));
}

#[test]
fn one_change_less_leaves_the_others_as_they_were() {
    let none = Hardening {
        frame_exchange: 0.0,
        amplitude_mix: 0.0,
        erase: 0.0,
        blur: [0.0; 2],
        gamma: 0.0,
        contrast: 0.0,
        brightness: 0.0,
        noise: 0.0,
        affine: AffineRanges {
            scale: [1.0; 2],
            shift: 0.0,
            rotation: 0.0,
            aspect: 0.0,
            shear: 0.0,
            flip: false,
        },
        ..Hardening::default()
    };
    let unchanged = none.draw(&mut view_rng(1, "ab", 0));
    let failing = |_| Err::<Radiograph, &str>("no donor is asked for");
    assert_eq!(unchanged.apply(&image(&picture()), failing), Ok(image(&picture())));
    let all = Hardening::default();
    let without = Hardening { frame_exchange: 0.0, amplitude_mix: 0.0, ..all };
    let mut asked = 0;
    for view in 0..400 {
        let mut count = 0;
        let draw = all.draw(&mut view_rng(1, "ab", view));
        let donor = |_| {
            count += 1;
            Ok::<_, Infallible>(image(&other()))
        };
        draw.apply(&image(&picture()), donor).unwrap();
        asked += count;
        let same = without.draw(&mut view_rng(1, "ab", view));
        assert!(same.apply(&image(&picture()), failing).is_ok());
        if count == 0 {
            assert_eq!(same, draw);
        }
    }
    // Two in five exchange the frame, every second mixes amplitudes: 360 donors are expected.
    assert!((320..400).contains(&asked), "{asked}");
}
