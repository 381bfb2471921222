//! Answers of OpenCV.

use super::super::geometry::area;
use super::super::homography::Homography;
use super::super::*;

fn numbers(line: &str) -> Vec<f64> {
    line.trim().split(',').map(|number| number.parse().unwrap()).collect()
}

fn points(numbers: &[f64]) -> Vec<Point> {
    numbers.chunks_exact(2).map(|pair| Point { x: pair[0], y: pair[1] }).collect()
}

#[test]
fn places_go_where_opencv_sends_them() {
    let places = [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.25, 0.75), (0.9, 0.1), (0.33, 0.66)];
    let text = include_str!("../../../tests/fixtures/film/homographies.csv");
    assert_eq!(text.lines().count(), 12);
    for line in text.lines() {
        let all = points(&numbers(line));
        let corners: Corners = all[..4].try_into().unwrap();
        let map = Homography::from_unit_square(&corners).unwrap();
        for ((x, y), expected) in places.into_iter().zip(&all[4..]) {
            let off = map.map(Point { x, y }).minus(*expected).length();
            assert!(off < 1e-4, "{off}");
        }
    }
    let flat = [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)].map(|(x, y)| Point { x, y });
    assert_eq!(Homography::from_unit_square(&flat), None);
    assert_eq!(area(&flat), 0.0);
}

fn pgm(bytes: &[u8]) -> (usize, usize, &[u8]) {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n').skip(1);
    let size = std::str::from_utf8(lines.next().unwrap()).unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    (width.parse().unwrap(), height.parse().unwrap(), lines.nth(1).unwrap())
}

#[test]
fn a_rectangle_has_the_levels_of_opencv() {
    let (width, height, levels) = pgm(include_bytes!("../../../tests/fixtures/film/picture.pgm"));
    let (wide, tall, expected) = pgm(include_bytes!("../../../tests/fixtures/film/rectangle.pgm"));
    let corners = points(&numbers(include_str!("../../../tests/fixtures/film/corners.csv")));
    let corners: Corners = corners.try_into().unwrap();
    let picture = GreyImage { width, height, levels };
    let size = (wide as u32, tall as u32);
    let found =
        rectify::sample_rectangle(&corners, size, 1, |place| f64::from(picture.at(place)), |level| level)
            .unwrap();
    let most =
        found.iter().zip(expected).map(|(own, theirs)| (own - f64::from(*theirs)).abs()).fold(0.0, f64::max);
    // Places that are rounded to a 32nd of a pixel, on slopes of up to 13 levels a pixel, and whole levels.
    assert!(most < 1.0, "{most}");
    assert_eq!(found.len(), expected.len());
}
