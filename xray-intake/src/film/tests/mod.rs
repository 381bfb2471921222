//! Films in scenes whose truth is known, and OpenCV's answers.
//!
//! A scene is what a pinhole camera sees of a plane: for each pixel a ray is cut with the plane. No homography is
//! involved, so that the truth does not come from what is tested.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod opencv;
mod scene;

use scene::*;
use xray_testkit::random::seeded;

use super::geometry::diagonal;
use super::*;

fn refused(photograph: &Radiograph) -> &'static str {
    match find(photograph) {
        Ok(_) => "a film",
        Err(problem) => problem.code(),
    }
}

/// The correlation of what was cut out with the film itself.
fn correlation(found: &Radiograph) -> f64 {
    let (width, height) = (found.width() as usize, found.height() as usize);
    let edge = 0.004;
    let along = |at: usize, size: usize| edge + (1.0 - 2.0 * edge) * (at as f64 + 0.5) / size as f64;
    let grey = found.pixels().grey();
    let pairs: Vec<(f64, f64)> = (0..width * height)
        .map(|at| (f64::from(grey[at]), film(along(at % width, width), along(at / width, height))))
        .collect();
    let count = pairs.len() as f64;
    let (a, b) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / count, sum.1 + pair.1 / count));
    let sum = |term: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(term).sum::<f64>();
    sum(&|p| (p.0 - a) * (p.1 - b)) / (sum(&|p| (p.0 - a).powi(2)) * sum(&|p| (p.1 - b).powi(2))).sqrt()
}

#[test]
fn a_film_is_found_to_a_hundredth_of_its_diagonal_and_is_the_film_that_it_was() {
    let mut rng = seeded(0x0bad_5eed);
    for seed in 1..=12u64 {
        let scene = match seed {
            1 => STRAIGHT,
            2 => Scene { turn: 25.0, share: 0.3, ..STRAIGHT },
            3 => Scene { turn: -25.0, share: 0.3, ..STRAIGHT },
            4 => Scene { tilt: (20.0, -20.0), ..STRAIGHT },
            _ => Scene {
                turn: 25.0 * symmetric(&mut rng),
                tilt: (18.0 * symmetric(&mut rng), 18.0 * symmetric(&mut rng)),
                share: 0.29 + 0.05 * symmetric(&mut rng),
                shift: (0.02 * symmetric(&mut rng), 0.02 * symmetric(&mut rng)),
                seed,
                ..STRAIGHT
            },
        };
        let found = find(&scene.photograph()).unwrap_or_else(|problem| panic!("{seed}: {problem}"));
        let truth = scene.corners();
        for (corner, true_corner) in found.corners.iter().zip(&truth) {
            let off = corner.minus(*true_corner).length() / diagonal(&truth);
            assert!(off < 0.01, "{seed}: {off}");
        }
        let proportions = f64::from(found.radiograph.width()) / f64::from(found.radiograph.height());
        assert!((proportions / ASPECT - 1.0).abs() < 0.05, "{seed}: {proportions}");
        let same = correlation(&found.radiograph);
        assert!(same >= 0.98, "{seed}: {same}");
        assert!(f64::from(found.radiograph.width()) > 0.9 * sides_of(&truth));
    }
}

fn sides_of(corners: &Corners) -> f64 {
    geometry::sides(corners).0
}

#[test]
fn what_cannot_be_screened_is_refused_with_its_reason() {
    for (scene, code) in [
        (Scene { films: &[], ..STRAIGHT }, "film-not-found"),
        (Scene { lit: false, ..STRAIGHT }, "film-not-found"),
        (Scene { films: &[-0.55, 0.55], share: 0.22, ..STRAIGHT }, "several-films"),
        (Scene { shift: (0.35, 0.0), ..STRAIGHT }, "film-cut-off"),
        (Scene { shift: (0.0, -0.3), ..STRAIGHT }, "film-cut-off"),
        (Scene { shift: (-0.2, 0.25), turn: 12.0, ..STRAIGHT }, "film-cut-off"),
        (Scene { share: 0.12, ..STRAIGHT }, "film-too-small"),
        (Scene { lamp: 1.0, ..STRAIGHT }, "film-glare"),
        (Scene { blur: 4.0, ..STRAIGHT }, "film-blurred"),
    ] {
        let Scene { shift, share, lamp, blur, .. } = scene;
        assert_eq!(
            refused(&scene.photograph()),
            code,
            "shift {shift:?} share {share} lamp {lamp} blur {blur}"
        );
    }
}

#[test]
fn pictures_of_other_things_are_refused() {
    let at = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        (0..WIDTH * HEIGHT)
            .map(|at| f((at % WIDTH) as f64 / WIDTH as f64, (at / WIDTH) as f64 / HEIGHT as f64))
            .collect()
    };
    let landscape = at(&|x, y| {
        let hills = 0.5 + 0.1 * (9.0 * x).sin() + 0.05 * (23.0 * x).sin();
        if y < hills { 220.0 - 60.0 * y } else { 90.0 + 40.0 * (61.0 * x).sin() * (47.0 * y).cos() }
    });
    let window = at(&|x, y| {
        let pane = |from: f64| (from..from + 0.3).contains(&x) && (0.2..0.8).contains(&y);
        if pane(0.15) || pane(0.55) { 240.0 } else { 60.0 + 30.0 * y }
    });
    let ball = at(&|x, y| if (x - 0.5).hypot((y - 0.5) * 0.75) < 0.25 { 40.0 } else { 230.0 });
    let triangle =
        at(&|x, y| if y > 0.2 && y < 0.8 && (x - 0.5).abs() < (y - 0.2) * 0.5 { 40.0 } else { 230.0 });
    let corridor = at(&|x, y| 255.0 * ((x - 0.5).abs().max((y - 0.5).abs()) * 2.0).min(1.0));
    let xray = at(&|x, y| 255.0 * film(x, y));
    let grey = at(&|_, _| 128.0);
    let black = at(&|_, _| 0.0);
    let white = at(&|_, _| 255.0);
    for (name, levels) in [
        ("landscape", landscape),
        ("window", window),
        ("ball", ball),
        ("triangle", triangle),
        ("corridor", corridor),
        ("an X-ray as it is", xray),
        ("grey", grey),
        ("black", black),
        ("white", white),
    ] {
        for noise in [0.0, 3.0, 30.0] {
            let code = refused(&picture(&levels, noise, 7));
            assert!(code.starts_with("film-") || code == "several-films", "{name} {noise}: {code}");
        }
    }
    let noise = picture(&vec![127.0; WIDTH * HEIGHT], 128.0, 3);
    assert_eq!(refused(&noise), "film-not-found");
    let small = Radiograph::from_grey(64, 64, vec![200; 64 * 64]).unwrap();
    assert_eq!(refused(&small), "film-not-found");
}

#[test]
fn codes_are_different_words() {
    let codes: std::collections::BTreeSet<_> =
        FilmProblem::ALL.iter().map(|problem| problem.code()).collect();
    assert_eq!(codes.len(), FilmProblem::ALL.len());
}
