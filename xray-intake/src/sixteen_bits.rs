//! Samples of more than eight bits: to eight, and whether they use their range.

use crate::IntakeProblem;

/// The nearest of 256 levels, where 65535 is white.
pub(crate) fn to_eight(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

/// Whether samples use more than a quarter of the range from 0 (black) to `white`. Detectors give 10 to 14 bits;
/// programs that store them in 16 without scaling make a picture that is nearly black, and models take darkness for
/// disease. A picture of one level is left to whoever looks for blank ones.
///
/// # Errors
/// [`IntakeProblem::ValueRange`].
pub(crate) fn check_range(samples: impl Iterator<Item = u16>, white: u16) -> Result<(), IntakeProblem> {
    let (lowest, highest) =
        samples.fold((u16::MAX, 0), |(low, high), sample| (low.min(sample), high.max(sample)));
    let quarter = (u32::from(white) + 1) / 4;
    if lowest < highest && u32::from(highest - lowest) < quarter {
        return Err(IntakeProblem::ValueRange { lowest, highest, white });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_range_is_too_little() {
        let check = |samples: &[u16], white| check_range(samples.iter().copied(), white).is_ok();
        assert!(!check(&[0, 16_383], u16::MAX));
        assert!(check(&[0, 16_384], u16::MAX));
        assert!(!check(&[60_000, 65_535], u16::MAX));
        assert!(check(&[0, 1023], 1023));
        assert!(!check(&[0, 1023], 4095));
        // Blank, which is another question.
        assert!(check(&[7, 7], u16::MAX));
    }

    #[test]
    fn eight_bits_by_rounding() {
        let found = [0, 128, 129, 257, 32_896, 65_535].map(to_eight);
        assert_eq!(found, [0, 0, 1, 1, 128, 255]);
    }
}
