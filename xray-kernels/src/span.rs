//! Where one run of a convolution reads and writes, for kernels that use pointers.

use super::PixelRun;
use super::conv_shape::ConvShape;
use super::layout::LANES;
use super::weights::PackedConv;

/// The pointers and strides of one run.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    pub conv: &'a PackedConv,
    pub shape: &'a ConvShape,
    /// The source of the first pixel in the first plane, before a tap is added.
    pub src: *const u8,
    /// The first pixel of the result in the first plane.
    pub dst: *mut u8,
    /// Bytes between the source pixels of neighbouring outputs.
    pub step: usize,
}

impl<'a> Span<'a> {
    /// The run at its first pixel.
    ///
    /// # Safety
    /// The run starts inside `src` and `dst`, as [`super::conv`] checks.
    #[inline(always)]
    pub unsafe fn new(
        conv: &'a PackedConv,
        shape: &'a ConvShape,
        src: &[u8],
        dst: &mut [u8],
        run: PixelRun,
    ) -> Span<'a> {
        // SAFETY: the caller's promise.
        let (src, dst) = unsafe { (src.as_ptr().add(run.src), dst.as_mut_ptr().add(run.dst)) };
        Span { conv, shape, src, dst, step: shape.stride_x * LANES }
    }

    /// The same run from a later pixel on.
    ///
    /// # Safety
    /// `pixels` is at most the run's length.
    #[inline(always)]
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "used by kernels of x86-64"))]
    pub unsafe fn advance(self, pixels: usize) -> Span<'a> {
        // SAFETY: the caller's promise.
        let (src, dst) = unsafe { (self.src.add(pixels * self.step), self.dst.add(pixels * LANES)) };
        Span { src, dst, ..self }
    }
}
