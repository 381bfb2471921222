//! Whether levels of eight bits use the range from black to white.

use crate::IntakeProblem;

/// Fewer levels between dark and bright are a blank picture, which the quality gate names.
const BLANK: u8 = 24;

/// A quarter of the range: less is what seven bits and fewer leave in eight, and models take a flat picture for disease.
/// Of 6,321 real X-rays the flattest uses 85 levels.
const LEAST: u8 = 64;

/// Looks at the levels that one pixel in a hundred lies below and one above, so that a letter or a border does not count.
///
/// # Errors
/// [`IntakeProblem::ValueRange`] for a picture that is flat, but not blank.
pub(crate) fn check(levels: &[u8]) -> Result<(), IntakeProblem> {
    let mut counts = [0_usize; 256];
    levels.iter().for_each(|level| counts[usize::from(*level)] += 1);
    let outside = levels.len() / 100;
    let dark = first_beyond(outside, &counts, 0..=255);
    let bright = first_beyond(outside, &counts, (0..=255).rev());
    if (BLANK..LEAST).contains(&bright.saturating_sub(dark)) {
        let (lowest, highest) = (u16::from(dark), u16::from(bright));
        return Err(IntakeProblem::ValueRange { lowest, highest, white: 255 });
    }
    Ok(())
}

/// The first of `levels` at which more than `outside` pixels were counted.
fn first_beyond(outside: usize, counts: &[usize; 256], mut levels: impl Iterator<Item = u8>) -> u8 {
    let mut seen = 0;
    let found = levels.find(|level| {
        seen += counts[usize::from(*level)];
        seen > outside
    });
    found.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_of_a_quarter_of_the_range_are_refused_whatever_a_letter_adds() {
        let ramp = |from: u8, to: u8| (from..=to).flat_map(|level| [level; 10]).collect::<Vec<_>>();
        // Of 10 pixels a level, one pixel in a hundred is less than a level.
        assert!(check(&ramp(100, 164)).is_ok());
        let flat = IntakeProblem::ValueRange { lowest: 100, highest: 163, white: 255 };
        assert_eq!(check(&ramp(100, 163)), Err(flat.clone()));
        // Six white pixels are a letter.
        assert_eq!(check(&[ramp(100, 163), vec![255; 6]].concat()), Err(flat));
        assert!(check(&[ramp(100, 163), vec![255; 7]].concat()).is_ok());
        // Blank, which is another question.
        assert!(check(&ramp(100, 123)).is_ok() && check(&[7; 64]).is_ok() && check(&[]).is_ok());
    }
}
