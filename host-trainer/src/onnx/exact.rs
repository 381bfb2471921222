//! Rounds factors so that products and sums are exact in float32: every engine then gives the same bytes.
//!
//! The scales of activations and weights are powers of two: a product of two 8-bit integers times its scales, and any sum
//! below 2^24 of such products, is then a float32 without rounding, in whatever order it is summed, and dividing by
//! the scale of the result is exact as well. What a float engine computes from dequantised numbers is therefore bit for
//! bit what integer arithmetic gives. The price is a coarser scale, by a factor between 1 and 2 (Jain 2020, arXiv
//! 1903.08066, train such scales; here they are chosen by squared error).

/// The least power of two that is not below `value`, which must be a normal float32 above zero.
pub(crate) fn power_of_two(value: f64) -> f32 {
    2.0_f64.powi(value.log2().ceil() as i32) as f32
}

/// Bits of a factor; with the 8 of an activation they allow the sum of four in the 24 of a float32.
const FACTOR_BITS: i32 = 12;

const SUMMAND_BITS: i32 = 22;

/// Factor and summand of one channel, rounded to a common unit such that `x · factor + summand` is exact for every
/// 8-bit `x` of that `step`.
pub(crate) fn affine(factor: f32, summand: f32, step: f32) -> (f32, f32) {
    let exponent = |value: f64| if value == 0.0 { -1000 } else { value.abs().log2().floor() as i32 };
    let (product, summand) = (f64::from(factor) * f64::from(step), f64::from(summand));
    let unit = (exponent(product) - FACTOR_BITS + 1).max(exponent(summand) - SUMMAND_BITS + 1);
    // Below this a unit is no float32; such numbers are zero beside any step that occurs.
    let unit = 2.0_f64.powi(unit.max(-120));
    let rounded = |value: f64| (value / unit).round_ties_even() * unit;
    ((rounded(product) / f64::from(step)) as f32, rounded(summand) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_by_hand() {
        assert_eq!(power_of_two(6.0 / 255.0), 0.03125);
        assert_eq!(power_of_two(0.25), 0.25);
        assert_eq!(power_of_two(1.1), 2.0);
    }

    #[test]
    fn affine_by_hand() {
        // .3 · 2^-2 = 1.2 · 2^-4: a unit of 2^-15. .075 / 2^-15 = 2457.6 -> 2458; .1 / 2^-15 = 3276.8 -> 3277.
        let unit = 2.0_f32.powi(-15);
        assert_eq!(affine(0.3, 0.1, 0.25), (2458.0 * unit * 4.0, 3277.0 * unit));
        // A large summand makes the unit coarser: 1000 has the exponent 9, 9 - 21 = -12.
        let unit = 2.0_f32.powi(-12);
        assert_eq!(affine(0.3, 1000.1, 0.25), (307.0 * unit * 4.0, (1000.1 / unit).round() * unit));
        assert_eq!(affine(0.0, 0.5, 1.0), (0.0, 0.5));
    }

    #[test]
    fn every_product_and_sum_is_exact() {
        for (factor, summand, step) in [(0.37, -1.9, 0.0625), (-3.1e-3, 0.8, 0.25), (41.7, 1e-4, 0.015625)] {
            let (factor, summand) = affine(factor, summand, step);
            for q in -255..=255 {
                let x = q as f32 * step;
                let exact = f64::from(x) * f64::from(factor) + f64::from(summand);
                assert_eq!(f64::from(x * factor + summand), exact);
            }
        }
    }
}
