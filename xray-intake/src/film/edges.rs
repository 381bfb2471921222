//! The film's edges to a fraction of a pixel, and how sharp they are.

use super::geometry::{Corners, Point, diagonal, is_convex};
use super::grey_image::{GreyImage, Thumbnail};
use super::illumination::Illumination;

/// What the edges of a film say.
#[derive(Debug, Clone, Copy)]
pub struct FilmEdges {
    /// Where they meet, in the picture.
    pub corners: Corners,
    /// The least share, over the four sides, of places at which the light box ends where the side is, 0..1.
    pub inlier_share: f64,
    /// How far the edges are blurred, as the deviation of a Gaussian, in pixels of the picture: the worst side.
    pub blur: f64,
}

/// Places along a side.
const PROFILES_PER_SIDE: usize = 96;
/// The corners of a film may be round or clipped: this share of a side is passed over at either end.
const CORNER_MARGIN: f64 = 0.06;
/// Levels are shares of the bare box's level. Below this one, going inwards, the box has ended.
const BOX_END_LEVEL: f64 = 0.93;
/// A place at which the level changes by less shows no edge.
const MIN_EDGE_CHANGE: f64 = 0.05;
/// A place at which it changes by less is not used to measure sharpness.
const MIN_SHARPNESS_CHANGE: f64 = 0.12;

/// A photograph whose levels are divided by what the bare light box would show there (flat-field correction).
pub struct FlatFieldImage<'a> {
    pub photograph: GreyImage<'a>,
    pub thumbnail: &'a Thumbnail,
    pub light: Illumination,
}

impl FlatFieldImage<'_> {
    /// The share of the bare box's level at a place of the photograph.
    pub fn at(&self, place: Point) -> f64 {
        let factor = self.thumbnail.factor as f64;
        let to_thumbnail = |along: f64| (along - (factor - 1.0) / 2.0) / factor;
        let light = self.light.at(Point { x: to_thumbnail(place.x), y: to_thumbnail(place.y) });
        f64::from(self.photograph.at(place)) / light
    }
}

/// One side: a straight line from the last corner to the next.
struct Side {
    from: Point,
    along: Point,
    outwards: Point,
    length: f64,
}

/// Levels across an edge, from within the film outwards.
struct EdgeProfile {
    levels: Vec<f64>,
    step: f64,
    edge: Option<Edge>,
}

/// Where the edge is, counted in steps from the first level, and how much the level changes.
#[derive(Clone, Copy)]
struct Edge {
    place: f64,
    change: f64,
}

/// Brings the sides of a rough outline to where the light box ends, twice: the second time from nearer.
///
/// Gives `None` if the sides have left the outline, or meet nowhere.
pub fn refine(image: &FlatFieldImage<'_>, rough: Corners) -> Option<FilmEdges> {
    let factor = image.thumbnail.factor as f64;
    let size = diagonal(&rough);
    let mut edges = FilmEdges { corners: rough, inlier_share: 0.0, blur: 0.0 };
    for reach in [(6.0 * factor).max(0.02 * size), (4.0 * factor).max(0.02 * size)] {
        edges = refine_once(image, &edges.corners, reach)?;
        let moved = |(a, b): (&Point, &Point)| a.minus(*b).length() > 0.06 * size;
        if edges.corners.iter().zip(&rough).any(moved) || !is_convex(&edges.corners) {
            return None;
        }
    }
    Some(edges)
}

fn refine_once(image: &FlatFieldImage<'_>, corners: &Corners, reach: f64) -> Option<FilmEdges> {
    let step = (reach / 32.0).max(0.5);
    let (mut lines, mut share, mut blur) = (Vec::with_capacity(4), 1.0f64, 0.0f64);
    for at in 0..4 {
        let line = Side::between(corners[at], corners[(at + 1) % 4])?;
        let (moved, own_share, own_blur) = line.fit_to_edge(image, reach, step)?;
        share = share.min(own_share);
        blur = blur.max(own_blur);
        lines.push(moved);
    }
    let mut found = *corners;
    for (at, corner) in found.iter_mut().enumerate() {
        *corner = lines[(at + 3) % 4].intersection(&lines[at])?;
    }
    Some(FilmEdges { corners: found, inlier_share: share, blur })
}

impl Side {
    fn between(from: Point, to: Point) -> Option<Side> {
        let whole = to.minus(from);
        let length = whole.length();
        if length < 8.0 {
            return None;
        }
        let along = Point { x: whole.x / length, y: whole.y / length };
        Some(Side { from, along, outwards: Point { x: along.y, y: -along.x }, length })
    }

    /// The same side where the edge is, the share of places that agree, and the blur in pixels.
    fn fit_to_edge(&self, image: &FlatFieldImage<'_>, reach: f64, step: f64) -> Option<(Side, f64, f64)> {
        let place = |at: usize| {
            self.length
                * (CORNER_MARGIN + (1.0 - 2.0 * CORNER_MARGIN) * at as f64 / (PROFILES_PER_SIDE - 1) as f64)
        };
        let all: Vec<(f64, EdgeProfile)> = (0..PROFILES_PER_SIDE)
            .map(|at| (place(at), self.profile(image, place(at), reach, step)))
            .collect();
        let offset = |across: &EdgeProfile| across.edge.map(|edge| edge.place * step - reach);
        let edges: Vec<(f64, f64)> =
            all.iter().filter_map(|(along, across)| offset(across).map(|offset| (*along, offset))).collect();
        let (start, slope, bound) = fit_line(&edges)?;
        let on_line = |along: f64, offset: f64| (start + slope * along - offset).abs() <= bound;
        let agree = edges.iter().filter(|(along, offset)| on_line(*along, *offset)).count();
        let point = |along: f64| self.from.plus(self.along, along).plus(self.outwards, start + slope * along);
        let telling = all.iter().filter(|(along, across)| {
            let change = across.edge.map_or(0.0, |edge| edge.change);
            change >= MIN_SHARPNESS_CHANGE && offset(across).is_some_and(|offset| on_line(*along, offset))
        });
        let blur = edge_blur(telling.map(|(_, across)| across));
        Some((Side::between(point(0.0), point(self.length))?, agree as f64 / PROFILES_PER_SIDE as f64, blur))
    }

    fn profile(&self, image: &FlatFieldImage<'_>, along: f64, reach: f64, step: f64) -> EdgeProfile {
        let middle = self.from.plus(self.along, along);
        let count = (2.0 * reach / step).round() as usize + 1;
        let level = |at: usize| {
            let place = middle.plus(self.outwards, at as f64 * step - reach);
            // Noise is averaged along the edge, which does not blur it.
            let beside =
                [-2.0, -1.0, 0.0, 1.0, 2.0].map(|far| image.at(place.plus(self.along, far * step.min(2.0))));
            beside.iter().sum::<f64>() / 5.0
        };
        let levels: Vec<f64> = (0..count).map(level).collect();
        let edge = find_edge(&levels);
        EdgeProfile { levels, step, edge }
    }

    fn intersection(&self, other: &Side) -> Option<Point> {
        let across = self.along.cross(other.along);
        if across.abs() < 0.2 {
            return None;
        }
        let far = other.from.minus(self.from).cross(other.along) / across;
        Some(self.from.plus(self.along, far))
    }
}

/// The place at which the box ends, going inwards from its brightest place. What lies farther in, such as the border
/// that a collimator leaves on a film, may have sharper edges, and is not looked at.
fn find_edge(levels: &[f64]) -> Option<Edge> {
    let beside = levels.len() / 12;
    let brightest = (0..levels.len()).max_by(|a, b| levels[*a].total_cmp(&levels[*b]))?;
    let ended = (0..brightest).rev().find(|at| levels[*at] < BOX_END_LEVEL)?;
    let outer = mean(&levels[ended + 1..(ended + 1 + beside).min(brightest + 1)])?;
    let inner = mean(&levels[ended.saturating_sub(2 * beside)..=ended.saturating_sub(beside)])?;
    if ended < beside || outer - inner < MIN_EDGE_CHANGE {
        return None;
    }
    let half = (outer + inner) / 2.0;
    let below = (ended.saturating_sub(2 * beside)..=brightest).rev().find(|at| levels[*at] < half)?;
    let above = levels.get(below + 1)?;
    let fraction = (half - levels[below]) / (above - levels[below]).max(1e-9);
    Some(Edge { place: below as f64 + fraction.min(1.0), change: outer - inner })
}

fn mean(levels: &[f64]) -> Option<f64> {
    (!levels.is_empty()).then(|| levels.iter().sum::<f64>() / levels.len() as f64)
}

/// The straight line on which most places lie: offset at 0, slope, and how far a place may be from it. The line with the
/// least median distance among those through two of the places, then least squares over those that are near it
/// (P. Rousseeuw, *Least median of squares regression*, 1984).
fn fit_line(places: &[(f64, f64)]) -> Option<(f64, f64, f64)> {
    if places.len() < PROFILES_PER_SIDE / 4 {
        return None;
    }
    let apart = (places.len() / 24).max(1);
    let chosen: Vec<(f64, f64)> = places.iter().copied().step_by(apart).collect();
    let mut best = (f64::INFINITY, 0.0, 0.0);
    for (at, a) in chosen.iter().enumerate() {
        for b in &chosen[at + 1..] {
            let slope = (b.1 - a.1) / (b.0 - a.0);
            let start = a.1 - slope * a.0;
            let mut distances: Vec<f64> = places.iter().map(|(x, y)| (start + slope * x - y).abs()).collect();
            let middle = distances.len() / 2;
            let (_, median, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
            if *median < best.0 {
                best = (*median, start, slope);
            }
        }
    }
    let (median, start, slope) = best;
    let bound = (2.5 * 1.4826 * median).max(1.0);
    let near: Vec<&(f64, f64)> =
        places.iter().filter(|(x, y)| (start + slope * x - y).abs() <= bound).collect();
    let count = near.len() as f64;
    let (x, y) =
        near.iter().fold((0.0, 0.0), |sum, place| (sum.0 + place.0 / count, sum.1 + place.1 / count));
    let (spread, common) = near.iter().fold((0.0, 0.0), |sum, place| {
        (sum.0 + (place.0 - x).powi(2), sum.1 + (place.0 - x) * (place.1 - y))
    });
    if spread <= 0.0 {
        return None;
    }
    let slope = common / spread;
    Some((y - slope * x, slope, bound))
}

/// The blur of an edge: a step that a Gaussian of deviation σ has blurred rises by 1 / (σ √2π) of its height a pixel at
/// most. All places of a side are laid over each other at their edges first.
fn edge_blur<'a>(all: impl Iterator<Item = &'a EdgeProfile>) -> f64 {
    let (mut sum, mut count, mut step) = (Vec::new(), 0.0, 1.0);
    for across in all {
        let Some(edge) = across.edge else { continue };
        let half = across.levels.len() / 3;
        sum.resize(2 * half + 1, 0.0);
        for (at, total) in sum.iter_mut().enumerate() {
            let place = (edge.place + at as f64 - half as f64).clamp(0.0, (across.levels.len() - 1) as f64);
            let (below, fraction) = (place.floor(), place - place.floor());
            let above = (below as usize + 1).min(across.levels.len() - 1);
            *total += across.levels[below as usize] * (1.0 - fraction) + across.levels[above] * fraction;
        }
        count += 1.0;
        step = across.step;
    }
    let steepest = sum.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    // From well within the film to well without.
    let (inner, outer) = (mean(&sum[..sum.len() / 4]), mean(&sum[sum.len() - sum.len() / 4..]));
    let (Some(inner), Some(outer)) = (inner, outer) else { return 0.0 };
    if count == 0.0 || steepest <= 0.0 {
        return 0.0;
    }
    (outer - inner) * step / (steepest * (2.0 * std::f64::consts::PI).sqrt())
}
