//! Contrast-limited adaptive histogram equalisation: a table of levels for each tile, and for each pixel the tables
//! of the four tiles whose middles surround it, weighted by how near these are.

use super::Clahe;
use super::histogram::count;

/// Where a pixel lies between the middles of two tiles.
struct TileBlend {
    /// The tile before it and the one behind it; the same at the border.
    tiles: [usize; 2],
    /// Their weights.
    weights: [f32; 2],
}

/// Equalises an image of `size` × `size` pixels; `clahe` has been checked against `size`.
pub(super) fn equalise(grey: &[u8], size: usize, clahe: Clahe) -> Vec<u8> {
    let tiles = clahe.tiles as usize;
    let side = size / tiles;
    let clip = clip(clahe, side * side);
    let mut tables = Vec::with_capacity(tiles * tiles);
    for tile in 0..tiles * tiles {
        let corner = tile / tiles * side * size + tile % tiles * side;
        let rows = (0..side).flat_map(|y| &grey[corner + y * size..corner + y * size + side]);
        tables.push(table(count(rows), clip, side * side));
    }
    let along: Vec<TileBlend> = (0..size).map(|at| tile_blend(at, side, tiles)).collect();
    let mut out = Vec::with_capacity(grey.len());
    for (down, row) in along.iter().zip(grey.chunks_exact(size)) {
        for (across, level) in along.iter().zip(row) {
            let at = |y: usize, x: usize| {
                f32::from(tables[down.tiles[y] * tiles + across.tiles[x]][usize::from(*level)])
            };
            let [left, right] = across.weights;
            let above = at(0, 0) * left + at(0, 1) * right;
            let below = at(1, 0) * left + at(1, 1) * right;
            let value = above * down.weights[0] + below * down.weights[1];
            out.push(value.round_ties_even().clamp(0.0, 255.0) as u8);
        }
    }
    out
}

/// The largest count that a level of a tile of `area` pixels may keep: at least one.
fn clip(clahe: Clahe, area: usize) -> u32 {
    (u64::from(clahe.clip_hundredths) * area as u64 / (100 * 256)).max(1) as u32
}

/// The table of a tile: counts above the limit are spread over all levels, then summed.
fn table(mut counts: [u32; 256], clip: u32, area: usize) -> [u8; 256] {
    let cut: u32 = counts.iter().map(|count| count.saturating_sub(clip)).sum();
    let (share, rest) = (cut / 256, cut % 256);
    counts.iter_mut().for_each(|count| *count = (*count).min(clip) + share);
    // What does not go round is given out one by one, as far apart as whole steps allow.
    let step = 256u32.checked_div(rest).unwrap_or(1);
    counts.iter_mut().step_by(step as usize).take(rest as usize).for_each(|count| *count += 1);
    let scale = 255.0 / area as f32;
    let mut sum = 0u32;
    counts.map(|count| {
        sum += count;
        (sum as f32 * scale).round_ties_even().min(255.0) as u8
    })
}

fn tile_blend(at: usize, side: usize, tiles: usize) -> TileBlend {
    let place = at as f32 * (1.0 / side as f32) - 0.5;
    let before = place.floor();
    let behind = (before as isize + 1) as usize;
    let weight = place - before;
    TileBlend {
        tiles: [(before as isize).max(0) as usize, behind.min(tiles - 1)],
        weights: [1.0 - weight, weight],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_the_limit_is_spread_evenly() {
        let mut counts = [0; 256];
        counts[10] = 784;
        // Limit 6: 778 are cut, three for each level, and the ten left go to the levels 0, 25, 50, …, 225.
        let table = table(counts, 6, 784);
        // Up to level 9: ten times 3 and one; up to level 10: 6 more and 3.
        assert_eq!([table[0], table[9], table[10]], [1, 10, 13]);
        assert_eq!(table[255], 255);
    }

    #[test]
    fn limits_are_rounded_down_to_whole_pixels() {
        let of = |clip_hundredths| clip(Clahe { clip_hundredths, tiles: 8 }, 28 * 28);
        // 784 / 256 = 3.0625 pixels a level.
        assert_eq!([of(100), of(200), of(4000)], [3, 6, 122]);
        assert_eq!(clip(Clahe { clip_hundredths: 100, tiles: 32 }, 7 * 7), 1);
    }

    #[test]
    fn the_border_takes_the_nearest_tile() {
        let first = tile_blend(0, 28, 8);
        assert_eq!((first.tiles, first.weights), ([0, 0], [0.5, 0.5]));
        assert_eq!(tile_blend(223, 28, 8).tiles, [7, 7]);
        let middle = tile_blend(28, 28, 8);
        assert_eq!((middle.tiles, middle.weights), ([0, 1], [0.5, 0.5]));
    }
}
