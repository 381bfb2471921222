//! A film on a light box, photographed: found, cut out and straightened, or refused with the reason.
//!
//! ```text
//! photograph ─Small::of→ small picture ─search::find→ rough outline and the box's illumination
//!            ─edges::refine→ four corners ─is it whole, sharp, without glare?→ warp::straighten→ Radiograph
//! ```
//!
//! What is taken for a film: one region that is darker than the light box, enclosed by it on all four sides, with four
//! straight sides of which most is seen. The box's own light, fitted where it is bare, evens out the film's. What is
//! not seen so is refused rather than guessed: a wrong cut would be screened like an X-ray.
//!
//! A film's whole way of light is not known: its levels are spread from black to what the files that models are
//! trained on have at their brightest. `docs/camera.md` has what that costs.

mod edges;
mod geometry;
mod homography;
mod mark;
mod panel;
mod plane;
mod problem;
mod regions;
mod search;
#[cfg(test)]
mod tests;
mod warp;

pub use geometry::{Corners, Point};
pub use mark::{FILM, KEYWORD, is_marked};
pub use problem::FilmProblem;

use edges::{Edges, Lit};
use plane::{Picture, Small};

use super::{IntakeProblem, Radiograph};

/// The film fills at least this share of the picture.
pub const SMALLEST_SHARE: f64 = 0.2;
/// A film has at least this many pixels along its shorter side in the picture.
pub const SHORTEST_SIDE: f64 = 300.0;
/// Width over height of a film is between this and its reciprocal.
const NARROWEST: f64 = 0.5;
/// The longer side of the small picture in which the film is looked for, in pixels.
const SMALL: usize = 640;
/// On each side, at least this share of the places shows the edge.
const LEAST_SEEN: f64 = 0.55;
/// The edges may be blurred by a Gaussian whose deviation is this share of the film's shorter side. A model that sees
/// 224 pixels loses detail beyond.
const MOST_BLURRED: f64 = 0.0045;
/// What has this share of the light box's level, or more, is too bright to be film.
const GLARING: f64 = 0.92;
/// A spot of this share of the film is glare.
const LEAST_GLARE: f64 = 0.004;
/// At the median a film has this share of the light box's level at most.
const BRIGHTEST_FILM: f64 = 0.85;
/// Pixels along the longer side of the picture of the film in which glare is looked for.
const GLARE_SIZE: u32 = 160;

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
pub fn find(photograph: &Radiograph) -> Result<Film, IntakeProblem> {
    let grey = photograph.pixels().grey();
    let (width, height) = (photograph.width() as usize, photograph.height() as usize);
    let picture = Picture { width, height, levels: &grey };
    let small = Small::of(picture, SMALL);
    let found = search::find(&small)?;
    let lit = Lit { picture, small: &small, light: found.light };
    let rough = found.corners.map(|corner| small.to_picture(corner));
    let edges = edges::refine(&lit, rough).ok_or(FilmProblem::NotFound)?;
    check(&lit, &edges)?;
    let radiograph = warp::straighten(&lit, &edges.corners)?;
    Ok(Film { radiograph, corners: edges.corners })
}

/// Whether what was found can be screened.
fn check(lit: &Lit<'_>, edges: &Edges) -> Result<(), FilmProblem> {
    let corners = &edges.corners;
    let (width, height) = (lit.picture.width as f64, lit.picture.height as f64);
    let inside =
        |corner: &Point| (1.0..width - 2.0).contains(&corner.x) && (1.0..height - 2.0).contains(&corner.y);
    if !corners.iter().all(inside) {
        return Err(FilmProblem::CutOff);
    }
    let (across, upright) = geometry::sides(corners);
    let proportions = warp::proportions(corners, lit.picture.width, lit.picture.height);
    if edges.share < LEAST_SEEN || !(NARROWEST..=1.0 / NARROWEST).contains(&proportions) {
        return Err(FilmProblem::NotFound);
    }
    let shorter = across.min(upright);
    if geometry::area(corners) < SMALLEST_SHARE * width * height || shorter < SHORTEST_SIDE {
        return Err(FilmProblem::TooSmall);
    }
    if edges.blur > MOST_BLURRED * shorter {
        return Err(FilmProblem::Blurred);
    }
    check_light(lit, corners, proportions)
}

/// Whether the film is darker than the light box, everywhere.
fn check_light(lit: &Lit<'_>, corners: &Corners, proportions: f64) -> Result<(), FilmProblem> {
    let longer = f64::from(GLARE_SIZE);
    let size = ((longer * proportions.min(1.0)) as u32, (longer / proportions.max(1.0)) as u32);
    let sample = warp::rectangle(corners, size, 2, |place| lit.at(place), |level| level);
    let levels = sample.ok_or(FilmProblem::NotFound)?;
    // The outermost pixels are half light box.
    let inner = |at: usize| {
        let (x, y) = (at % size.0 as usize, at / size.0 as usize);
        (2..size.0 as usize - 2).contains(&x) && (2..size.1 as usize - 2).contains(&y)
    };
    let mask: Vec<bool> = (0..levels.len()).map(|at| inner(at) && levels[at] >= GLARING).collect();
    let least = LEAST_GLARE * levels.len() as f64;
    let spots = regions::Regions::of(&mask, size.0 as usize);
    if spots.iter().any(|(_, spot)| spot.value && spot.pixels as f64 >= least) {
        return Err(FilmProblem::Glare);
    }
    let mut sorted = levels;
    let middle = sorted.len() / 2;
    let (_, median, _) = sorted.select_nth_unstable_by(middle, f64::total_cmp);
    if *median > BRIGHTEST_FILM { Err(FilmProblem::NotFound) } else { Ok(()) }
}
