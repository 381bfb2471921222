//! McNemar's test: whether two classifiers differ in accuracy on the same images.

use serde::{Deserialize, Serialize};

/// Images by which of two classifiers, A and B, is right, and McNemar's test (McNemar 1947,
/// doi 10.1007/BF02295996) that both are right equally often.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    pub both_right: u64,
    pub only_a_right: u64,
    pub only_b_right: u64,
    pub both_wrong: u64,
    /// Two-sided p value of the exact binomial test. It never rejects too often, rather too seldom.
    pub p_exact: f64,
    /// The mid-p value: half of what was observed counts. It keeps its level nearly always and finds more than
    /// the exact test (Fagerland 2013, doi 10.1186/1471-2288-13-91).
    pub p_mid: f64,
}

/// The test; for each image, whether A and whether B is correct.
pub fn mcnemar(right: impl IntoIterator<Item = (bool, bool)>) -> McNemar {
    let (mut both_right, mut only_a_right, mut only_b_right, mut both_wrong) = (0, 0, 0, 0);
    for outcome in right {
        let cell = match outcome {
            (true, true) => &mut both_right,
            (true, false) => &mut only_a_right,
            (false, true) => &mut only_b_right,
            (false, false) => &mut both_wrong,
        };
        *cell += 1;
    }
    let (n, fewer) = (only_a_right + only_b_right, only_a_right.min(only_b_right));
    let (tail, observed) = half_binomial(n, fewer);
    // With equal counts the observed outcome lies in both tails and is counted once.
    let p_exact = (2.0 * tail).min(1.0);
    let p_mid = (2.0 * tail - observed).min(1.0);
    McNemar { both_right, only_a_right, only_b_right, both_wrong, p_exact, p_mid }
}

/// Of `n` tosses of a fair coin: the chance of at most `k` heads, and of exactly `k`. Summed by logarithms, since
/// 2⁻ⁿ underflows beyond 1074 tosses.
fn half_binomial(n: u64, k: u64) -> (f64, f64) {
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = log.exp();
    for i in 1..=k {
        log += ((n - i + 1) as f64 / i as f64).ln();
        tail += log.exp();
    }
    (tail, log.exp())
}
