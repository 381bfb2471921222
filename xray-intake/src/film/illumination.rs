//! The light box: where it shines, and how brightly at each place.

use super::geometry::Point;
use super::plane::Small;

/// How brightly the bare light box shines, as the picture has it: a quadratic surface over the picture. It takes up
/// the fall-off of the lens, a box that is brighter in its middle, and a camera that looks from the side.
#[derive(Debug, Clone, Copy)]
pub struct Illumination {
    weights: [f64; 6],
    /// Half the size of the small picture.
    centre: Point,
    /// The surface does not go below it, in levels.
    least: f64,
    /// How far the box differs from the surface, as a share of its level (root mean square).
    pub unevenness: f64,
    /// The mean level of the box.
    pub mean: f64,
}

/// The surface is fitted anew without what differs by more than so many times the median difference. A third of what
/// was taken for the box may be something else, which draws the first surface half-way to itself.
const OUTLYING: f64 = 1.5;
const FITS: usize = 5;

impl Illumination {
    /// Fits the surface to the pixels of the small picture that `shines` names; `None` if they do not determine it.
    pub fn fit(small: &Small, shines: impl Fn(usize) -> bool) -> Option<Illumination> {
        let centre = Point { x: small.width as f64 / 2.0, y: small.height as f64 / 2.0 };
        let samples: Vec<(Point, f64)> = (0..small.levels.len())
            .filter(|at| shines(*at))
            .map(|at| {
                let place = Point { x: (at % small.width) as f64, y: (at / small.width) as f64 };
                (place, f64::from(small.levels[at]))
            })
            .collect();
        let mean = samples.iter().map(|(_, level)| level).sum::<f64>() / samples.len().max(1) as f64;
        let mut surface =
            Illumination { weights: [0.0; 6], centre, least: mean / 4.0, unevenness: f64::INFINITY, mean };
        let mut bound = f64::INFINITY;
        for _ in 0..FITS {
            let within = |place: Point, level: f64| (surface.raw(place) - level).abs() <= bound;
            let (mut sums, mut right) = ([[0.0; 6]; 6], [0.0; 6]);
            for (place, level) in samples.iter().filter(|(place, level)| within(*place, *level)) {
                let terms = surface.terms(*place);
                for (at, term) in terms.iter().enumerate() {
                    right[at] += term * level;
                    for (sum, other) in sums[at].iter_mut().zip(terms) {
                        *sum += term * other;
                    }
                }
            }
            surface.weights = solve(sums, right)?;
            let square = |(place, level): &(Point, f64)| (surface.raw(*place) - level).powi(2);
            let mut squares: Vec<f64> = samples.iter().map(square).collect();
            let middle = squares.len() / 2;
            let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
            // Of normal noise, the deviation is 1.4826 times the median difference.
            let deviation = 1.4826 * median.sqrt();
            bound = (OUTLYING * median.sqrt()).max(1.0);
            surface.unevenness = deviation / mean;
        }
        Some(surface)
    }

    /// The terms of the surface at a place of the small picture.
    fn terms(&self, place: Point) -> [f64; 6] {
        let (x, y) = (place.x / self.centre.x - 1.0, place.y / self.centre.y - 1.0);
        [1.0, x, y, x * x, x * y, y * y]
    }

    fn raw(&self, place: Point) -> f64 {
        self.terms(place).iter().zip(self.weights).map(|(term, weight)| term * weight).sum()
    }

    /// The level of the bare box at a place of the small picture, above 0.
    pub fn at(&self, place: Point) -> f64 {
        self.raw(place).max(self.least)
    }
}

/// Solves six equations by elimination with the greatest pivot; `None` if they do not determine the answer.
fn solve(mut sums: [[f64; 6]; 6], mut right: [f64; 6]) -> Option<[f64; 6]> {
    let size = sums[0][0].max(1.0);
    for column in 0..6 {
        let pivot = (column..6).max_by(|a, b| sums[*a][column].abs().total_cmp(&sums[*b][column].abs()))?;
        if sums[pivot][column].abs() < 1e-9 * size {
            return None;
        }
        sums.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..6 {
            let times = sums[row][column] / sums[column][column];
            let above = sums[column];
            for (value, from) in sums[row].iter_mut().zip(above) {
                *value -= times * from;
            }
            right[row] -= times * right[column];
        }
    }
    let mut answer = [0.0; 6];
    for row in (0..6).rev() {
        let known: f64 = (row + 1..6).map(|at| sums[row][at] * answer[at]).sum();
        answer[row] = (right[row] - known) / sums[row][row];
    }
    Some(answer)
}

/// The level that parts dark from bright best: it makes the variance between the two greatest (N. Otsu, *A threshold
/// selection method from gray-level histograms*, 1979). Levels from it on are bright.
pub fn otsu(levels: &[f32]) -> f32 {
    let mut histogram = [0u64; 256];
    for level in levels {
        histogram[level.clamp(0.0, 255.0) as usize] += 1;
    }
    let total = levels.len() as f64;
    let whole: f64 = (0u32..).zip(histogram).map(|(level, count)| f64::from(level) * count as f64).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, 0u16));
    for (level, count) in (0u16..).zip(histogram) {
        below += count as f64;
        sum += f64::from(level) * count as f64;
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let between = below * above * (sum / below - (whole - sum) / above).powi(2);
        if between > best.0 {
            best = (between, level + 1);
        }
    }
    f32::from(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn otsu_parts_two_heaps_between_them() {
        let levels: Vec<f32> =
            (0..1000).map(|at| if at % 3 == 0 { 200.0 } else { 30.0 } + (at % 7) as f32).collect();
        let level = otsu(&levels);
        assert!((37.0..=200.0).contains(&level), "{level}");
        assert_eq!(otsu(&[9.0; 4]), 0.0);
    }

    #[test]
    fn a_surface_is_found_though_a_third_of_the_pixels_are_no_box() {
        let (width, height) = (60, 40);
        let truth = |x: f64, y: f64| 180.0 + 0.5 * x - 0.4 * y - 0.01 * x * x + 0.004 * x * y;
        let level = |at: usize| {
            let (x, y) = ((at % width) as f64, (at / width) as f64);
            if at % 3 == 1 { 90.0 } else { truth(x, y) as f32 }
        };
        let levels = (0..width * height).map(level).collect();
        let small = Small { width, height, levels, factor: 1 };
        let surface = Illumination::fit(&small, |_| true).expect("a surface");
        for (x, y) in [(0.0, 0.0), (59.0, 39.0), (30.0, 20.0)] {
            let found = surface.at(Point { x, y });
            assert!((found - truth(x, y)).abs() < 1.0, "{found} {}", truth(x, y));
        }
    }
}
