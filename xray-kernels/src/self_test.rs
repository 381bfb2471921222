//! Known-answer check at run time: a kernel against the scalar specification on seeded random shapes.
//!
//! The engine runs a few cases before it trusts a kernel; tests and emulated processors run many.

use super::conv_shape::ConvShape;
use super::depthwise::Depthwise;
use super::layout::{LANES, Layout};
use super::pointwise::{Add, Affine, Plane};
use super::requantise::Requantisation;
use super::weights::{ConvWeights, PackedConv};
use super::{Kernel, conv, scalar::Scalar};

/// What sizes of random cases are divided by: Miri is some thousand times slower than the processor.
pub(crate) const SMALLER: usize = if cfg!(miri) { 5 } else { 1 };

/// A small random number generator (Marsaglia 2003, xorshift32), so that a case is a seed and a shape.
#[derive(Debug, Clone)]
pub(crate) struct Xorshift32(u32);

impl Xorshift32 {
    /// `seed` 0 is taken as 1.
    pub fn new(seed: u32) -> Xorshift32 {
        Xorshift32(seed.max(1))
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// From `low` to below `high`.
    pub fn range(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() >> 3) as usize % (high - low)
    }

    /// Bytes that are often at the ends of their range.
    pub fn byte(&mut self) -> u8 {
        match self.bits() % 4 {
            0 => 0,
            1 => 255,
            _ => (self.bits() >> 11) as u8,
        }
    }

    /// -127 to 127, often at the ends.
    pub fn weight(&mut self) -> i8 {
        match self.bits() % 4 {
            0 => -127,
            1 => 127,
            _ => ((self.bits() >> 9) as i8).max(-127),
        }
    }
}

/// Shapes and parameters of one comparison.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Of everything that is drawn.
    pub seed: u32,
    /// Channels in and out.
    pub channels: (usize, usize),
    /// Rows and columns of the input.
    pub size: (usize, usize),
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Pixels between outputs.
    pub stride: usize,
    /// Padding on each side.
    pub pad: usize,
    /// Border of the input beyond the padding, and border of the output.
    pub borders: (usize, usize),
    /// Zero points of input and output.
    pub zeros: (u8, u8),
    /// How much of the output's range sums cover; above 1 they saturate.
    pub spread: f32,
    /// Whether results stop at the zero point.
    pub relu: bool,
}

impl Case {
    /// A random case.
    pub fn new(seed: u32) -> Case {
        let mut rng = Xorshift32::new(seed.wrapping_mul(0x9E37_79B9));
        rng.bits();
        let kernel = rng.range(1, 4);
        Case {
            seed,
            channels: (rng.range(1, 24 / SMALLER), rng.range(1, 70 / SMALLER)),
            size: (rng.range(kernel, 8), rng.range(kernel, 34 / SMALLER)),
            kernel,
            stride: rng.range(1, 4),
            pad: rng.range(0, 2).min(kernel - 1),
            borders: (rng.range(0, 2), rng.range(0, 2)),
            zeros: (rng.byte(), rng.byte()),
            spread: rng.range(0, 300) as f32 * 0.01,
            relu: rng.range(0, 2) == 1,
        }
    }

    /// Layouts of input and output.
    pub fn layouts(&self) -> (Layout, Layout) {
        let out = |n: usize| (n + 2 * self.pad - self.kernel) / self.stride + 1;
        let (height, width) = self.size;
        let input = Layout { channels: self.channels.0, height, width, border: self.pad + self.borders.0 };
        let (height, width) = (out(height), out(width));
        (input, Layout { channels: self.channels.1, height, width, border: self.borders.1 })
    }

    /// Rounding and clamping.
    pub fn output(&self) -> Requantisation {
        let zero = f32::from(self.zeros.1);
        Requantisation { zero: self.zeros.1, lo: if self.relu { 0.0 } else { -zero }, hi: 255.0 - zero }
    }

    /// Where a convolution of this case reads and writes.
    pub fn shape(&self) -> Option<ConvShape> {
        let (input, output) = self.layouts();
        let twice = |n: usize| (n, n);
        ConvShape::new(input, output, twice(self.kernel), twice(self.stride), twice(self.pad))
    }

    /// A random feature map: plain, and in its layout.
    pub fn picture(&self, layout: &Layout, rng: &mut Xorshift32) -> (Vec<u8>, Vec<u8>) {
        let length = layout.channels * layout.height * layout.width;
        let plain: Vec<u8> = (0..length).map(|_| rng.byte()).collect();
        let mut data = vec![0xAA; layout.bytes()];
        layout.import(&plain, 0, self.zeros.0, &mut data);
        (plain, data)
    }

    /// Weights, bias and scale of a convolution with `inputs` channels a group.
    pub fn parameters(&self, outputs: usize, inputs: usize, rng: &mut Xorshift32) -> Parameters {
        let count = outputs * inputs * self.kernel * self.kernel;
        Parameters {
            weights: (0..count).map(|_| rng.weight()).collect(),
            bias: (0..outputs).map(|_| rng.bits() as i32 >> 12).collect(),
            scale: (0..outputs).map(|_| self.spread * rng.range(0, 1000) as f32 * 1e-5).collect(),
        }
    }
}

/// Random weights.
#[derive(Debug)]
pub(crate) struct Parameters {
    /// `[output][input][tap]`.
    pub weights: Vec<i8>,
    /// Per output.
    pub bias: Vec<i32>,
    /// Per output.
    pub scale: Vec<f32>,
}

/// The convolution of `case` by `kernel`, in the output's layout.
pub(crate) fn convolve(kernel: &dyn Kernel, case: &Case, p: &Parameters, data: &[u8]) -> Option<Vec<u8>> {
    let shape = case.shape()?;
    let plain = ConvWeights {
        weights: &p.weights,
        outputs: case.channels.1,
        inputs: case.channels.0,
        taps: case.kernel * case.kernel,
        bias: &p.bias,
        scale: &p.scale,
        input_zero: case.zeros.0,
    };
    let packed = PackedConv::new(&plain, &shape, case.output(), kernel.weight_layout());
    let mut result = vec![0x55; shape.output.bytes()];
    conv(kernel, &packed, &shape, data, &mut result);
    Some(result)
}

/// The depthwise convolution of `case`, whose channels in and out are equal.
pub(crate) fn depthwise(kernel: &dyn Kernel, case: &Case, p: &Parameters, data: &[u8]) -> Option<Vec<u8>> {
    let shape = case.shape()?;
    let mut result = vec![0x55; shape.output.bytes()];
    let job = Depthwise::new(shape, &p.weights, &p.bias, &p.scale, case.zeros.0, case.output());
    kernel.depthwise(&job, data, &mut result);
    Some(result)
}

/// Scale and shift, the same with pooling, and addition.
pub(crate) fn pointwise(kernel: &dyn Kernel, case: &Case, data: &[u8], rng: &mut Xorshift32) -> [Vec<u8>; 3] {
    let source = Layout { border: case.borders.0, ..case.layouts().0 };
    let target = Layout { border: case.borders.1, ..source };
    let half = Layout { height: source.height / 2, width: source.width / 2, ..target };
    let padded = source.planes() * LANES;
    let mut factors = || -> Vec<f32> {
        (0..padded).map(|_| (rng.range(0, 4001) as f32 - 2000.0) * 1e-3 * case.spread).collect()
    };
    let (scale, shift) = (factors(), factors());
    let floor = if case.relu { 0.0 } else { f32::NEG_INFINITY };
    let job = Affine { target, scale, shift, floor, output: case.output() };
    let pooled = Affine { target: half, ..job.clone() };
    let (mut scaled, mut small) = (vec![0x55; target.bytes()], vec![0x55; half.bytes()]);
    for p in 0..source.planes() {
        let plane = Plane { from: source, source: p, target: p };
        kernel.affine(&job, plane, data, &mut scaled);
        kernel.affine_pool(&pooled, plane, data, &mut small);
    }
    let sum = Add { scale_a: 0.7, scale_b: case.spread, shift: -31.5, output: case.output() };
    let other: Vec<u8> = data.iter().rev().copied().collect();
    let mut added = vec![0x55; data.len()];
    kernel.add(&sum, data, &other, &mut added);
    [scaled, small, added]
}

/// Compares `kernel` with the specification on `cases` random cases.
///
/// # Errors
/// The first case that differs, in words.
pub(crate) fn check(kernel: &dyn Kernel, cases: u32) -> Result<(), String> {
    for seed in 1..=cases {
        let case = Case::new(seed);
        let differs = |what: &str| Err(format!("kernel {} differs at {what} of {case:?}", kernel.name()));
        let mut rng = Xorshift32::new(case.seed);
        let (_, data) = case.picture(&case.layouts().0, &mut rng);
        let p = case.parameters(case.channels.1, case.channels.0, &mut rng);
        if convolve(kernel, &case, &p, &data) != convolve(&Scalar, &case, &p, &data) {
            return differs("a convolution");
        }
        let same = Case { channels: (case.channels.0, case.channels.0), ..case.clone() };
        let p = same.parameters(same.channels.0, 1, &mut rng);
        if depthwise(kernel, &same, &p, &data) != depthwise(&Scalar, &same, &p, &data) {
            return differs("a depthwise convolution");
        }
        let source = Layout { border: case.borders.0, ..case.layouts().0 };
        let (_, data) = case.picture(&source, &mut rng);
        let mut again = rng.clone();
        if pointwise(kernel, &case, &data, &mut rng) != pointwise(&Scalar, &case, &data, &mut again) {
            return differs("scale and shift, pooling or addition");
        }
    }
    Ok(())
}
