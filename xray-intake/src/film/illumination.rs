//! The light box: where it shines, and how brightly at each place.

use super::geometry::Point;
use super::grey_image::Thumbnail;

/// How brightly the bare light box shines, as the picture has it: a quadratic surface over the picture. It takes up
/// the fall-off of the lens, a box that is brighter in its middle, and a camera that looks from the side.
#[derive(Debug, Clone, Copy)]
pub struct Illumination {
    weights: [f64; 6],
    /// Half the size of the thumbnail.
    centre: Point,
    /// The surface does not go below it, in levels.
    least: f64,
    /// How far the box differs from the surface, as a share of its level (root mean square).
    pub unevenness: f64,
    /// The mean level of the box.
    pub mean: f64,
}

/// The surface is fitted again without what differs by more than so many times the median difference. A third of what
/// was taken for the box may be something else, which draws the first surface half-way to itself.
const OUTLIER_FACTOR: f64 = 1.5;
const FITS: usize = 5;

impl Illumination {
    /// Fits the surface to the pixels of the thumbnail that `shines` names; `None` if they do not determine it.
    pub fn fit(thumbnail: &Thumbnail, shines: impl Fn(usize) -> bool) -> Option<Illumination> {
        let centre = Point { x: thumbnail.width as f64 / 2.0, y: thumbnail.height as f64 / 2.0 };
        let samples: Vec<(Point, f64)> = (0..thumbnail.levels.len())
            .filter(|at| shines(*at))
            .map(|at| {
                let place = Point { x: (at % thumbnail.width) as f64, y: (at / thumbnail.width) as f64 };
                (place, f64::from(thumbnail.levels[at]))
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
            bound = (OUTLIER_FACTOR * median.sqrt()).max(1.0);
            surface.unevenness = deviation / mean;
        }
        Some(surface)
    }

    /// The terms of the surface at a place of the thumbnail.
    fn terms(&self, place: Point) -> [f64; 6] {
        let (x, y) = (place.x / self.centre.x - 1.0, place.y / self.centre.y - 1.0);
        [1.0, x, y, x * x, x * y, y * y]
    }

    fn raw(&self, place: Point) -> f64 {
        self.terms(place).iter().zip(self.weights).map(|(term, weight)| term * weight).sum()
    }

    /// The level of the bare box at a place of the thumbnail, above 0.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surface_is_found_though_a_third_of_the_pixels_are_no_box() {
        let (width, height) = (60, 40);
        let truth = |x: f64, y: f64| 180.0 + 0.5 * x - 0.4 * y - 0.01 * x * x + 0.004 * x * y;
        let level = |at: usize| {
            let (x, y) = ((at % width) as f64, (at / width) as f64);
            if at % 3 == 1 { 90.0 } else { truth(x, y) as f32 }
        };
        let levels = (0..width * height).map(level).collect();
        let thumbnail = Thumbnail { width, height, levels, factor: 1 };
        let surface = Illumination::fit(&thumbnail, |_| true).expect("a surface");
        for (x, y) in [(0.0, 0.0), (59.0, 39.0), (30.0, 20.0)] {
            let found = surface.at(Point { x, y });
            assert!((found - truth(x, y)).abs() < 1.0, "{found} {}", truth(x, y));
        }
    }
}
