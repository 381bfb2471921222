//! Places, outlines, and the four corners.

/// A place in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right of the centre of the leftmost pixel.
    pub x: f64,
    /// Below the centre of the topmost pixel.
    pub y: f64,
}

impl Point {
    pub(super) fn minus(self, other: Point) -> Point {
        Point { x: self.x - other.x, y: self.y - other.y }
    }

    pub(super) fn plus(self, other: Point, times: f64) -> Point {
        Point { x: self.x + other.x * times, y: self.y + other.y * times }
    }

    pub(super) fn cross(self, other: Point) -> f64 {
        self.x * other.y - self.y * other.x
    }

    pub(super) fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

/// Four corners in the order top left, top right, bottom right, bottom left, as a film that is turned by less than 45°
/// has them.
pub type Corners = [Point; 4];

/// The area of an outline, in pixels; positive if it goes round as [`Corners`] do.
pub fn area(outline: &[Point]) -> f64 {
    let next = outline.iter().cycle().skip(1);
    outline.iter().zip(next).map(|(a, b)| a.cross(*b)).sum::<f64>() / 2.0
}

/// The mean length of the diagonals.
pub fn diagonal(corners: &Corners) -> f64 {
    let [a, b, c, d] = *corners;
    (c.minus(a).length() + d.minus(b).length()) / 2.0
}

/// The mean lengths of the sides that are across and of those that are upright.
pub fn sides(corners: &Corners) -> (f64, f64) {
    let [a, b, c, d] = *corners;
    ((b.minus(a).length() + c.minus(d).length()) / 2.0, (d.minus(a).length() + c.minus(b).length()) / 2.0)
}

/// Whether every corner turns the same way.
pub fn is_convex(corners: &Corners) -> bool {
    (0..4).all(|at| {
        let [a, b, c] = [corners[at], corners[(at + 1) % 4], corners[(at + 2) % 4]];
        b.minus(a).cross(c.minus(b)) > 0.0
    })
}

/// The convex hull, in the order of [`Corners`] (Andrew's monotone chain).
pub fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while let [.., a, b] = chain[..] {
                if b.minus(a).cross(point.minus(b)) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut outline = half(&mut points.iter().copied());
    outline.extend(half(&mut points.iter().rev().copied()));
    outline
}

/// The largest four-sided outline whose corners are corners of a convex one; `None` if that has less than four.
///
/// For each diagonal the farthest corner on either side of it: as the diagonal turns, they only move on.
pub fn largest_quadrilateral(outline: &[Point]) -> Option<Corners> {
    let count = outline.len();
    if count < 4 {
        return None;
    }
    let point = |at: usize| outline[at % count];
    let mut best: Option<(f64, Corners)> = None;
    for from in 0..count - 2 {
        let mut one = from + 1;
        let mut other = from + 3;
        for to in from + 2..(from + count - 1).min(count) {
            let along = point(to).minus(point(from));
            let away = |at: usize| along.cross(point(at).minus(point(from))).abs();
            while one + 1 < to && away(one + 1) >= away(one) {
                one += 1;
            }
            other = other.max(to + 1);
            while other + 1 < from + count && away(other + 1) >= away(other) {
                other += 1;
            }
            let size = away(one) + away(other);
            if best.is_none_or(|(largest, _)| size > largest) {
                best = Some((size, [point(from), point(one), point(to), point(other)]));
            }
        }
    }
    best.map(|(_, corners)| from_top_left(corners))
}

/// The same outline, starting at the corner nearest to the top left.
fn from_top_left(mut corners: Corners) -> Corners {
    let first = (0..4).min_by(|a, b| {
        let sum = |at: usize| corners[at].x + corners[at].y;
        sum(*a).total_cmp(&sum(*b))
    });
    corners.rotate_left(first.unwrap_or(0));
    corners
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(places: &[(i32, i32)]) -> Vec<Point> {
        places.iter().map(|(x, y)| Point { x: f64::from(*x), y: f64::from(*y) }).collect()
    }

    #[test]
    fn the_corners_of_a_square_are_found_among_all_its_pixels() {
        let all: Vec<_> = (2..9).flat_map(|x| (3..8).map(move |y| (x, y))).collect();
        let outline = hull(points(&all));
        assert_eq!(outline.len(), 4);
        assert_eq!(area(&outline), 24.0);
        let corners = largest_quadrilateral(&outline).expect("four corners");
        assert_eq!(corners.to_vec(), points(&[(2, 3), (8, 3), (8, 7), (2, 7)]));
        assert!(is_convex(&corners));
        assert_eq!(sides(&corners), (6.0, 4.0));
    }

    #[test]
    fn what_is_flat_has_no_corners() {
        for flat in
            [&[][..], &[(1, 1)], &[(1, 1), (2, 2)], &[(1, 1), (2, 2), (3, 3)], &[(0, 0), (4, 0), (0, 4)]]
        {
            assert_eq!(largest_quadrilateral(&hull(points(flat))), None, "{flat:?}");
        }
        let arrow = [(0, 0), (4, 2), (0, 4), (1, 2)].map(|(x, y)| Point { x: f64::from(x), y: f64::from(y) });
        assert!(!is_convex(&arrow));
    }

    proptest! {
        /// Against all choices of four.
        #[test]
        fn no_other_four_corners_are_larger(places in prop::collection::vec((0..40i32, 0..40i32), 4..14)) {
            let outline = hull(points(&places));
            let count = outline.len();
            let mut largest = 0.0f64;
            for a in 0..count {
                for b in a + 1..count {
                    for c in b + 1..count {
                        for d in c + 1..count {
                            largest = largest.max(area(&[outline[a], outline[b], outline[c], outline[d]]));
                        }
                    }
                }
            }
            let found = largest_quadrilateral(&outline).map_or(0.0, |corners| area(&corners));
            prop_assert!((found - largest).abs() < 1e-9, "{found} {largest}");
        }
    }
}
