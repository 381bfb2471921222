//! Rectification: the film as a rectangle, seen from the front.

use super::edges::FlatFieldImage;
use super::geometry::{Corners, Point, sides};
use super::grey_image::GreyImage;
use super::homography::Homography;
use crate::{IntakeProblem, Radiograph};

/// Longest side of a film that was cut out, in pixels. Models see a small part of it.
const MAX_SIDE: f64 = 2000.0;
/// This share of each side is left away, so that no sliver of the light box is taken in.
const INSET: f64 = 0.004;
/// The darkest and brightest shares of the pixels that may be black or white.
const DARKEST: f64 = 0.005;
const BRIGHTEST: f64 = 0.995;
/// The level that the brightest reach. In the files of the public set of children's X-rays it is 220 at the median
/// (24 of them, from the training split); white is what labels have.
const WHITE: f64 = 220.0;

/// Width over height of the film itself.
///
/// A camera with square pixels whose axis goes through the middle of the picture sees a rectangle so that its focal
/// length and its proportions follow from the four corners (Z. Zhang, L. He, *Whiteboard scanning and image
/// enhancement*, 2007). Where it looks straight at the film they do not follow, and the mean lengths are taken.
pub fn proportions(corners: &Corners, width: usize, height: usize) -> f64 {
    let (across, upright) = sides(corners);
    let plain = across / upright;
    let half = [(width - 1) as f64 / 2.0, (height - 1) as f64 / 2.0];
    let [a, b, c, d] = corners.map(|corner| [corner.x - half[0], corner.y - half[1], 1.0]);
    let cross = |p: [f64; 3], q: [f64; 3]| {
        [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
    };
    let dot = |p: [f64; 3], q: [f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    let across_from = cross(a, c);
    let right = dot(across_from, d) / dot(cross(b, c), d);
    let down = dot(across_from, b) / dot(cross(d, c), b);
    let along = |times: f64, p: [f64; 3]| [times * p[0] - a[0], times * p[1] - a[1], times * p[2] - a[2]];
    let (one, other) = (along(right, b), along(down, d));
    let focal = -(one[0] * other[0] + one[1] * other[1]) / (one[2] * other[2]);
    let size = (width as f64).hypot(height as f64);
    // Lenses of phones and webcams: from wide to a little tele.
    if !(focal.is_finite() && (0.4 * size..3.0 * size).contains(&focal.max(0.0).sqrt())) {
        return plain;
    }
    let length = |p: [f64; 3]| (p[0] * p[0] + p[1] * p[1]) / focal + p[2] * p[2];
    let found = (length(one) / length(other)).sqrt();
    if (0.8..1.25).contains(&(found / plain)) { found } else { plain }
}

/// How many places of the picture are averaged for one pixel, along each side.
fn samples_per_side(picture: f64, rectangle: f64) -> u32 {
    (picture / rectangle).ceil().clamp(1.0, 4.0) as u32
}

/// Samples a rectangle of `width` × `height` pixels whose corners lie at `corners` of `source`, row by row. Each pixel
/// is the mean over `places` × `places` places within it.
pub fn sample_rectangle<T>(
    corners: &Corners,
    (width, height): (u32, u32),
    places: u32,
    mut source: impl FnMut(Point) -> f64,
    mut each: impl FnMut(f64) -> T,
) -> Option<Vec<T>> {
    let map = Homography::from_unit_square(corners)?;
    let mut all = Vec::with_capacity(width as usize * height as usize);
    let within: Vec<f64> = (0..places).map(|at| (f64::from(at) + 0.5) / f64::from(places)).collect();
    for y in 0..height {
        for x in 0..width {
            let mut sum = 0.0;
            for down in &within {
                for right in &within {
                    let place = Point {
                        x: (f64::from(x) + right) / f64::from(width),
                        y: (f64::from(y) + down) / f64::from(height),
                    };
                    sum += source(map.map(place));
                }
            }
            all.push(each(sum / f64::from(places * places)));
        }
    }
    Some(all)
}

/// Cuts the film out: a rectangle with its proportions, evenly lit, its levels spread.
///
/// # Errors
/// [`IntakeProblem::TooSmall`] if there is less of it than an X-ray must have.
pub fn rectify(image: &FlatFieldImage<'_>, corners: &Corners) -> Result<Radiograph, IntakeProblem> {
    let GreyImage { width, height, .. } = image.photograph;
    let proportions = proportions(corners, width, height);
    let (across, upright) = sides(corners);
    // As many pixels as the film has in the picture.
    let tall = (across * upright / proportions).sqrt().min(MAX_SIDE / proportions.max(1.0));
    let size = ((tall * proportions).round() as u32, tall.round() as u32);
    let places = samples_per_side(across.max(upright), f64::from(size.0.max(size.1)));
    let inset = inset(corners);
    let levels = inset.and_then(|inset| {
        sample_rectangle(&inset, size, places, |place| image.at(place), |level| (level * 4096.0) as u16)
    });
    let Some(levels) = levels else {
        return Err(IntakeProblem::TooSmall { width: size.0, height: size.1 });
    };
    Radiograph::from_grey(size.0, size.1, stretch_levels(&levels))
}

/// The corners of the film without its very edge.
fn inset(corners: &Corners) -> Option<Corners> {
    let map = Homography::from_unit_square(corners)?;
    let at = |x: f64, y: f64| map.map(Point { x, y });
    Some([at(INSET, INSET), at(1.0 - INSET, INSET), at(1.0 - INSET, 1.0 - INSET), at(INSET, 1.0 - INSET)])
}

fn stretch_levels(levels: &[u16]) -> Vec<u8> {
    let mut sorted = levels.to_vec();
    let mut quantile = |share: f64| {
        let place = (share * (sorted.len() - 1) as f64) as usize;
        f64::from(*sorted.select_nth_unstable(place).1)
    };
    let (dark, bright) = (quantile(DARKEST), quantile(BRIGHTEST));
    let scale = WHITE / (bright - dark).max(1.0);
    levels.iter().map(|level| ((f64::from(*level) - dark) * scale).round().clamp(0.0, 255.0) as u8).collect()
}
