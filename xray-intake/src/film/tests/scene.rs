//! What a pinhole camera sees of a plane with a film on it: for each pixel a ray is cut with the plane.

use xray_testkit::random::{RngExt, TestRng, seeded};

use super::super::{Corners, Point, Radiograph};

pub(super) const WIDTH: usize = 960;
pub(super) const HEIGHT: usize = 720;
/// Width over height of the films.
pub(super) const ASPECT: f64 = 1.2;

/// From -1 to 1.
pub(super) fn symmetric(rng: &mut TestRng) -> f64 {
    rng.random_range(-1.0..1.0)
}

/// Levels of a film at a place of it, 0..1 each: dark at the sides, two darker lungs, a bright spine, ribs, a label.
pub(super) fn film(x: f64, y: f64) -> f64 {
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
pub(super) struct Scene {
    /// In degrees: within the picture, and forwards and sideways out of it.
    pub(super) turn: f64,
    pub(super) tilt: (f64, f64),
    /// The film's share of the picture.
    pub(super) share: f64,
    /// The scene's shift, in pictures.
    pub(super) shift: (f64, f64),
    /// Films, by where their middle is, in widths of a film.
    pub(super) films: &'static [f64],
    /// Deviation of a blur, in pixels.
    pub(super) blur: f64,
    /// Strength of a lamp that mirrors in the film.
    pub(super) lamp: f64,
    /// Whether there is a light box.
    pub(super) lit: bool,
    pub(super) seed: u64,
}

pub(super) const STRAIGHT: Scene = Scene {
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

    pub(super) fn corners(&self) -> Corners {
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

    pub(super) fn photograph(&self) -> Radiograph {
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

pub(super) fn picture(levels: &[f64], noise: f64, seed: u64) -> Radiograph {
    let mut rng = seeded(seed);
    let mut noisy = |level: &f64| {
        (level + noise * (symmetric(&mut rng) + symmetric(&mut rng))).round().clamp(0.0, 255.0) as u8
    };
    Radiograph::from_grey(WIDTH as u32, HEIGHT as u32, levels.iter().map(&mut noisy).collect()).unwrap()
}

/// A Gaussian of this deviation, in pixels.
pub(super) fn blurred(levels: &[f64], deviation: f64) -> Vec<f64> {
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
