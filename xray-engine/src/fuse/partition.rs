//! The work on one feature map, cut by planes of the result so that several threads can do it.

use std::ops::Range;

use crate::threads::Threads;
use xray_kernels::conv_shape::ConvShape;
use xray_kernels::depthwise::Depthwise;
use xray_kernels::layout::LANES;
use xray_kernels::pointwise::{Affine, MaxPool};
use xray_kernels::weights::{BLOCK, PackedConv};

/// Some planes of a result and how they are computed.
#[derive(Debug)]
pub(crate) struct Part<J> {
    /// Planes of the result.
    pub planes: Range<usize>,
    /// What makes them; its own planes count from the first of them.
    pub job: J,
}

/// One convolution.
pub(crate) type Conv = (PackedConv, ConvShape);

/// Calls `each` for every part with its planes of `target`, on as many threads as there are.
pub(crate) fn run<J: Sync>(
    threads: &Threads,
    parts: &[Part<J>],
    plane: usize,
    target: &mut [u8],
    each: &(impl Fn(&Part<J>, &mut [u8]) + Sync),
) {
    match parts {
        [] => {}
        [part] => each(part, target),
        _ => {
            let (some, others) = parts.split_at(parts.len() / 2);
            let planes: usize = some.iter().map(|part| part.planes.len()).sum();
            let (left, right) = target.split_at_mut(planes * plane);
            threads
                .join(|| run(threads, some, plane, left, each), || run(threads, others, plane, right, each));
        }
    }
}

/// `planes` in at most `count` ranges of near equal length, each but the last a multiple of `step`.
fn cut(planes: usize, step: usize, count: usize) -> Vec<Range<usize>> {
    let length = planes.div_ceil(count.max(1)).div_ceil(step) * step;
    (0..planes).step_by(length.max(1)).map(|from| from..(from + length).min(planes)).collect()
}

/// Below this many multiplications a second thread costs more than it brings.
const WORTH_SHARING: u64 = 400_000;

/// Shares of a convolution: whole blocks of output channels.
pub(crate) fn of_conv(packed: PackedConv, shape: &ConvShape, macs: u64, threads: usize) -> Vec<Part<Conv>> {
    let count = if macs < WORTH_SHARING { 1 } else { threads };
    let planes_a_block = BLOCK / LANES;
    let part = |planes: Range<usize>| {
        let blocks = planes.start / planes_a_block..planes.end.div_ceil(planes_a_block);
        let mut shape = shape.clone();
        let last = (planes.end * LANES).min(shape.output.channels);
        shape.output.channels = last - planes.start * LANES;
        Part { planes, job: (packed.blocks(blocks), shape) }
    };
    cut(shape.output.planes(), planes_a_block, count).into_iter().map(part).collect()
}

/// Shares of a depthwise convolution.
pub(crate) fn of_depthwise(job: &Depthwise, threads: usize) -> Vec<Part<Depthwise>> {
    let quads = job.shape.taps.len().div_ceil(4);
    let part = |planes: Range<usize>| {
        let lanes = planes.start * LANES..planes.end * LANES;
        let mut shape = job.shape.clone();
        let last = lanes.end.min(shape.output.channels);
        shape.output.channels = last - lanes.start;
        shape.input.channels = shape.output.channels;
        let job = Depthwise {
            shape,
            weights: job.weights[planes.start * quads..planes.end * quads].to_vec(),
            bias: job.bias[lanes.clone()].to_vec(),
            scale: job.scale[lanes].to_vec(),
            output: job.output,
        };
        Part { planes, job }
    };
    cut(job.shape.output.planes(), 1, threads).into_iter().map(part).collect()
}

/// Shares of scale and shift; the layout of each is that of its planes.
pub(crate) fn of_affine(job: &Affine, threads: usize) -> Vec<Part<Affine>> {
    let part = |planes: Range<usize>| {
        let lanes = planes.start * LANES..planes.end * LANES;
        let mut target = job.target;
        target.channels = lanes.end.min(target.channels) - lanes.start;
        let (scale, shift) = (job.scale[lanes.clone()].to_vec(), job.shift[lanes].to_vec());
        Part { planes, job: Affine { target, scale, shift, ..job.clone() } }
    };
    cut(job.target.planes(), 1, threads).into_iter().map(part).collect()
}

/// Shares of a maximum pooling.
pub(crate) fn of_max_pool(job: &MaxPool, threads: usize) -> Vec<Part<MaxPool>> {
    let part = |planes: Range<usize>| {
        let mut job = job.clone();
        let lanes = planes.start * LANES..planes.end * LANES;
        job.target.channels = lanes.end.min(job.target.channels) - lanes.start;
        job.source.channels = job.target.channels;
        Part { planes, job }
    };
    cut(job.target.planes(), 1, threads).into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn ranges_cover_all_planes_in_whole_steps() {
        assert_eq!(cut(32, 4, 2), [0..16, 16..32]);
        assert_eq!(cut(8, 4, 4), [0..4, 4..8]);
        assert_eq!(cut(10, 4, 2), [0..8, 8..10]);
        assert_eq!(cut(3, 1, 2), [0..2, 2..3]);
        assert_eq!(cut(5, 4, 1).len(), 1);
    }
}
