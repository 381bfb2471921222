//! Worked by hand, and the blur against scipy (scripts/oracle/warp.py made the numbers).

use super::*;
use crate::data::augment::{Augmentation, Preset};

fn float_image(width: usize, levels: &[f32]) -> FloatImage {
    FloatImage { width, height: levels.len() / width, levels: levels.to_vec() }
}

fn image(level: impl Fn(usize, usize) -> u8) -> Radiograph {
    let pixels = (0..64 * 64).map(|at| level(at % 64, at / 64)).collect();
    Radiograph::from_grey(64, 64, pixels).unwrap()
}

/// A slope from left to right: 4 levels a pixel, 0 to 252.
fn slope() -> Radiograph {
    image(|x, _| 4 * x as u8)
}

fn corrupted(name: &str, image: &Radiograph) -> Vec<u8> {
    let one: Corruption = name.parse().unwrap();
    one.apply(image, &mut one.rng("ab")).unwrap().pixels().grey().into_owned()
}

#[test]
fn contrast_and_gamma_by_hand() {
    // The mean is 126, and the halves lie 100 levels below and above it.
    let halves = image(|x, _| if x < 32 { 26 } else { 226 });
    let levels = |name: &str| {
        let found = corrupted(name, &halves);
        (found[0], found[63])
    };
    assert_eq!(levels("contrast-low-1"), (51, 201));
    assert_eq!(levels("contrast-low-3"), (86, 166));
    assert_eq!(levels("contrast-high-1"), (1, 251));
    assert_eq!(levels("contrast-high-3"), (0, 255));
    // 255 · (26 / 255)² = 2.65, 255 · (226 / 255)² = 200.3; the roots are 81.4 and 240.06.
    assert_eq!(levels("gamma-dark-3"), (3, 200));
    assert_eq!(levels("gamma-bright-3"), (81, 240));
}

#[test]
fn noise_has_its_deviation_and_no_bias() {
    let flat = image(|_, _| 128);
    for (name, deviation) in [("noise-1", 4.0), ("noise-2", 8.0), ("noise-3", 14.0)] {
        let found: Vec<f64> = corrupted(name, &flat).iter().map(|level| f64::from(*level) - 128.0).collect();
        let count = found.len() as f64;
        let mean = found.iter().sum::<f64>() / count;
        let spread = (found.iter().map(|v| v * v).sum::<f64>() / count).sqrt();
        // Four standard errors of 4096 draws, and the twelfth of a level that rounding adds.
        assert!(mean.abs() < deviation / 16.0, "{name}: mean {mean}");
        assert!((spread / deviation - 1.0).abs() < 0.05, "{name}: deviation {spread}");
    }
}

#[test]
fn a_blurred_point_is_the_bell() {
    // exp(-½) = .6065; four deviations to either side hold all but a fifteen-thousandth.
    let mut levels = vec![0.0; 11 * 11];
    levels[5 * 11 + 5] = 100.0;
    let found = smooth::gaussian(&float_image(11, &levels), 1.0).levels;
    let middle = 100.0 / (2.0 * std::f32::consts::PI);
    assert!((found[5 * 11 + 5] - middle).abs() < 0.01, "{}", found[60]);
    assert!((found[5 * 11 + 6] / found[60] - 0.6065).abs() < 1e-4);
    assert!((found[6 * 11 + 6] / found[60] - 0.3679).abs() < 1e-4);
    assert!((found.iter().sum::<f32>() - 100.0).abs() < 1e-3);
}

#[test]
fn blur_is_that_of_scipy() {
    #[derive(serde::Deserialize)]
    struct Golden {
        deviation: f64,
        levels: Vec<f32>,
    }
    let golden: Vec<Golden> =
        serde_json::from_str(include_str!("../../../tests/fixtures/augment/blur.json")).unwrap();
    let drawn: Vec<f32> = (0..24 * 20)
        .map(|at| {
            let (x, y) = (at % 24, at / 24);
            ((x * 37 + y * 59 + x * y * 3) % 256) as f32
        })
        .collect();
    assert_eq!(golden.len(), 3);
    for Golden { deviation, levels } in golden {
        let found = smooth::gaussian(&float_image(24, &drawn), deviation).levels;
        for (found, expected) in found.iter().step_by(3).zip(&levels) {
            assert!((found - expected).abs() < 0.001, "{deviation}: {found} is not {expected}");
        }
    }
}

#[test]
fn jpeg_drops_what_is_finer_than_its_steps() {
    assert!(corrupted("jpeg-3", &image(|_, _| 128)).iter().all(|level| *level == 128));
    // Columns of 125 and 131: in each block of 8 × 8 the coefficients of ±3 lie below 24. At quality 10 the steps of
    // the odd frequencies across are 55 and more (ITU-T T.81, table K.1, times 5), so all become 0.
    let columns = image(|x, _| if x % 2 == 0 { 125 } else { 131 });
    assert!(corrupted("jpeg-3", &columns).iter().all(|level| *level == 128));
    assert_ne!(corrupted("jpeg-1", &slope()), corrupted("jpeg-3", &slope()));
}

#[test]
fn crop_shows_a_window_and_scale_the_whole() {
    // A window of .8 of a slope has .8 of its steepness: 63 steps of 3.2 levels.
    let found = corrupted("crop-3", &slope());
    let (first, last) = (f32::from(found[0]), f32::from(found[63]));
    assert!((last - first - 63.0 * 3.2).abs() <= 1.0, "{first} to {last}");
    assert!(found.chunks_exact(64).all(|row| *row == found[..64]));
    // Three quarters of 64 pixels are 48: eight black columns and rows on every side, then the slope a third steeper.
    let found = corrupted("scale-3", &slope());
    let row = &found[32 * 64..33 * 64];
    assert!(row[..7].iter().chain(&row[57..]).all(|level| *level == 0), "{row:?}");
    assert!(found[..64 * 7].iter().all(|level| *level == 0));
    // (31.5 - 31.5) / .75 + 31.5 is between columns 31 and 32; one column right of it is a third of a column more.
    assert_eq!([row[31], row[32]], [123, 129]);
}

#[test]
fn borders_are_dark_bars_of_the_width_that_was_drawn() {
    let white = image(|_, _| 200);
    for (name, part) in [("borders-1", 0.04), ("borders-2", 0.08), ("borders-3", 0.14)] {
        let found = corrupted(name, &white);
        let row = &found[..64];
        let left = row.iter().take_while(|level| **level <= 40).count();
        let right = row.iter().rev().take_while(|level| **level <= 40).count();
        let most = (64.0_f64 * part).round() as usize;
        for bar in [left, right] {
            assert!(bar >= most / 2 && bar <= most, "{name}: {left} and {right} of {most}");
        }
        assert!(row[left..64 - right].iter().all(|level| *level == 200));
        assert!(found.chunks_exact(64).all(|other| other == row));
    }
}

#[test]
fn sharpening_and_reduction_by_hand() {
    // On a slope nothing changes but at the borders, where what lies beyond is flat.
    for name in ["sharpen-3", "reduced-2"] {
        let found = corrupted(name, &slope());
        assert!(found[8..56].iter().zip(8..).all(|(level, x)| level.abs_diff(4 * x) <= 1), "{name}");
    }
    // Columns of one pixel are finer than half the resolution holds.
    let found = corrupted("reduced-2", &image(|x, _| if x % 2 == 0 { 100 } else { 140 }));
    assert!(found.iter().all(|level| (115..=125).contains(level)), "{:?}", &found[..64]);
}

#[test]
fn stretched_and_turned_by_chance_to_either_side() {
    // The slope is 4 levels a pixel; 1.2 times wider it is 3.33, narrower 4.8.
    let step = |sha256: &str| {
        let one: Corruption = "stretch-3".parse().unwrap();
        let found = one.apply(&slope(), &mut one.rng(sha256)).unwrap().pixels().grey().into_owned();
        (f64::from(found[40]) - f64::from(found[24])) / 16.0
    };
    let steps: Vec<f64> = ["ab", "ac", "ad", "ae", "af", "ag"].map(step).to_vec();
    assert!(steps.iter().all(|step| (step - 4.0 / 1.2).abs() < 0.1 || (step - 4.8).abs() < 0.1), "{steps:?}");
    assert!(steps.iter().any(|step| *step < 4.0) && steps.iter().any(|step| *step > 4.0), "{steps:?}");
    // 4 · cos 14° across, and to one side or the other 4 · sin 14° down.
    let found = corrupted("turn-3", &slope());
    let at = |x: usize, y: usize| f64::from(found[y * 64 + x]);
    assert!(((at(40, 32) - at(24, 32)) / 16.0 - 3.881).abs() < 0.1);
    assert!(((at(32, 40) - at(32, 24)).abs() / 16.0 - 0.968).abs() < 0.1);
}

#[test]
fn shading_turns_about_the_middle() {
    let found = corrupted("shading-2", &image(|_, _| 100));
    let (least, most) = (found.iter().min().unwrap(), found.iter().max().unwrap());
    let mean = found.iter().map(|level| f64::from(*level)).sum::<f64>() / found.len() as f64;
    assert!((mean - 100.0).abs() < 0.1, "{mean}");
    // In the corners up to √2 · .25, in other directions at least .25 less half a pixel.
    assert!((64..=76).contains(least) && (124..=136).contains(most), "{least} to {most}");
}

#[test]
fn some_are_drawn_for_an_image_and_more_begin_with_the_same() {
    let (four, nine) = (Corruption::drawn("ab", 4), Corruption::drawn("ab", 9));
    assert_eq!((four.len(), &nine[..4]), (4, &four[..]));
    assert!(nine.iter().all(|one| one.severity() < 3));
    assert_ne!(Corruption::drawn("ac", 4), four);
    let all: std::collections::BTreeSet<_> = Corruption::drawn("ab", 99).into_iter().collect();
    assert_eq!(all.len(), 32);
}

#[test]
fn the_suite_is_fixed_and_each_severity_is_stronger() {
    let suite = Corruption::suite();
    assert_eq!(suite.len(), 48);
    // Not smoothed, or there is no detail to lose.
    let textured = Augmentation { blur: 0.0, borders: 0.0, ..Preset::Robust.augmentation() };
    let mut rng = crate::data::augment::view_rng(3, "cd", 0);
    let base = textured.draw(&mut rng).apply(&image(|x, y| ((x * 3) ^ (y * 5) ^ (x * y / 16)) as u8));
    let before = base.pixels().grey().into_owned();
    for kind in Kind::ALL {
        let change = |severity| {
            let one = Corruption::new(kind, severity).unwrap();
            assert_eq!(one.to_string().parse::<Corruption>().unwrap(), one);
            let after = one.apply(&base, &mut one.rng("ab")).unwrap();
            assert_eq!(after, one.apply(&base, &mut one.rng("ab")).unwrap());
            let after = after.pixels().grey().into_owned();
            let off = before.iter().zip(&after).map(|(a, b)| f64::from(a.abs_diff(*b)));
            off.sum::<f64>() / before.len() as f64
        };
        let changes = [change(1), change(2), change(3)];
        assert!(0.0 < changes[0], "{kind:?}: {changes:?}");
        // Windows lie elsewhere in each severity: only the others grow by themselves.
        // The image is a fine pattern, which only moves when it is turned or stretched.
        let drawn = [Kind::Crop, Kind::Rotation, Kind::Stretch].contains(&kind);
        assert!(drawn || changes.is_sorted(), "{kind:?}: {changes:?}");
    }
    assert_eq!(Corruption::new(Kind::Blur, 0), None);
    assert_eq!(Corruption::new(Kind::Blur, 4), None);
    assert!("blur".parse::<Corruption>().is_err());
}

#[test]
fn what_is_drawn_follows_from_the_content() {
    let one: Corruption = "noise-1".parse().unwrap();
    let of = |sha256: &str| one.apply(&slope(), &mut one.rng(sha256)).unwrap();
    assert_eq!(of("ab"), of("ab"));
    assert_ne!(of("ab"), of("ac"));
}
