//! How many decimals a probability needs beside a threshold: rounded alike, two numbers must not seem to contradict the
//! verdict.

/// Most decimals; a model's own numbers have no more that mean anything.
const MOST: usize = 9;

/// The fewest decimals, `least` at least, with which `value` differs from every one of `beside` that it does differ
/// from. All of them must be written with as many.
pub fn decimals(value: f64, beside: &[f64], least: usize) -> usize {
    let tells = |digits: &usize| {
        let digits = *digits;
        let written = format!("{value:.digits$}");
        beside.iter().all(|other| *other == value || format!("{other:.digits$}") != written)
    };
    (least..MOST).find(tells).unwrap_or(MOST.max(least))
}

/// The same for a record, beside its threshold and the band in which its model must not decide.
#[cfg(unix)]
pub fn decimals_of(entry: &crate::records::Entry, abstain: Option<(f64, f64)>, least: usize) -> usize {
    let mut beside = vec![entry.threshold];
    beside.extend(abstain.into_iter().flat_map(|(low, high)| [low, high]));
    entry.outcome.probability().map_or(least, |probability| decimals(probability, &beside, least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_rounded_onto_its_threshold() {
        for (value, beside, least, digits) in [
            (0.25, &[0.5][..], 3, 3),
            (0.4998, &[0.5], 3, 4),
            (0.4998, &[0.5], 4, 4),
            (0.5, &[0.5], 3, 3),
            // The first threshold needs three, the second six.
            (0.200_001, &[0.5, 0.2], 3, 6),
            (0.456_78, &[0.456_7], 3, 4),
            (0.5 - 1e-12, &[0.5], 3, 9),
        ] {
            assert_eq!(decimals(value, beside, least), digits, "{value} beside {beside:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_compares_as_the_numbers_do(a in 0.0..1.0f64, step in -0.01..0.01f64) {
            let b = a + step;
            let digits = decimals(a, &[b], 3);
            let written = |value: f64| format!("{value:.digits$}").parse::<f64>().expect("a number");
            if (a - b).abs() > 1e-9 {
                proptest::prop_assert_eq!(written(a) < written(b), a < b);
            }
        }
    }
}
