//! Every kernel against the scalar specification, and the specification against arithmetic in i64 and f64.

use proptest::prelude::*;

use super::depthwise::Depthwise;
use super::layout::{LANES, Layout};
use super::pack::{ConvShape, ConvWeights, Output, PackedConv};
use super::pointwise::{Add, Affine, Plane};
use super::{Kernel, available, conv, scalar::Scalar};

/// A small random number generator (Marsaglia 2003, xorshift32), so that cases are a seed and shapes.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Bytes that are often at the ends of their range.
    fn byte(&mut self) -> u8 {
        match self.next() % 4 {
            0 => 0,
            1 => 255,
            _ => (self.next() >> 11) as u8,
        }
    }

    fn weight(&mut self) -> i8 {
        match self.next() % 4 {
            0 => -127,
            1 => 127,
            _ => ((self.next() >> 9) % 255) as i32 as i8,
        }
        .max(-127)
    }
}

#[derive(Debug, Clone)]
struct Case {
    seed: u32,
    inputs: usize,
    outputs: usize,
    height: usize,
    width: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
    extra: usize,
    border: usize,
    zeros: (u8, u8),
    spread: f32,
    relu: bool,
}

prop_compose! {
    fn cases()(
        seed in 1u32.., inputs in 1usize..40, outputs in 1usize..100, height in 1usize..9,
        width in 1usize..40, kernel in 1usize..4, stride in 1usize..4, pad in 0usize..2, extra in 0usize..2,
        border in 0usize..2, zeros in (any::<u8>(), any::<u8>()), spread in 0.0f32..3.0, relu in any::<bool>(),
    ) -> Case {
        let pad = pad.min(kernel - 1);
        let (height, width) = (height.max(kernel), width.max(kernel));
        Case { seed, inputs, outputs, height, width, kernel, stride, pad, extra, border, zeros, spread, relu }
    }
}

impl Case {
    fn layouts(&self) -> (Layout, Layout) {
        let size = |n: usize| (n + 2 * self.pad - self.kernel) / self.stride + 1;
        let input = Layout {
            channels: self.inputs,
            height: self.height,
            width: self.width,
            border: self.pad + self.extra,
        };
        let (height, width) = (size(self.height), size(self.width));
        (input, Layout { channels: self.outputs, height, width, border: self.border })
    }

    fn output(&self) -> Output {
        let zero = self.zeros.1;
        let lo = if self.relu { 0.0 } else { -f32::from(zero) };
        Output { zero, lo, hi: 255.0 - f32::from(zero) }
    }
}

fn picture(layout: &Layout, zero: u8, noise: &mut Noise) -> (Vec<u8>, Vec<u8>) {
    let plain: Vec<u8> =
        (0..layout.channels * layout.height * layout.width).map(|_| noise.byte()).collect();
    let mut data = vec![0xAA; layout.bytes()];
    layout.import(&plain, 0, zero, &mut data);
    (plain, data)
}

/// What the definition says, with sums in i64 and requantisation in f64 on the float32 product.
fn by_definition(case: &Case, plain: &[u8], weights: &[i8], bias: &[i32], scale: &[f32]) -> Vec<u8> {
    let (input, output) = case.layouts();
    let mut result = Vec::new();
    for o in 0..output.channels {
        for y in 0..output.height {
            for x in 0..output.width {
                let mut sum = i64::from(bias[o]);
                for c in 0..input.channels {
                    for ky in 0..case.kernel {
                        for kx in 0..case.kernel {
                            let (iy, ix) = (y * case.stride + ky, x * case.stride + kx);
                            let inside = |i: usize, n: usize| i >= case.pad && i < n + case.pad;
                            if inside(iy, input.height) && inside(ix, input.width) {
                                let at = (c * input.height + iy - case.pad) * input.width + ix - case.pad;
                                let w = weights
                                    [((o * input.channels + c) * case.kernel + ky) * case.kernel + kx];
                                sum += (i64::from(plain[at]) - i64::from(case.zeros.0)) * i64::from(w);
                            }
                        }
                    }
                }
                let steps = f64::from(sum as f32 * scale[o]).round_ties_even();
                let out = case.output();
                let clamped = steps.clamp(f64::from(out.lo), f64::from(out.hi));
                result.push((clamped as i32 + i32::from(out.zero)) as u8);
            }
        }
    }
    result
}

fn run(kernel: &dyn Kernel, case: &Case, data: &[u8], plain: &ConvWeights<'_>) -> Vec<u8> {
    let (input, output) = case.layouts();
    let k = case.kernel;
    let shape = ConvShape::new(input, output, (k, k), (case.stride, case.stride), (case.pad, case.pad)).unwrap();
    let packed = PackedConv::new(plain, case.output(), kernel.appetite());
    let mut result = vec![0x55; output.bytes()];
    conv(kernel, &packed, &shape, data, &mut result);
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolution_equals_the_specification(case in cases()) {
        let mut noise = Noise(case.seed);
        let (input, output) = case.layouts();
        let (plain, data) = picture(&input, case.zeros.0, &mut noise);
        let taps = case.kernel * case.kernel;
        let weights: Vec<i8> =
            (0..case.outputs * case.inputs * taps).map(|_| noise.weight()).collect();
        let bias: Vec<i32> = (0..case.outputs).map(|_| noise.next() as i32 >> 12).collect();
        let scale: Vec<f32> =
            (0..case.outputs).map(|_| case.spread * (noise.next() % 1000) as f32 * 1e-5).collect();
        let parts = ConvWeights {
            weights: &weights, outputs: case.outputs, inputs: case.inputs, taps,
            bias: &bias, scale: &scale, input_zero: case.zeros.0,
        };
        let spec = run(&Scalar, &case, &data, &parts);
        let mut flat = vec![0; output.channels * output.height * output.width];
        output.export(&spec, 0, &mut flat);
        prop_assert_eq!(flat, by_definition(&case, &plain, &weights, &bias, &scale));
        for kernel in available() {
            prop_assert!(run(kernel, &case, &data, &parts) == spec, "{}", kernel.name());
        }
    }

    #[test]
    fn depthwise_equals_the_specification(case in cases()) {
        let case = Case { outputs: case.inputs, ..case };
        let mut noise = Noise(case.seed);
        let (input, output) = case.layouts();
        let (plain, data) = picture(&input, case.zeros.0, &mut noise);
        let (k, taps) = (case.kernel, case.kernel * case.kernel);
        let weights: Vec<i8> = (0..case.inputs * taps).map(|_| noise.weight()).collect();
        let bias: Vec<i32> = (0..case.inputs).map(|_| noise.next() as i32 >> 16).collect();
        let scale: Vec<f32> =
            (0..case.inputs).map(|_| case.spread * (noise.next() % 1000) as f32 * 1e-5).collect();
        let shape = ConvShape::new(input, output, (k, k), (case.stride, case.stride), (case.pad, case.pad)).unwrap();
        let job = Depthwise::new(shape, &weights, &bias, &scale, case.zeros.0, case.output());
        let mut dense = vec![0i8; case.inputs * case.inputs * taps];
        for c in 0..case.inputs {
            let at = (c * case.inputs + c) * taps;
            dense[at..at + taps].copy_from_slice(&weights[c * taps..(c + 1) * taps]);
        }
        let expected = by_definition(&case, &plain, &dense, &bias, &scale);
        for kernel in available() {
            let mut result = vec![0x55; output.bytes()];
            kernel.depthwise(&job, &data, &mut result);
            let mut flat = vec![0; expected.len()];
            output.export(&result, 0, &mut flat);
            prop_assert!(flat == expected, "{}", kernel.name());
        }
    }

    #[test]
    fn pointwise_equals_the_specification(case in cases()) {
        let mut noise = Noise(case.seed);
        let source = Layout { border: case.extra, ..case.layouts().0 };
        let (_, data) = picture(&source, case.zeros.0, &mut noise);
        let padded = source.planes() * LANES;
        let factors = |noise: &mut Noise| -> Vec<f32> {
            (0..padded).map(|_| ((noise.next() % 4001) as f32 - 2000.0) * 1e-3 * case.spread).collect()
        };
        let job = Affine {
            target: Layout { border: case.border, ..source },
            scale: factors(&mut noise),
            shift: factors(&mut noise),
            floor: if case.relu { 0.0 } else { f32::NEG_INFINITY },
            output: case.output(),
        };
        let half = Layout { height: source.height / 2, width: source.width / 2, border: case.border, ..source };
        let pooled = Affine { target: half, ..job.clone() };
        let sum = Add { scale_a: 0.7, scale_b: case.spread, shift: -31.5, output: case.output() };
        let mut other = data.clone();
        other.reverse();
        let every = |kernel: &dyn Kernel| {
            let mut scaled = vec![0x55; job.target.bytes()];
            let mut small = vec![0x55; half.bytes()];
            for p in 0..source.planes() {
                let plane = Plane { from: source, source: p, target: p };
                kernel.affine(&job, plane, &data, &mut scaled);
                kernel.affine_pool(&pooled, plane, &data, &mut small);
            }
            let mut added = vec![0x55; data.len()];
            kernel.add(&sum, &data, &other, &mut added);
            (scaled, small, added)
        };
        let spec = every(&Scalar);
        for kernel in available() {
            prop_assert!(every(kernel) == spec, "{}", kernel.name());
        }
    }
}

#[test]
fn rounding_is_half_to_even_and_saturates() {
    let output = Output { zero: 10, lo: -10.0, hi: 245.0 };
    let bytes: Vec<u8> = [0.5, 1.5, 2.5, -0.5, -1.5, 1e9, -1e9, 244.6, f32::INFINITY]
        .into_iter()
        .map(|v| output.quantise(v))
        .collect();
    assert_eq!(bytes, [10, 12, 12, 10, 8, 255, 0, 255, 255]);
}
