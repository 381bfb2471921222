//! Joins the channels of two maps, and parts them again.

use rayon::prelude::*;

use super::parts::pixels_of_part;

/// `first` and `second` side by side into `out`; they have `channels` channels each.
pub(crate) fn join(first: &[f32], second: &[f32], channels: [usize; 2], out: &mut [f32]) {
    let [a, b] = channels;
    let part = pixels_of_part(first.len() / a);
    let inputs = first.par_chunks(part * a).zip(second.par_chunks(part * b));
    out.par_chunks_mut(part * (a + b)).zip(inputs).for_each(|(out, (first, second))| {
        let pixels = first.chunks_exact(a).zip(second.chunks_exact(b));
        for (out, (first, second)) in out.chunks_exact_mut(a + b).zip(pixels) {
            out[..a].copy_from_slice(first);
            out[a..].copy_from_slice(second);
        }
    });
}

/// The channels of `joined` into `first` and `second`.
pub(crate) fn part(joined: &[f32], channels: [usize; 2], first: &mut [f32], second: &mut [f32]) {
    let [a, b] = channels;
    let part = pixels_of_part(joined.len() / (a + b));
    let outputs = first.par_chunks_mut(part * a).zip(second.par_chunks_mut(part * b));
    joined.par_chunks(part * (a + b)).zip(outputs).for_each(|(joined, (first, second))| {
        let pixels = first.chunks_exact_mut(a).zip(second.chunks_exact_mut(b));
        for (joined, (first, second)) in joined.chunks_exact(a + b).zip(pixels) {
            first.copy_from_slice(&joined[..a]);
            second.copy_from_slice(&joined[a..]);
        }
    });
}
