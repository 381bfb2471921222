//! Where a film may be: a dark region that the light box encloses.

use super::FilmProblem;
use super::geometry::{Corners, area, hull, largest_quadrilateral};
use super::grey_image::Thumbnail;
use super::illumination::Illumination;
use super::otsu::otsu;
use super::regions::Regions;

/// A film's outline in the thumbnail, to within a few of its pixels.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    pub corners: Corners,
    pub light: Illumination,
    /// How much of a quadrilateral it is, 0..1.
    quality: f64,
    /// Whether there is another one beside it.
    several: bool,
}

/// The light box fills at least this share of the picture.
const MIN_BOX_SHARE: f64 = 0.02;
/// A region that the box encloses is looked at if it fills this share of the picture.
const MIN_FILM_SHARE: f64 = 0.02;
/// A second one beside a film is a second film if it has this share of its size.
const SECOND_FILM_SHARE: f64 = 0.25;
/// A notch in the light box's outline of this share of the picture is a film that is cut off.
const MIN_NOTCH_SHARE: f64 = 0.08;
/// What has this share of the light box's level, or more, is bare box. The clear base of a film lets through about
/// 60%, which a camera's gamma shows as 80% of the level.
const BARE_BOX_LEVEL: f64 = 0.87;
/// A light box is not darker than this level of 255.
const MIN_BOX_LEVEL: f64 = 60.0;
/// A light box differs from a smooth surface by this share of its level at most (root mean square).
const MAX_UNEVENNESS: f64 = 0.08;
/// A film is a quadrilateral at least so well. A circle reaches .64.
const MIN_QUALITY: f64 = 0.80;
/// One that is a quadrilateral so well needs no other to be tried.
const GOOD_QUALITY: f64 = 0.97;
/// From the level that parts dark from bright up to the brightest, so many levels are tried.
const LEVELS_TRIED: u8 = 8;

/// Looks for the film.
///
/// A first mask needs one level for the whole picture, which no level serves where the box is unevenly bright; several
/// are tried. From each comes the box's surface, and from its surface a mask that follows it.
///
/// # Errors
/// [`FilmProblem::NotFound`], [`FilmProblem::CutOff`] or [`FilmProblem::Several`].
pub fn find(thumbnail: &Thumbnail) -> Result<Candidate, FilmProblem> {
    let dark = otsu(&thumbnail.levels);
    let mut sorted = thumbnail.levels.clone();
    let place = sorted.len() * 98 / 100;
    let (_, brightest, _) = sorted.select_nth_unstable_by(place, f32::total_cmp);
    let mut best: Option<Candidate> = None;
    let mut cut_off = false;
    for at in 0..LEVELS_TRIED {
        let level = dark + (*brightest - dark) * f32::from(at) / f32::from(LEVELS_TRIED);
        let Some(attempt) = attempt(thumbnail, level) else { continue };
        match attempt {
            Attempt::Film(found) if best.is_none_or(|best| found.quality > best.quality) => {
                best = Some(found)
            }
            Attempt::Film(_) => {}
            Attempt::CutOff => cut_off = true,
        }
        if best.is_some_and(|best| best.quality >= GOOD_QUALITY) {
            break;
        }
    }
    match best {
        Some(found) if found.several => Err(FilmProblem::Several),
        Some(found) => Ok(found),
        None if cut_off => Err(FilmProblem::CutOff),
        None => Err(FilmProblem::NotFound),
    }
}

enum Attempt {
    Film(Candidate),
    CutOff,
}

fn attempt(thumbnail: &Thumbnail, level: f32) -> Option<Attempt> {
    let mask: Vec<bool> = thumbnail.levels.iter().map(|own| *own >= level).collect();
    let mut light_box = LightBox::largest(&mask, thumbnail.width)?;
    let mut light = light_box.light(thumbnail)?;
    // The second surface rests on what the first one calls bare.
    for _ in 0..2 {
        light_box = LightBox::largest(&bare_box(thumbnail, &light), thumbnail.width)?;
        light = light_box.light(thumbnail)?;
    }
    if light.mean < MIN_BOX_LEVEL || light.unevenness > MAX_UNEVENNESS {
        return None;
    }
    light_box
        .enclosed(light)
        .map(Attempt::Film)
        .or_else(|| light_box.has_open_notch().then_some(Attempt::CutOff))
}

/// Where the picture is as bright as the bare box would be there.
fn bare_box(thumbnail: &Thumbnail, light: &Illumination) -> Vec<bool> {
    let place =
        |at: usize| super::Point { x: (at % thumbnail.width) as f64, y: (at / thumbnail.width) as f64 };
    (0..thumbnail.levels.len())
        .map(|at| f64::from(thumbnail.levels[at]) >= BARE_BOX_LEVEL * light.at(place(at)))
        .collect()
}

/// The light box: the largest bright region.
struct LightBox {
    regions: Regions,
    region: u32,
    width: usize,
    pixels: usize,
}

impl LightBox {
    fn largest(mask: &[bool], width: usize) -> Option<LightBox> {
        let regions = Regions::of(mask, width);
        let (region, found) =
            regions.iter().filter(|(_, region)| region.value).max_by_key(|(_, region)| region.pixels)?;
        let large = found.pixels as f64 >= MIN_BOX_SHARE * mask.len() as f64;
        large.then_some(LightBox { regions, region, width, pixels: mask.len() })
    }

    fn light(&self, thumbnail: &Thumbnail) -> Option<Illumination> {
        // Not its edge, where a pixel is half box and half something else.
        let inner = |at: usize| {
            [Some(at), at.checked_sub(1), Some(at + 1), at.checked_sub(self.width), Some(at + self.width)]
                .into_iter()
                .all(|at| at.is_some_and(|at| at < self.pixels && self.regions.is_in(at, self.region)))
        };
        Illumination::fit(thumbnail, inner)
    }

    fn outside(&self) -> Regions {
        let mask: Vec<bool> = (0..self.pixels).map(|at| !self.regions.is_in(at, self.region)).collect();
        Regions::of(&mask, self.width)
    }

    /// The largest region that the box encloses, if it is like a film.
    fn enclosed(&self, light: Illumination) -> Option<Candidate> {
        let outside = self.outside();
        let least = MIN_FILM_SHARE * self.pixels as f64;
        let mut found: Vec<(usize, Corners, f64)> = outside
            .iter()
            .filter(|(_, region)| region.value && !region.at_edge && region.pixels as f64 >= least)
            .filter_map(|(label, region)| {
                let outline = hull(outside.row_ends(label));
                let corners = largest_quadrilateral(&outline)?;
                let whole = area(&outline).max(1.0);
                // Pixels lie half a pixel within the region's edge, so it may have more of them than the hull has area.
                let solid = (region.pixels as f64 / whole).min(1.0);
                Some((region.pixels, corners, area(&corners) / whole * solid.sqrt()))
            })
            .collect();
        found.retain(|(_, _, quality)| *quality >= MIN_QUALITY);
        found.sort_unstable_by_key(|(pixels, _, _)| std::cmp::Reverse(*pixels));
        let (pixels, corners, quality) = *found.first()?;
        let several = found.get(1).is_some_and(|second| second.0 as f64 >= SECOND_FILM_SHARE * pixels as f64);
        Some(Candidate { corners, light, quality, several })
    }

    /// Whether something large that is not bright lies within the outline of the box and is open to one side.
    fn has_open_notch(&self) -> bool {
        let outline = hull(self.regions.row_ends(self.region));
        let inside = |at: usize| {
            let place = super::Point { x: (at % self.width) as f64, y: (at / self.width) as f64 };
            let mut sides = outline.iter().zip(outline.iter().cycle().skip(1));
            sides.all(|(a, b)| b.minus(*a).cross(place.minus(*a)) >= 0.0)
        };
        let mask: Vec<bool> =
            (0..self.pixels).map(|at| !self.regions.is_in(at, self.region) && inside(at)).collect();
        let least = MIN_NOTCH_SHARE * self.pixels as f64;
        Regions::of(&mask, self.width).iter().any(|(_, region)| region.value && region.pixels as f64 >= least)
    }
}
