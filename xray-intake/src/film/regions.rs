//! Connected regions of a mask.

use super::geometry::Point;

/// What belongs together: pixels of equal value that touch along a side.
pub struct Regions {
    width: usize,
    /// Which region each pixel is of.
    labels: Vec<u32>,
    all: Vec<Region>,
}

/// One region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The value of its pixels.
    pub value: bool,
    /// How many there are.
    pub pixels: usize,
    /// Whether one lies at the edge of the mask.
    pub at_edge: bool,
}

impl Regions {
    /// Finds all regions of a mask, row by row.
    pub fn of(mask: &[bool], width: usize) -> Regions {
        let height = mask.len() / width.max(1);
        let mut labels = vec![u32::MAX; mask.len()];
        let mut all = Vec::new();
        let mut stack = Vec::new();
        for start in 0..mask.len() {
            if labels[start] != u32::MAX {
                continue;
            }
            let label = all.len() as u32;
            let value = mask[start];
            let mut region = Region { value, pixels: 0, at_edge: false };
            labels[start] = label;
            stack.push(start);
            while let Some(at) = stack.pop() {
                let (x, y) = (at % width, at / width);
                region.pixels += 1;
                region.at_edge |= x == 0 || y == 0 || x + 1 == width || y + 1 == height;
                let around = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < width).then(|| at + 1),
                    (y > 0).then(|| at - width),
                    (y + 1 < height).then(|| at + width),
                ];
                for next in around.into_iter().flatten() {
                    if labels[next] == u32::MAX && mask[next] == value {
                        labels[next] = label;
                        stack.push(next);
                    }
                }
            }
            all.push(region);
        }
        Regions { width, labels, all }
    }

    /// The regions, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Region)> + '_ {
        (0..).zip(self.all.iter().copied())
    }

    /// Whether a pixel is of a region.
    pub fn is_in(&self, at: usize, region: u32) -> bool {
        self.labels[at] == region
    }

    /// The first and the last pixel of a region in each row: enough for its hull.
    pub fn row_ends(&self, region: u32) -> Vec<Point> {
        let mut ends = Vec::new();
        for (y, row) in self.labels.chunks_exact(self.width).enumerate() {
            let mut places = row.iter().enumerate().filter(|(_, label)| **label == region);
            let Some((first, _)) = places.next() else { continue };
            let last = places.next_back().map_or(first, |(last, _)| last);
            ends.extend([first, last].map(|x| Point { x: x as f64, y: y as f64 }));
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_has_an_inside_that_is_not_at_the_edge() {
        let mask: Vec<bool> = "\
            ......\
            .####.\
            .#..#.\
            .###.#\
            ......"
            .chars()
            .map(|c| c == '#')
            .collect();
        let regions = Regions::of(&mask, 6);
        let all: Vec<_> =
            regions.iter().map(|(_, region)| (region.value, region.pixels, region.at_edge)).collect();
        assert_eq!(all, [(false, 18, true), (true, 9, false), (false, 2, false), (true, 1, true)]);
    }
}
