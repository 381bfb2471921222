//! How work is divided between threads: by the size of the work and not by the number of threads, so that a sum over parts
//! has the same bits on any machine.

/// Most parts of a whole.
const PARTS: usize = 16;
/// Fewest pixels of a part, so that a part is worth a task.
const FEWEST: usize = 64;

/// Pixels of a part, the last one may be shorter.
pub(super) fn pixels_of_part(pixels: usize) -> usize {
    pixels.div_ceil(PARTS).max(FEWEST)
}

/// Images of a part, the last one may have fewer.
pub(super) fn images_of_part(images: usize) -> usize {
    images.div_ceil(PARTS).max(1)
}

/// The sum over parts, in their order; zeros if there is none.
pub(super) fn sum_in_order(parts: Vec<Vec<f32>>, len: usize) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_else(|| vec![0.0; len]);
    for part in parts {
        sum.iter_mut().zip(&part).for_each(|(sum, value)| *sum += value);
    }
    sum
}
