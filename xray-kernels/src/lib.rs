//! Integer kernels behind one small trait, chosen at run time.
//!
//! Activations are uint8 with any zero point, weights int8 from -127 to 127 per output channel, sums int32,
//! requantisation one float32 multiplication per sum ([`requantise::Requantisation::quantise`]). The scalar kernel is
//! the specification; every other kernel equals it bit for bit. `unsafe` is used in the files of the instruction
//! sets only (`x86/`, `arm/`); what is here checks every range before they are called.
//!
//! ```
//! // The portable kernel is always there, and comes last.
//! let kernels = xray_kernels::available();
//! assert_eq!(kernels.last().map(|kernel| kernel.name()), Some("scalar"));
//!
//! // A kernel is used only if it gave the answers of the portable one on this machine.
//! let (kernel, rejected) = xray_kernels::choose(None);
//! assert!(rejected.is_empty(), "{} is used instead of {rejected:?}", kernel.name());
//! ```

#![deny(unsafe_code)]

#[cfg(target_arch = "aarch64")]
#[allow(
    unsafe_code,
    reason = "instructions of one kind of processor; each kernel is compared with the scalar one"
)]
mod arm;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "read by kernels of x86-64"))]
mod block8;
pub mod conv_shape;
pub mod depthwise;
pub mod layout;
pub mod pointwise;
pub mod requantise;
mod scalar;
mod self_test;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[allow(unsafe_code, reason = "pointers into slices whose ranges were checked")]
mod span;
pub mod weights;
#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "instructions of one kind of processor; each kernel is compared with the scalar one"
)]
mod x86;

use std::fmt::Debug;

use conv_shape::ConvShape;
use depthwise::Depthwise;
use pointwise::{Affine, Plane};
use weights::{PackedConv, WeightLayout};

/// One row of neighbouring output pixels.
#[derive(Debug, Clone, Copy)]
pub struct PixelRun {
    /// Byte offset in the source of the first pixel in the first plane, before a tap is added.
    pub src: usize,
    /// Byte offset in the target of the first pixel in the first plane.
    pub dst: usize,
    /// Output pixels.
    pub pixels: usize,
}

/// What an instruction set has to provide. Callers use [`conv`], which checks ranges first.
pub trait Kernel: Debug + Send + Sync {
    /// Name for reports.
    fn name(&self) -> &'static str;

    /// How weights must be packed for it.
    fn weight_layout(&self) -> WeightLayout;

    /// Computes one run for every output channel. Ranges were checked by [`conv`].
    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun);

    /// Computes one run of one plane of a depthwise convolution.
    fn depthwise(&self, job: &Depthwise, src: &[u8], dst: &mut [u8]) {
        depthwise::run(job, src, dst);
    }

    /// Scales, shifts, clamps and requantises one plane.
    fn affine(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
        pointwise::affine(job, plane, src, dst);
    }

    /// The same, then the mean of each two by two pixels.
    fn affine_pool(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
        pointwise::affine_pool(job, plane, src, dst);
    }

    /// Requantised sum of two planes of one layout.
    fn add(&self, job: &pointwise::Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
        pointwise::add(job, a, b, dst);
    }
}

/// Runs a convolution over the whole feature map.
///
/// # Panics
/// If a buffer is shorter than its layout or `conv` was packed for another shape: a mistake of the planner,
/// never of the input.
pub fn conv(kernel: &dyn Kernel, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8]) {
    let (input, output) = (&shape.input, &shape.output);
    let blocks = output.channels.div_ceil(weights::BLOCK);
    assert!(src.len() >= shape.source_bytes() && dst.len() >= output.used(), "buffer too short");
    assert!(conv.weights.fit(kernel.weight_layout().packing, shape), "weights of another shape or kernel");
    assert!(conv.bias.len() == blocks * weights::BLOCK && conv.scale.len() == conv.bias.len());
    if shape.taps == [0] && input == &(layout::Layout { channels: input.channels, ..*output }) {
        let pixels = output.plane() / layout::LANES;
        if output.border == 0 && shape.stride_x == 1 && shape.stride_y == 1 {
            return kernel.conv_run(conv, shape, src, dst, PixelRun { src: 0, dst: 0, pixels });
        }
    }
    for y in 0..output.height {
        let run = PixelRun { src: shape.source_row(y), dst: output.row_start(y), pixels: output.width };
        kernel.conv_run(conv, shape, src, dst, run);
    }
}

/// Every kernel that this machine can run, fastest first; the last is the scalar specification.
pub fn available() -> Vec<&'static dyn Kernel> {
    let mut kernels: Vec<&'static dyn Kernel> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    kernels.extend(x86::available());
    #[cfg(target_arch = "aarch64")]
    kernels.extend(arm::available());
    kernels.push(&scalar::Scalar);
    kernels
}

/// Cases of the check that a kernel must pass before it is used; about a millisecond.
const CASES: u32 = 4;

/// The kernel with this name if this machine can run it, else the fastest; one that fails its check against the
/// specification is passed over and named, with the reason, in the second value.
pub fn choose(name: Option<&str>) -> (&'static dyn Kernel, Vec<String>) {
    let mut rejected = Vec::new();
    let mut all = available();
    if let Some(at) = name.and_then(|n| all.iter().position(|k| k.name() == n)) {
        all.drain(..at);
    }
    for kernel in all {
        match self_test::check(kernel, CASES) {
            Ok(()) => return (kernel, rejected),
            Err(reason) => rejected.push(reason),
        }
    }
    (&scalar::Scalar, rejected)
}

#[cfg(test)]
mod tests;
