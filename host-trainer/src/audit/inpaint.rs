//! Filling a region from its surroundings.

/// Changes below this, in levels, end the iteration.
const TOLERANCE: f64 = 1e-3;
/// Passes at most.
const PASSES: usize = 2000;
/// Factor of over-relaxation; between 1 and 2 it converges.
const RELAXATION: f64 = 1.9;

/// Gives every pixel of the region the mean of its neighbours: the discrete Laplace equation, with the levels around the
/// region as they are and no slope across the border of the image. `levels` and `region` are row by row, of this width;
/// levels are from 0 to 255. Solved by successive over-relaxation (Young 1954, doi 10.1090/S0002-9947-1954-0059635-7).
pub(super) fn inpaint(levels: &mut [f64], region: &[bool], width: usize) {
    let height = levels.len() / width;
    let known = levels.iter().zip(region).filter(|(_, inside)| !**inside);
    let (sum, count) = known.fold((0.0, 0u32), |(sum, count), (level, _)| (sum + level, count + 1));
    if count == 0 {
        return;
    }
    let mean = sum / f64::from(count);
    levels.iter_mut().zip(region).filter(|(_, inside)| **inside).for_each(|(level, _)| *level = mean);
    let inside: Vec<usize> = (0..levels.len()).filter(|at| region[*at]).collect();
    for _ in 0..PASSES {
        let mut largest = 0.0f64;
        for at in &inside {
            let (x, y) = (at % width, at / width);
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then(|| at + 1),
                (y > 0).then(|| at - width),
                (y + 1 < height).then(|| at + width),
            ];
            let there = neighbours.iter().flatten();
            let (sum, count) =
                there.fold((0.0, 0.0), |(sum, count), next| (sum + levels[*next], count + 1.0));
            let change = RELAXATION * (sum / count - levels[*at]);
            levels[*at] += change;
            largest = largest.max(change.abs());
        }
        if largest < TOLERANCE {
            break;
        }
    }
}
