//! Grey levels between pixels, and a reduced image.
//!
//! A place is measured from the centre of the top left pixel, in pixels, x to the right and y down.

use super::geometry::Point;

/// Grey levels, row by row from the top left, as they were decoded.
#[derive(Debug, Clone, Copy)]
pub struct GreyImage<'a> {
    pub width: usize,
    pub height: usize,
    pub levels: &'a [u8],
}

impl GreyImage<'_> {
    /// The level at a place, bilinear between the four pixels around it; outside, that of the nearest pixel.
    pub fn at(&self, place: Point) -> f32 {
        let (x, left) = split(place.x, self.width);
        let (y, top) = split(place.y, self.height);
        let row = |y: usize| {
            let start = y.min(self.height - 1) * self.width;
            let pixel = |x: usize| f32::from(self.levels[start + x.min(self.width - 1)]);
            pixel(left) * (1.0 - x) + pixel(left + 1) * x
        };
        row(top) * (1.0 - y) + row(top + 1) * y
    }
}

/// The fraction behind the pixel, and the pixel, of a coordinate that is brought into the picture.
fn split(coordinate: f64, size: usize) -> (f32, usize) {
    let inside = coordinate.clamp(0.0, (size - 1) as f64);
    ((inside - inside.floor()) as f32, inside as usize)
}

/// An image reduced by a whole factor, in which the film is looked for.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    pub width: usize,
    pub height: usize,
    pub levels: Vec<f32>,
    /// How many pixels of the photograph are one of these, along each side.
    pub factor: usize,
}

impl Thumbnail {
    /// Averages squares so that the longer side has at most `longest` pixels. What is left over at the right and at
    /// the bottom, less than a square, is passed over.
    pub fn of(picture: GreyImage<'_>, longest: usize) -> Thumbnail {
        let factor = picture.width.max(picture.height).div_ceil(longest).max(1);
        let (width, height) = (picture.width / factor, picture.height / factor);
        let mut levels = Vec::with_capacity(width * height);
        for y in 0..height {
            let mut sums = vec![0u32; width];
            for row in picture.levels.chunks_exact(picture.width).skip(y * factor).take(factor) {
                for (sum, square) in sums.iter_mut().zip(row.chunks_exact(factor)) {
                    *sum += square.iter().map(|level| u32::from(*level)).sum::<u32>();
                }
            }
            let pixels = (factor * factor) as f32;
            levels.extend(sums.iter().map(|sum| *sum as f32 / pixels));
        }
        Thumbnail { width, height, levels, factor }
    }

    /// The place in the photograph of a place in the thumbnail.
    pub fn to_photograph(&self, place: Point) -> Point {
        let factor = self.factor as f64;
        let along = |coordinate: f64| coordinate * factor + (factor - 1.0) / 2.0;
        Point { x: along(place.x), y: along(place.y) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_between_pixels_are_bilinear_and_outside_the_nearest() {
        let picture = GreyImage { width: 2, height: 2, levels: &[0, 100, 200, 40] };
        for (x, y, level) in [
            (0.0, 0.0, 0.0),
            (1.0, 1.0, 40.0),
            (0.5, 0.0, 50.0),
            (0.5, 0.5, 85.0),
            (0.25, 1.0, 160.0),
            (-3.0, 0.5, 100.0),
            (9.0, -1.0, 100.0),
        ] {
            assert_eq!(picture.at(Point { x, y }), level, "{x} {y}");
        }
    }

    #[test]
    fn squares_are_averaged_and_centres_stay_where_they_are() {
        let levels: Vec<u8> = (0..20).collect();
        let small = Thumbnail::of(GreyImage { width: 5, height: 4, levels: &levels }, 3);
        assert_eq!((small.width, small.height, small.factor), (2, 2, 2));
        // (0 + 1 + 5 + 6) / 4, two to the right, two rows down.
        assert_eq!(small.levels, [3.0, 5.0, 13.0, 15.0]);
        assert_eq!(small.to_photograph(Point { x: 1.0, y: 0.0 }), Point { x: 2.5, y: 0.5 });
    }
}
