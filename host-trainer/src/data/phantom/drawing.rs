//! A grey canvas of floats, and the strokes that phantoms are drawn with.

use std::ops::Range;

/// Brightness per pixel, row-major; 0 is black and 1 white, values between strokes may leave that range.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<f32>,
}

/// 0 below 0, 1 above 1, and a smooth rise between.
pub(super) fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, pixels: vec![0.0; width * height] }
    }

    /// Changes every pixel, given its place (both axes in units of the width, origin top left).
    pub fn paint(&mut self, stroke: impl Fn(f32, f32, f32) -> f32) {
        let unit = 1.0 / self.width as f32;
        for (row, line) in self.pixels.chunks_exact_mut(self.width).enumerate() {
            let y = (row as f32 + 0.5) * unit;
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = stroke((column as f32 + 0.5) * unit, y, *pixel);
            }
        }
    }

    /// Adds a band along `y = centre(x)` between two columns, fading to both sides and at its ends.
    pub fn band(&mut self, columns: Range<f32>, half: f32, amount: f32, centre: impl Fn(f32) -> f32) {
        let Range { start: from, end: to } = columns;
        let size = self.width as f32;
        let (first, last) = ((from.max(0.0) * size) as usize, ((to * size) as usize).min(self.width));
        for column in first..last {
            let x = (column as f32 + 0.5) / size;
            let middle = centre(x);
            let end = smooth((x - from).min(to - x) / 0.02);
            let (top, bottom) = ((middle - half) * size, (middle + half) * size);
            for row in top.max(0.0) as usize..(bottom.max(0.0) as usize + 1).min(self.height) {
                let off = ((row as f32 + 0.5) / size - middle).abs() / half;
                // The rim of a bone is brighter than its middle.
                let profile = smooth((1.0 - off) * 3.0) * (0.75 + 0.25 * off);
                self.pixels[row * self.width + column] += amount * end * profile;
            }
        }
    }

    /// The value at a place in pixels, between four neighbours; outside, `edge`.
    fn sample(&self, x: f32, y: f32, edge: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let at = |x: f32, y: f32| {
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32;
            if inside { self.pixels[y as usize * self.width + x as usize] } else { edge }
        };
        let above = at(x0, y0) * (1.0 - fx) + at(x0 + 1.0, y0) * fx;
        let below = at(x0, y0 + 1.0) * (1.0 - fx) + at(x0 + 1.0, y0 + 1.0) * fx;
        above * (1.0 - fy) + below * fy
    }

    /// Turned by `angle` (radians) about the middle and enlarged by `scale`; what comes in is `edge`.
    pub fn turned(&self, angle: f32, scale: f32, edge: f32) -> Canvas {
        let (sin, cos) = angle.sin_cos();
        let (mx, my) = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        let mut out = Canvas::new(self.width, self.height);
        for (row, line) in out.pixels.chunks_exact_mut(self.width).enumerate() {
            for (column, pixel) in line.iter_mut().enumerate() {
                let (dx, dy) = ((column as f32 - mx) / scale, (row as f32 - my) / scale);
                *pixel = self.sample(mx + dx * cos + dy * sin, my - dx * sin + dy * cos, edge);
            }
        }
        out
    }

    /// Averaged over squares of `2 radius + 1` pixels, twice, which is near a Gaussian.
    pub fn blurred(mut self, radius: usize) -> Canvas {
        if radius == 0 {
            return self;
        }
        for _ in 0..2 {
            let (w, h) = (self.width, self.height);
            for row in 0..h {
                let line = self.pixels[row * w..(row + 1) * w].to_vec();
                average(&line, radius, |i, value| self.pixels[row * w + i] = value);
            }
            for column in 0..w {
                let line: Vec<f32> = (0..h).map(|row| self.pixels[row * w + column]).collect();
                average(&line, radius, |i, value| self.pixels[i * w + column] = value);
            }
        }
        self
    }
}

/// Running mean; the ends are repeated.
fn average(line: &[f32], radius: usize, mut put: impl FnMut(usize, f32)) {
    let last = line.len() - 1;
    let count = (2 * radius + 1) as f32;
    let mut sum: f32 = (0..=2 * radius).map(|i| line[i.saturating_sub(radius).min(last)]).sum();
    for i in 0..line.len() {
        put(i, sum / count);
        sum += line[(i + radius + 1).min(last)] - line[i.saturating_sub(radius)];
    }
}
