//! Worked by hand, and against scipy (scripts/oracle/warp.py made the numbers).

use serde::Deserialize;

use super::*;

fn float_image(width: usize, levels: &[f32]) -> FloatImage {
    FloatImage { width, height: levels.len() / width, levels: levels.to_vec() }
}

fn placed(width: usize, levels: &[f32], placement: Placement, fill: Fill) -> Vec<f32> {
    warp(&float_image(width, levels), &placement, fill).levels
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-3);
    assert!(near, "{found:?} is not {expected:?}");
}

const NINE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

#[test]
fn exchanged_and_moved_by_whole_pixels_is_exact() {
    let flip = Placement { flip: true, ..Placement::default() };
    assert_eq!(placed(3, &NINE, flip, Fill::Edge), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]);
    let right = Placement { shift: [1.0 / 3.0, 0.0], ..Placement::default() };
    assert_eq!(placed(3, &NINE, right, Fill::Edge), [1.0, 1.0, 2.0, 4.0, 4.0, 5.0, 7.0, 7.0, 8.0]);
    let down = Placement { shift: [0.0, 1.0 / 3.0], ..Placement::default() };
    assert_eq!(placed(3, &NINE, down, Fill::Level(0)), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn half_a_pixel_to_the_right_is_the_mean_of_two() {
    let half = Placement { shift: [0.125, 0.0], ..Placement::default() };
    let row = [10.0, 20.0, 40.0, 80.0];
    close(&placed(4, &row, half, Fill::Edge), &[10.0, 15.0, 30.0, 60.0]);
    close(&placed(4, &row, half, Fill::Level(100)), &[55.0, 15.0, 30.0, 60.0]);
}

#[test]
fn a_quarter_turn_is_clockwise() {
    let turn = Placement { rotation: 90.0, ..Placement::default() };
    close(&placed(3, &NINE, turn, Fill::Edge), &[7.0, 4.0, 1.0, 8.0, 5.0, 2.0, 9.0, 6.0, 3.0]);
}

#[test]
fn twice_as_large_shows_the_middle() {
    let zoom = Placement { zoom: 2.0, ..Placement::default() };
    close(&placed(3, &NINE, zoom, Fill::Edge), &[3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0]);
}

#[test]
fn twice_as_wide_is_half_as_high() {
    // From column x the level x / 2 + 1/2 off, from row y the level 2y - 1, which lies outside.
    let stretch = Placement { stretch: 2.0, ..Placement::default() };
    close(&placed(3, &NINE, stretch, Fill::Level(0)), &[0.0, 0.0, 0.0, 4.5, 5.0, 5.5, 0.0, 0.0, 0.0]);
}

#[test]
fn slanted_by_half_a_right_angle_moves_rows_by_one() {
    let slant = Placement { shear: 45.0, ..Placement::default() };
    close(&placed(3, &NINE, slant, Fill::Level(0)), &[2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0, 7.0, 8.0]);
}

#[derive(Deserialize)]
struct Golden {
    flip: bool,
    zoom: f64,
    shear: f64,
    rotation: f64,
    shift: [f64; 2],
    fill: serde_json::Value,
    levels: Vec<f32>,
}

#[test]
fn levels_are_those_of_scipy() {
    let golden: Vec<Golden> =
        serde_json::from_str(include_str!("../../../tests/fixtures/augment/warp.json")).unwrap();
    let drawn: Vec<f32> = (0..24 * 20)
        .map(|at| {
            let (x, y) = (at % 24, at / 24);
            ((x * 37 + y * 59 + x * y * 3) % 256) as f32
        })
        .collect();
    let mut largest = 0.0f32;
    for Golden { flip, zoom, shear, rotation, shift, fill, levels } in &golden {
        let fill = fill.as_u64().map_or(Fill::Edge, |level| Fill::Level(level as u8));
        let placement = Placement {
            flip: *flip,
            zoom: *zoom,
            shear: *shear,
            rotation: *rotation,
            shift: *shift,
            ..Placement::default()
        };
        let found = placed(24, &drawn, placement, fill);
        for (found, expected) in found.iter().step_by(3).zip(levels) {
            largest = largest.max((found - expected).abs());
        }
    }
    eprintln!("{} placements: largest difference {largest:.5} levels", golden.len());
    assert!(golden.len() >= 14 && largest < 0.001, "{largest}");
}

#[test]
fn tone_by_hand() {
    let toned = |exposure: Exposure, levels: &[f32]| {
        let mut pixels = float_image(levels.len(), levels);
        exposure.apply(&mut pixels);
        pixels.levels
    };
    // .2² = .04
    close(&toned(Exposure { gamma: 2.0, ..Exposure::default() }, &[0.0, 51.0, 255.0]), &[0.0, 10.2, 255.0]);
    close(
        &toned(Exposure { contrast: 0.5, ..Exposure::default() }, &[0.0, 100.0, 200.0]),
        &[50.0, 100.0, 150.0],
    );
    close(&toned(Exposure { brightness: 0.1, ..Exposure::default() }, &[0.0, 100.0]), &[25.5, 125.5]);
    // All three: 51 → 10.2 and 255, their mean 132.6, doubled to 0-112.2 … and moved down by a tenth.
    let all = Exposure { brightness: -0.1, contrast: 2.0, gamma: 2.0 };
    close(&toned(all, &[51.0, 255.0]), &[-137.7, 351.9]);
}

#[test]
fn detail_is_done_in_its_order() {
    let flat = |detector: DetectorEffects| {
        let mut pixels = float_image(40, &[100.0; 400]);
        detector.apply(&mut pixels);
        pixels.levels
    };
    // A flat picture has no detail to lose or gain.
    close(&flat(DetectorEffects { blur: 1.5, ..DetectorEffects::default() }), &[100.0; 400]);
    close(&flat(DetectorEffects { sharpen: 2.0, ..DetectorEffects::default() }), &[100.0; 400]);
    // Bars are painted over the noise, each at most a tenth of forty pixels.
    let found = flat(DetectorEffects { noise: 4.0, borders: 0.1, seed: 3, ..DetectorEffects::default() });
    let bar = |row: &[f32]| row.iter().take_while(|level| **level <= 40.0).count();
    for row in found.chunks_exact(40) {
        let reversed: Vec<f32> = row.iter().rev().copied().collect();
        let (left, right) = (bar(row), bar(&reversed));
        assert!(left <= 4 && right <= 4);
        assert!(row[left..40 - right].windows(2).any(|two| two[0] != two[1]));
    }
    assert_eq!(
        found,
        flat(DetectorEffects { noise: 4.0, borders: 0.1, seed: 3, ..DetectorEffects::default() })
    );
    assert_ne!(
        found,
        flat(DetectorEffects { noise: 4.0, borders: 0.1, seed: 4, ..DetectorEffects::default() })
    );
}

#[test]
fn sharpening_lifts_a_point_by_what_a_blur_takes() {
    // The middle weight of the bell of one pixel is .1592: a blur leaves 15.92 of 100.
    let mut levels = vec![0.0; 11 * 11];
    levels[60] = 100.0;
    let mut pixels = float_image(11, &levels);
    DetectorEffects { sharpen: 0.5, ..DetectorEffects::default() }.apply(&mut pixels);
    assert!((pixels.levels[60] - (100.0 + 0.5 * 84.08)).abs() < 0.02, "{}", pixels.levels[60]);
}

fn drawn() -> Radiograph {
    let level = |at: u32| ((at % 72) * 3 + (at / 72) * 2) as u8;
    Radiograph::from_grey(72, 64, (0..72 * 64).map(level).collect()).unwrap()
}

#[test]
fn nothing_is_changed_by_none_and_levels_are_cut_off() {
    let image = drawn();
    let none = Preset::None.augmentation();
    assert_eq!(none.draw(&mut view_rng(1, "ab", 0)).apply(&image), image);
    let still = Transform {
        placement: Placement::default(),
        exposure: Exposure::default(),
        detector: DetectorEffects::default(),
        fill: Fill::Edge,
    };
    let bright = Transform { exposure: Exposure { brightness: 1.0, ..Exposure::default() }, ..still };
    assert!(bright.apply(&image).pixels().grey().iter().all(|level| *level == 255));
}

#[test]
fn article_gives_the_picture_or_its_mirror_image() {
    let image = drawn();
    let mut mirrored = image.pixels().grey().into_owned();
    mirrored.chunks_exact_mut(72).for_each(<[u8]>::reverse);
    let views: Vec<_> = (0..64)
        .map(|view| Preset::Article.augmentation().draw(&mut view_rng(1, "ab", view)).apply(&image))
        .collect();
    let flipped = views.iter().filter(|view| *view.pixels().grey() == *mirrored).count();
    assert_eq!(views.iter().filter(|view| **view == image).count() + flipped, 64);
    assert!((20..44).contains(&flipped), "{flipped} of 64");
}

#[test]
fn a_view_follows_from_seed_content_and_number_alone() {
    let robust = Preset::Robust.augmentation();
    let of = |seed, sha256: &str, view| robust.draw(&mut view_rng(seed, sha256, view));
    let first = of(7, "ab", 3);
    of(7, "ab", 2);
    assert_eq!(of(7, "ab", 3), first);
    assert_eq!(of(7, "ab", 3).apply(&drawn()), first.apply(&drawn()));
    for other in [of(8, "ab", 3), of(7, "ac", 3), of(7, "ab", 4)] {
        assert_ne!(other, first);
    }
    // One change less, and the others are as they were.
    let without =
        Augmentation { rotation: 0.0, flip: false, blur: 0.0, ..robust }.draw(&mut view_rng(7, "ab", 3));
    let expected = Placement { rotation: 0.0, flip: false, ..first.placement };
    assert_eq!((without.placement, without.exposure), (expected, first.exposure));
    assert_eq!(without.detector, DetectorEffects { blur: 0.0, ..first.detector });
}

#[test]
fn draws_fill_their_ranges_and_do_not_leave_them() {
    let robust = Preset::Robust.augmentation();
    let mut ends = [(f64::MAX, f64::MIN); 13];
    for view in 0..2000 {
        let Transform { placement, exposure, detector, .. } = robust.draw(&mut view_rng(1, "cd", view));
        let [x, y] = placement.shift;
        let position = [placement.zoom, placement.stretch, placement.shear, placement.rotation, x, y];
        let exposure = [exposure.brightness, exposure.contrast, exposure.gamma];
        assert!(detector.blur == 0.0 || detector.sharpen == 0.0);
        let seen = [detector.blur, detector.sharpen, detector.noise, detector.borders];
        let values = position.into_iter().chain(exposure).chain(seen);
        for ((low, high), value) in ends.iter_mut().zip(values) {
            (*low, *high) = (low.min(value), high.max(value));
        }
    }
    let expected = [
        (1.0 - robust.zoom, 1.0 + robust.zoom),
        (1.0 / (1.0 + robust.stretch), 1.0 + robust.stretch),
        (-robust.shear, robust.shear),
        (-robust.rotation, robust.rotation),
        (-robust.shift, robust.shift),
        (-robust.shift, robust.shift),
        (-robust.brightness, robust.brightness),
        (1.0 - robust.contrast, 1.0 + robust.contrast),
        (1.0 / robust.gamma, robust.gamma),
        (0.0, robust.blur),
        (0.0, robust.sharpen),
        (0.0, robust.noise),
        (0.0, robust.borders),
    ];
    for ((low, high), (least, most)) in ends.into_iter().zip(expected) {
        let margin = (most - least) * 0.01;
        assert!(least <= low && low < least + margin, "{low} of {least}");
        assert!(most - margin < high && high <= most, "{high} of {most}");
    }
}

#[test]
fn numbers_out_of_range_are_named() {
    for preset in [Preset::None, Preset::Article, Preset::Robust] {
        assert_eq!(preset.augmentation().check(), Ok(()));
    }
    let none = Preset::None.augmentation();
    for (name, wrong) in [
        ("zoom", Augmentation { zoom: 1.0, ..none }),
        ("gamma", Augmentation { gamma: 0.5, ..none }),
        ("rotation", Augmentation { rotation: f64::NAN, ..none }),
    ] {
        assert_eq!(wrong.check().unwrap_err().name, name);
    }
}
