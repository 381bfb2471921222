//! Histogram equalisation of a whole image.

/// How many pixels have each level.
pub(super) fn count<'a>(levels: impl IntoIterator<Item = &'a u8>) -> [u32; 256] {
    let mut counts = [0; 256];
    levels.into_iter().for_each(|level| counts[usize::from(*level)] += 1);
    counts
}

/// Spreads the levels so that the sums of their counts grow evenly: the darkest one becomes 0, the brightest 255.
/// An image of one level stays as it is.
pub(super) fn equalise(grey: &[u8]) -> Vec<u8> {
    let counts = count(grey);
    let Some(darkest) = counts.iter().position(|count| *count > 0) else { return Vec::new() };
    let brighter = grey.len() - counts[darkest] as usize;
    if brighter == 0 {
        return grey.to_vec();
    }
    let scale = 255.0 / brighter as f32;
    let mut table = [0u8; 256];
    let mut below = 0u32;
    for level in darkest + 1..256 {
        below += counts[level];
        table[level] = (below as f32 * scale).round_ties_even().min(255.0) as u8;
    }
    grey.iter().map(|level| table[usize::from(*level)]).collect()
}

#[cfg(test)]
mod tests {
    use super::equalise;

    #[test]
    fn four_levels_by_hand() {
        // Of eight pixels four are darkest: the counts above it, 1, 2 and 1 of 4, sum to 1/4, 3/4 and 1 of 255.
        assert_eq!(equalise(&[9, 9, 9, 9, 10, 200, 200, 201]), [0, 0, 0, 0, 64, 191, 191, 255]);
    }

    #[test]
    fn one_level_stays() {
        assert_eq!(equalise(&[77; 5]), [77; 5]);
    }
}
