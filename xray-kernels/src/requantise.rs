//! From sums to bytes.

/// How an int32 sum becomes an 8-bit activation: `clamp(round_half_even(sum * scale), lo, hi) + zero`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requantisation {
    /// Zero point of the result.
    pub zero: u8,
    /// Least value before the zero point is added (a ReLU has 0); an integer, at least `-zero`.
    pub lo: f32,
    /// Greatest value before the zero point is added; an integer, at most `255 - zero`.
    pub hi: f32,
}

/// Adding it to a float of magnitude below 2^22 leaves the value, rounded half to even, in the low bits.
const ROUND: f32 = 12_582_912.0;

impl Requantisation {
    /// The byte for `value`, a real number in steps of the result. This is the specification of rounding.
    #[inline(always)]
    pub fn quantise(&self, value: f32) -> u8 {
        let low = if value > self.lo { value } else { self.lo };
        let clamped = if low < self.hi { low } else { self.hi };
        ((clamped + ROUND).to_bits() as u8).wrapping_add(self.zero)
    }
}
