//! A film on a light box, photographed: found, cut out and straightened, or refused with the reason.
//!
//! ```text
//! photograph ─Thumbnail::of→ thumbnail ─search::find→ rough outline and the box's illumination
//!            ─edges::refine→ four corners ─is it whole, sharp, without glare?→ rectify::rectify→ Radiograph
//! ```
//!
//! What is taken for a film: one region that is darker than the light box, enclosed by it on all four sides, with four
//! straight sides of which most is seen. The box's own light, fitted where it is bare, evens out the film's. What is
//! not seen so is refused rather than guessed: a wrong cut would be screened like an X-ray.
//!
//! A film's whole way of light is not known: its levels are spread from black to what the files that models are
//! trained on have at their brightest. `docs/guide/camera.md` has what that costs.

mod edges;
mod error;
mod geometry;
mod grey_image;
mod homography;
mod illumination;
mod mark;
mod otsu;
mod rectify;
mod regions;
mod search;
#[cfg(test)]
mod tests;

pub use error::FilmProblem;
pub use geometry::{Corners, Point};
pub use mark::{FILM, KEYWORD, is_marked};

use edges::{FilmEdges, FlatFieldImage};
use grey_image::{GreyImage, Thumbnail};

use super::{IntakeProblem, Radiograph};

/// The film fills at least this share of the picture.
pub const SMALLEST_SHARE: f64 = 0.2;
/// A film has at least this many pixels along its shorter side in the picture.
pub const SHORTEST_SIDE: f64 = 300.0;
/// Width over height of a film is between this and its reciprocal.
const MIN_ASPECT_RATIO: f64 = 0.5;
/// The longer side of the thumbnail in which the film is looked for, in pixels.
const THUMBNAIL_SIDE: usize = 640;
/// On each side, at least this share of the places shows the edge.
const MIN_INLIER_SHARE: f64 = 0.55;
/// The edges may be blurred by a Gaussian whose deviation is this share of the film's shorter side. A model that sees
/// 224 pixels loses detail beyond.
const MAX_BLUR: f64 = 0.0045;
/// What has this share of the light box's level, or more, is too bright to be film.
const GLARE_LEVEL: f64 = 0.92;
/// A spot of this share of the film is glare.
const MIN_GLARE_SHARE: f64 = 0.004;
/// At the median a film has this share of the light box's level at most.
const MAX_FILM_MEDIAN: f64 = 0.85;
/// Pixels along the longer side of the picture of the film in which glare is looked for.
const GLARE_SAMPLE_SIDE: u32 = 160;

/// A film that was cut out of a photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Film {
    /// The film alone, upright as the photograph has it.
    pub radiograph: Radiograph,
    /// Where its corners are in the photograph.
    pub corners: Corners,
}

/// Finds the film in a photograph of a light box and cuts it out.
///
/// # Errors
/// [`IntakeProblem::Film`] says why there is none that could be screened.
pub fn find(image: &Radiograph) -> Result<Film, IntakeProblem> {
    let grey = image.pixels().grey();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let photograph = GreyImage { width, height, levels: &grey };
    let thumbnail = Thumbnail::of(photograph, THUMBNAIL_SIDE);
    let found = search::find(&thumbnail)?;
    let image = FlatFieldImage { photograph, thumbnail: &thumbnail, light: found.light };
    let rough = found.corners.map(|corner| thumbnail.to_photograph(corner));
    let edges = edges::refine(&image, rough).ok_or(FilmProblem::NotFound)?;
    check(&image, &edges)?;
    let radiograph = rectify::rectify(&image, &edges.corners)?;
    Ok(Film { radiograph, corners: edges.corners })
}

/// Whether what was found can be screened.
fn check(image: &FlatFieldImage<'_>, edges: &FilmEdges) -> Result<(), FilmProblem> {
    let corners = &edges.corners;
    let (width, height) = (image.photograph.width as f64, image.photograph.height as f64);
    let inside =
        |corner: &Point| (1.0..width - 2.0).contains(&corner.x) && (1.0..height - 2.0).contains(&corner.y);
    if !corners.iter().all(inside) {
        return Err(FilmProblem::CutOff);
    }
    let (across, upright) = geometry::sides(corners);
    let proportions = rectify::proportions(corners, image.photograph.width, image.photograph.height);
    if edges.inlier_share < MIN_INLIER_SHARE
        || !(MIN_ASPECT_RATIO..=1.0 / MIN_ASPECT_RATIO).contains(&proportions)
    {
        return Err(FilmProblem::NotFound);
    }
    let shorter = across.min(upright);
    if geometry::area(corners) < SMALLEST_SHARE * width * height || shorter < SHORTEST_SIDE {
        return Err(FilmProblem::TooSmall);
    }
    if edges.blur > MAX_BLUR * shorter {
        return Err(FilmProblem::Blurred);
    }
    check_light(image, corners, proportions)
}

/// Whether the film is darker than the light box, everywhere.
fn check_light(image: &FlatFieldImage<'_>, corners: &Corners, proportions: f64) -> Result<(), FilmProblem> {
    let longer = f64::from(GLARE_SAMPLE_SIDE);
    let size = ((longer * proportions.min(1.0)) as u32, (longer / proportions.max(1.0)) as u32);
    let sample = rectify::sample_rectangle(corners, size, 2, |place| image.at(place), |level| level);
    let levels = sample.ok_or(FilmProblem::NotFound)?;
    // The outermost pixels are half light box.
    let inner = |at: usize| {
        let (x, y) = (at % size.0 as usize, at / size.0 as usize);
        (2..size.0 as usize - 2).contains(&x) && (2..size.1 as usize - 2).contains(&y)
    };
    let mask: Vec<bool> = (0..levels.len()).map(|at| inner(at) && levels[at] >= GLARE_LEVEL).collect();
    let least = MIN_GLARE_SHARE * levels.len() as f64;
    let spots = regions::Regions::of(&mask, size.0 as usize);
    if spots.iter().any(|(_, spot)| spot.value && spot.pixels as f64 >= least) {
        return Err(FilmProblem::Glare);
    }
    let mut sorted = levels;
    let middle = sorted.len() / 2;
    let (_, median, _) = sorted.select_nth_unstable_by(middle, f64::total_cmp);
    if *median > MAX_FILM_MEDIAN { Err(FilmProblem::NotFound) } else { Ok(()) }
}
