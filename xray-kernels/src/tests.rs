//! Every kernel against the scalar specification, and the specification against its definition in i64 and f64.

use proptest::prelude::*;

use super::available;
use super::scalar::Scalar;
use super::self_test::{Case, Parameters, SMALLER, Xorshift32, check, convolve, depthwise, pointwise};
use crate::requantise::Requantisation;

prop_compose! {
    fn cases()(
        seed in 1u32.., channels in (1usize..40 / SMALLER, 1usize..100 / SMALLER), kernel in 1usize..4, stride in 1usize..4,
        pad in 0usize..2, borders in (0usize..2, 0usize..2), zeros in (any::<u8>(), any::<u8>()),
        spread in 0.0f32..3.0, relu in any::<bool>(), size in (1usize..9, 1usize..40 / SMALLER),
    ) -> Case {
        let size = (size.0.max(kernel), size.1.max(kernel));
        let pad = pad.min(kernel - 1);
        Case { seed, channels, size, kernel, stride, pad, borders, zeros, spread, relu }
    }
}

/// What the definition says, with sums in i64 and requantisation in f64 on the float32 product; `per_group` is the
/// number of input channels that an output sees.
fn by_definition(case: &Case, plain: &[u8], p: &Parameters, per_group: usize) -> Vec<u8> {
    let (input, output) = case.layouts();
    let (k, out) = (case.kernel, case.output());
    let mut result = Vec::new();
    for o in 0..output.channels {
        let first = if per_group < input.channels { o } else { 0 };
        for (y, x) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
            let mut sum = i64::from(p.bias[o]);
            for c in 0..per_group {
                for (ky, kx) in (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))) {
                    let (iy, ix) = (y * case.stride + ky, x * case.stride + kx);
                    let inside = |i: usize, n: usize| i >= case.pad && i < n + case.pad;
                    if inside(iy, input.height) && inside(ix, input.width) {
                        let at = ((first + c) * input.height + iy - case.pad) * input.width + ix - case.pad;
                        let w = p.weights[((o * per_group + c) * k + ky) * k + kx];
                        sum += (i64::from(plain[at]) - i64::from(case.zeros.0)) * i64::from(w);
                    }
                }
            }
            let steps = f64::from(sum as f32 * p.scale[o]).round_ties_even();
            let clamped = steps.clamp(f64::from(out.lo), f64::from(out.hi));
            result.push((clamped as i32 + i32::from(out.zero)) as u8);
        }
    }
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 96 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolution_equals_the_specification(case in cases()) {
        let mut rng = Xorshift32::new(case.seed);
        let (input, output) = case.layouts();
        let (plain, data) = case.picture(&input, &mut rng);
        let p = case.parameters(output.channels, input.channels, &mut rng);
        let spec = convolve(&Scalar, &case, &p, &data).unwrap();
        let mut flat = vec![0; output.channels * output.height * output.width];
        output.export(&spec, 0, &mut flat);
        prop_assert_eq!(flat, by_definition(&case, &plain, &p, input.channels));
        for kernel in available() {
            prop_assert!(convolve(kernel, &case, &p, &data).unwrap() == spec, "{}", kernel.name());
        }
    }

    #[test]
    fn depthwise_equals_the_specification(case in cases()) {
        let case = Case { channels: (case.channels.0, case.channels.0), ..case };
        let mut rng = Xorshift32::new(case.seed);
        let (input, output) = case.layouts();
        let (plain, data) = case.picture(&input, &mut rng);
        let p = case.parameters(output.channels, 1, &mut rng);
        let expected = by_definition(&case, &plain, &p, 1);
        for kernel in available() {
            let result = depthwise(kernel, &case, &p, &data).unwrap();
            let mut flat = vec![0; expected.len()];
            output.export(&result, 0, &mut flat);
            prop_assert!(flat == expected, "{}", kernel.name());
        }
    }

    #[test]
    fn pointwise_equals_the_specification(case in cases()) {
        let mut rng = Xorshift32::new(case.seed);
        let (mut source, _) = case.layouts();
        source.border = case.borders.0;
        let (_, data) = case.picture(&source, &mut rng);
        let spec = pointwise(&Scalar, &case, &data, &mut rng.clone());
        for kernel in available() {
            prop_assert!(pointwise(kernel, &case, &data, &mut rng.clone()) == spec, "{}", kernel.name());
        }
    }
}

#[test]
fn known_answers_hold_for_every_kernel() {
    let rounds = if cfg!(miri) { 2 } else { 40 };
    for kernel in available() {
        check(kernel, rounds).unwrap();
    }
}

#[test]
fn rounding_is_half_to_even_and_saturates() {
    let output = Requantisation { zero: 10, lo: -10.0, hi: 245.0 };
    let bytes: Vec<u8> = [0.5, 1.5, 2.5, -0.5, -1.5, 1e9, -1e9, 244.6, f32::INFINITY]
        .into_iter()
        .map(|v| output.quantise(v))
        .collect();
    assert_eq!(bytes, [10, 12, 12, 10, 8, 255, 0, 255, 255]);
}
