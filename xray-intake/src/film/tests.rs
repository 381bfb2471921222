//! Films in scenes whose truth is known, and OpenCV's answers.
//!
//! A scene is what a pinhole camera sees of a plane: for each pixel a ray is cut with the plane. No homography is
//! involved, so that the truth does not come from what is tested.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use super::geometry::{area, diagonal};
use xray_testkit::random::{RngExt, TestRng, seeded};

use super::homography::Homography;
use super::*;

const WIDTH: usize = 960;
const HEIGHT: usize = 720;
/// Width over height of the films.
const ASPECT: f64 = 1.2;

/// From -1 to 1.
fn symmetric(rng: &mut TestRng) -> f64 {
    rng.random_range(-1.0..1.0)
}

/// Levels of a film at a place of it, 0..1 each: dark at the sides, two darker lungs, a bright spine, ribs, a label.
fn film(x: f64, y: f64) -> f64 {
    let bump =
        |cx: f64, cy: f64, rx: f64, ry: f64| (-((x - cx) / rx).powi(2) - ((y - cy) / ry).powi(2)).exp();
    let body = 0.75 * (1.0 - (2.0 * x - 1.0).abs().powi(4));
    let lungs = 0.5 * (bump(0.32, 0.45, 0.13, 0.28) + bump(0.68, 0.45, 0.13, 0.28));
    let ribs = 0.06 * (40.0 * (y + 0.3 * (x - 0.5).powi(2))).sin();
    let label = if (0.05..0.09).contains(&x) && (0.06..0.12).contains(&y) { 0.9 } else { 0.0 };
    (body - lungs + ribs + 0.2 * bump(0.5, 0.5, 0.06, 0.6)).clamp(0.0, 1.0).max(label)
}

/// What is photographed and how.
#[derive(Clone, Copy)]
struct Scene {
    /// In degrees: within the picture, and forwards and sideways out of it.
    turn: f64,
    tilt: (f64, f64),
    /// The film's share of the picture.
    share: f64,
    /// The scene's shift, in pictures.
    shift: (f64, f64),
    /// Films, by where their middle is, in widths of a film.
    films: &'static [f64],
    /// Deviation of a blur, in pixels.
    blur: f64,
    /// Strength of a lamp that mirrors in the film.
    lamp: f64,
    /// Whether there is a light box.
    lit: bool,
    seed: u64,
}

const STRAIGHT: Scene = Scene {
    turn: 0.0,
    tilt: (0.0, 0.0),
    share: 0.4,
    shift: (0.0, 0.0),
    films: &[0.0],
    blur: 0.7,
    lamp: 0.0,
    lit: true,
    seed: 1,
};

impl Scene {
    /// The two sides of the plane as the camera sees them, and its middle, in focal lengths.
    fn plane(&self) -> [[f64; 3]; 3] {
        let [z, x, y] = [self.turn, self.tilt.0, self.tilt.1].map(f64::to_radians);
        let turned = |p: [f64; 3]| {
            let [px, py, pz] = [p[0] * z.cos() - p[1] * z.sin(), p[0] * z.sin() + p[1] * z.cos(), p[2]];
            let [px, py, pz] = [px * y.cos() + pz * y.sin(), py, pz * y.cos() - px * y.sin()];
            [px, py * x.cos() - pz * x.sin(), py * x.sin() + pz * x.cos()]
        };
        let far = Self::focal() / (self.share * (WIDTH * HEIGHT) as f64).sqrt();
        let middle = [
            self.shift.0 * WIDTH as f64 / Self::focal() * far,
            self.shift.1 * HEIGHT as f64 / Self::focal() * far,
            far,
        ];
        [turned([1.0, 0.0, 0.0]), turned([0.0, 1.0, 0.0]), middle]
    }

    fn focal() -> f64 {
        1.1 * (WIDTH as f64).hypot(HEIGHT as f64)
    }

    /// Where a place of the plane is seen. The film has area 1 there.
    fn seen(&self, x: f64, y: f64) -> Point {
        let [right, down, middle] = self.plane();
        let at = |axis: usize| middle[axis] + x * right[axis] + y * down[axis];
        Point {
            x: Self::focal() * at(0) / at(2) + (WIDTH - 1) as f64 / 2.0,
            y: Self::focal() * at(1) / at(2) + (HEIGHT - 1) as f64 / 2.0,
        }
    }

    fn corners(&self) -> Corners {
        let (x, y) = (ASPECT.sqrt() / 2.0, 0.5 / ASPECT.sqrt());
        [self.seen(-x, -y), self.seen(x, -y), self.seen(x, y), self.seen(-x, y)]
    }

    /// The light from a place of the plane, 0..1.
    fn light(&self, x: f64, y: f64) -> f64 {
        let (wide, tall) = (ASPECT.sqrt(), 1.0 / ASPECT.sqrt());
        let span = wide * (0.62 + self.films.iter().fold(0.0, |most: f64, at| most.max(at.abs())));
        if !self.lit || x.abs() > span || y.abs() > 0.64 * tall {
            return 0.015 + 0.01 * (9.0 * x).sin() * (7.0 * y).cos();
        }
        let bare = 0.9 - 0.15 * (x * x + y * y);
        for at in self.films {
            let (u, v) = (x / wide - at + 0.5, y / tall + 0.5);
            if (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) {
                return bare * 0.63 * (0.06 + 0.94 * film(u, v)).powf(2.2);
            }
        }
        bare
    }

    fn photograph(&self) -> Radiograph {
        let [right, down, middle] = self.plane();
        let cross = |p: [f64; 3], q: [f64; 3]| {
            [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
        };
        let dot = |p: [f64; 3], q: [f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
        let normal = cross(right, down);
        let (wide, tall) = (WIDTH as f64, HEIGHT as f64);
        let level = |x: f64, y: f64| {
            let ray =
                [(x - (wide - 1.0) / 2.0) / Self::focal(), (y - (tall - 1.0) / 2.0) / Self::focal(), 1.0];
            let far = dot(normal, middle) / dot(normal, ray);
            let hit = [0, 1, 2].map(|axis| far * ray[axis] - middle[axis]);
            let lamp =
                self.lamp * (-((x - 0.55 * wide) / 45.0).powi(4) - ((y - 0.5 * tall) / 40.0).powi(4)).exp();
            let away = ((x / wide - 0.5).powi(2) + (y / tall - 0.5).powi(2)) * 2.0;
            (self.light(dot(hit, right), dot(hit, down)) + lamp) * (1.0 - 0.35 * away)
        };
        let mut sharp = vec![0.0; WIDTH * HEIGHT];
        for (at, pixel) in sharp.iter_mut().enumerate() {
            let (x, y) = ((at % WIDTH) as f64, (at / WIDTH) as f64);
            let parts = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)];
            let light: f64 = parts.iter().map(|(dx, dy)| level(x + dx, y + dy)).sum();
            *pixel = 255.0 * (light / 4.0).min(1.0).powf(1.0 / 2.2);
        }
        picture(&blurred(&sharp, self.blur), 3.0, self.seed)
    }
}

fn picture(levels: &[f64], noise: f64, seed: u64) -> Radiograph {
    let mut rng = seeded(seed);
    let mut noisy = |level: &f64| {
        (level + noise * (symmetric(&mut rng) + symmetric(&mut rng))).round().clamp(0.0, 255.0) as u8
    };
    Radiograph::from_grey(WIDTH as u32, HEIGHT as u32, levels.iter().map(&mut noisy).collect()).unwrap()
}

/// A Gaussian of this deviation, in pixels.
fn blurred(levels: &[f64], deviation: f64) -> Vec<f64> {
    let reach = (3.0 * deviation).ceil() as isize;
    let weights: Vec<f64> =
        (-reach..=reach).map(|at| (-(at as f64 / deviation).powi(2) / 2.0).exp()).collect();
    let whole: f64 = weights.iter().sum();
    let once = |from: &[f64], step: isize, size: isize, along: &dyn Fn(usize) -> isize| -> Vec<f64> {
        let value = |at: usize| {
            let here = along(at);
            let near = |offset: isize| (here + offset).clamp(0, size - 1) - here;
            let term =
                |(offset, weight): (isize, &f64)| weight * from[(at as isize + near(offset) * step) as usize];
            (-reach..=reach).zip(&weights).map(term).sum::<f64>() / whole
        };
        (0..from.len()).map(value).collect()
    };
    let across = once(levels, 1, WIDTH as isize, &|at| (at % WIDTH) as isize);
    once(&across, WIDTH as isize, HEIGHT as isize, &|at| (at / WIDTH) as isize)
}

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

fn numbers(line: &str) -> Vec<f64> {
    line.trim().split(',').map(|number| number.parse().unwrap()).collect()
}

fn points(numbers: &[f64]) -> Vec<Point> {
    numbers.chunks_exact(2).map(|pair| Point { x: pair[0], y: pair[1] }).collect()
}

#[test]
fn places_go_where_opencv_sends_them() {
    let places = [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.25, 0.75), (0.9, 0.1), (0.33, 0.66)];
    let text = include_str!("../../tests/fixtures/film/homographies.csv");
    assert_eq!(text.lines().count(), 12);
    for line in text.lines() {
        let all = points(&numbers(line));
        let corners: Corners = all[..4].try_into().unwrap();
        let map = Homography::from_unit_square(&corners).unwrap();
        for ((x, y), expected) in places.into_iter().zip(&all[4..]) {
            let off = map.map(Point { x, y }).minus(*expected).length();
            assert!(off < 1e-4, "{off}");
        }
    }
    let flat = [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)].map(|(x, y)| Point { x, y });
    assert_eq!(Homography::from_unit_square(&flat), None);
    assert_eq!(area(&flat), 0.0);
}

fn pgm(bytes: &[u8]) -> (usize, usize, &[u8]) {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n').skip(1);
    let size = std::str::from_utf8(lines.next().unwrap()).unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    (width.parse().unwrap(), height.parse().unwrap(), lines.nth(1).unwrap())
}

#[test]
fn a_rectangle_has_the_levels_of_opencv() {
    let (width, height, levels) = pgm(include_bytes!("../../tests/fixtures/film/picture.pgm"));
    let (wide, tall, expected) = pgm(include_bytes!("../../tests/fixtures/film/rectangle.pgm"));
    let corners = points(&numbers(include_str!("../../tests/fixtures/film/corners.csv")));
    let corners: Corners = corners.try_into().unwrap();
    let picture = GreyImage { width, height, levels };
    let size = (wide as u32, tall as u32);
    let found =
        rectify::sample_rectangle(&corners, size, 1, |place| f64::from(picture.at(place)), |level| level)
            .unwrap();
    let most =
        found.iter().zip(expected).map(|(own, theirs)| (own - f64::from(*theirs)).abs()).fold(0.0, f64::max);
    // Places that are rounded to a 32nd of a pixel, on slopes of up to 13 levels a pixel, and whole levels.
    assert!(most < 1.0, "{most}");
    assert_eq!(found.len(), expected.len());
}
