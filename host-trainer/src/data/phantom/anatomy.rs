//! A chest seen from the front. Lengths are in units of the picture's width; what is dense is bright.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::drawing::{Canvas, smooth};

/// A number between two.
pub(super) fn between(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// One lung field: an arch that narrows to its apex, on the dome of the diaphragm.
#[derive(Debug, Clone, Copy)]
struct Lung {
    x: f32,
    top: f32,
    base: f32,
    half: f32,
}

impl Lung {
    /// 1 inside, 0 outside, with soft edges.
    fn covers(&self, x: f32, y: f32) -> f32 {
        let depth = (y - self.top) / (self.base - self.top);
        if depth <= 0.0 {
            return 0.0;
        }
        let half = self.half * (1.0 - (1.0 - depth.min(1.0)).powi(2)).sqrt() * (0.85 + 0.15 * depth);
        let off = (x - self.x) / self.half;
        let dome = self.base - 0.05 * (1.0 - off * off);
        smooth((half - (x - self.x).abs()) / 0.03) * smooth((dome - y) / 0.025)
    }
}

/// The body of one patient.
pub(super) struct Anatomy {
    lungs: [Lung; 2],
    middle: f32,
    heart: (f32, f32, f32, f32),
    trunk: f32,
    rib_pitch: f32,
    rib_slope: f32,
    rib_weight: f32,
}

impl Anatomy {
    pub fn new(rng: &mut ChaCha8Rng) -> Anatomy {
        let middle = between(rng, 0.485, 0.515);
        let (top, base) = (between(rng, 0.10, 0.16), between(rng, 0.66, 0.74));
        let half = between(rng, 0.145, 0.175);
        let apart = half + between(rng, 0.035, 0.055);
        let lung = |x: f32, base: f32| Lung { x, top, base, half };
        // The liver pushes the patient's right half of the diaphragm, on the left of the picture, up.
        let lungs = [lung(middle - apart, base - between(rng, 0.0, 0.03)), lung(middle + apart, base)];
        let heart_y = base - between(rng, 0.12, 0.16);
        let heart = (middle + 0.05, heart_y, between(rng, 0.12, 0.155), between(rng, 0.11, 0.14));
        Anatomy {
            lungs,
            middle,
            heart,
            trunk: apart + half + between(rng, 0.04, 0.07),
            rib_pitch: between(rng, 0.062, 0.074),
            rib_slope: between(rng, 0.25, 0.45),
            rib_weight: between(rng, 0.05, 0.10),
        }
    }

    /// Draws everything that a healthy chest has.
    pub fn draw(&self, canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
        let (hx, hy, hw, hh) = self.heart;
        let aerated = between(rng, 0.40, 0.48);
        canvas.paint(|x, y, _| {
            let off = (x - self.middle).abs();
            // Neck, shoulders, trunk.
            let width = 0.10 + (self.trunk + 0.06 - 0.10) * smooth((y + 0.02) / 0.16);
            let tissue = 0.05 + 0.58 * smooth((width - off) / 0.04);
            let air = self.air(x, y);
            let spine = (-(off / 0.045).powi(2)).exp() * (0.17 + 0.03 * (y * 95.0).sin());
            let hilum = (-((off - 0.075) / 0.035).powi(2) - ((y - 0.40) / 0.07).powi(2)).exp() * 0.10;
            // The heart leans: its axis falls to the right of the picture.
            let (dx, dy) = (x - hx, y - hy);
            let (u, v) = (dx * 0.87 + dy * 0.5, dy * 0.87 - dx * 0.5);
            let heart = smooth((1.0 - ((u / hw).powi(2) + (v / hh).powi(2)).sqrt()) / 0.18);
            tissue - aerated * air * (1.0 - 0.85 * heart) + spine + hilum * air + 0.05 * heart
        });
        for rib in 0..9 {
            let y0 = self.lungs[0].top + 0.005 + rib as f32 * self.rib_pitch;
            let reach = self.trunk - 0.012 * (3.0 - rib as f32).max(0.0).powi(2);
            let weight = self.rib_weight * between(rng, 0.8, 1.2);
            for side in [-1.0f32, 1.0] {
                let (a, b) = (self.middle + side * 0.03, self.middle + side * reach);
                canvas.band(a.min(b)..a.max(b), 0.013, weight, |x| {
                    let t = (x - self.middle).abs() / reach;
                    y0 - 0.05 * (std::f32::consts::PI * t).sin() + self.rib_slope * reach * t * t
                });
            }
        }
        let slant = between(rng, 0.10, 0.22);
        for side in [-1.0f32, 1.0] {
            let (a, b) = (self.middle + side * 0.04, self.middle + side * (self.trunk + 0.01));
            canvas.band(a.min(b)..a.max(b), 0.014, 0.13, |x| {
                let off = (x - self.middle).abs();
                self.lungs[0].top + 0.075 - slant * off + 0.008 * (off * 22.0).sin()
            });
        }
        self.vessels(canvas, rng);
    }

    /// Fine lines that run outwards from the hila.
    fn vessels(&self, canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
        for _ in 0..26 {
            let side = if rng.random::<bool>() { 1.0 } else { -1.0 };
            let (reach, fall) = (between(rng, 0.08, 0.22), between(rng, -0.9, 1.3));
            let (bend, weight) = (between(rng, -2.0, 2.0), between(rng, 0.02, 0.05));
            let start = self.middle + side * 0.06;
            let end = start + side * reach;
            canvas.band(start.min(end)..start.max(end), 0.004, weight, |x| {
                let off = (x - start).abs();
                0.40 + fall * off + bend * off * off
            });
        }
    }

    /// How much air there is at a place, from 0 to 1.
    fn air(&self, x: f32, y: f32) -> f32 {
        self.lungs.iter().map(|lung| lung.covers(x, y)).fold(0.0, f32::max)
    }

    /// Fills part of the lungs: one lobe, or several patches, always within the lung fields.
    pub fn consolidate(&self, canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
        let lobar = rng.random::<bool>();
        let count = if lobar { 1 } else { rng.random_range(4..9u32) };
        let chosen = rng.random_range(0..2u32) as usize;
        let mut spots = Vec::new();
        for _ in 0..count {
            let lung =
                if lobar { self.lungs[chosen] } else { self.lungs[rng.random_range(0..2u32) as usize] };
            let depth = between(rng, 0.3, 0.85);
            let x = lung.x + lung.half * between(rng, -0.55, 0.55);
            let y = lung.top + depth * (lung.base - lung.top);
            let size = if lobar { between(rng, 0.09, 0.14) } else { between(rng, 0.03, 0.06) };
            spots.push((x, y, size, size * between(rng, 0.8, 1.4), between(rng, 0.13, 0.26)));
        }
        let (p, q) = (between(rng, 0.0, 6.0), between(rng, 0.0, 6.0));
        canvas.paint(|x, y, value| {
            let cloud = 0.8 + 0.2 * (x * 70.0 + p + 2.0 * (y * 41.0).sin()).sin() * (y * 63.0 + q).sin();
            let dense: f32 = spots
                .iter()
                .map(|(sx, sy, w, h, amount)| {
                    let r2 = ((x - sx) / w).powi(2) + ((y - sy) / h).powi(2);
                    if r2 > 6.0 { 0.0 } else { amount * (-r2 * r2 * 0.7).exp() }
                })
                .fold(0.0, f32::max);
            if dense > 0.0 { value + dense * cloud * self.air(x, y) } else { value }
        });
    }
}
