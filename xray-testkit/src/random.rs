//! Random numbers that are the same in every run.
//!
//! [`seeded`] is for tests. Where a script in another language must draw the same numbers, [`hashed_stream`] and
//! [`hashed_by_index`] are simple enough to be written again there.

pub use rand::RngExt;
use rand::SeedableRng;

/// The generator of the tests.
pub type TestRng = rand_chacha::ChaCha8Rng;

/// A generator with this seed.
pub fn seeded(seed: u64) -> TestRng {
    TestRng::seed_from_u64(seed)
}

/// `count` numbers in [0, 1), the first of the SplitMix64 generator that FNV-1a of `name` seeds; 24 bits each. The
/// same as `uniform` in `export_fixtures.py`.
pub fn hashed_stream(name: &str, count: usize) -> Vec<f64> {
    let seed = fnv_1a(name);
    (1..=count as u64).map(|i| unit(mix(seed.wrapping_add(i.wrapping_mul(GOLDEN))))).collect()
}

/// `count` numbers in [0, 1), each the first of the SplitMix64 generator seeded with FNV-1a of `name` plus its index; 24
/// bits each. The same as `uniform` in `backbones.py`.
pub fn hashed_by_index(name: &str, count: usize) -> Vec<f64> {
    let seed = fnv_1a(name);
    (0..count as u64).map(|i| unit(mix(seed.wrapping_add(i).wrapping_add(GOLDEN)))).collect()
}

/// 2^64 over the golden ratio, the step of SplitMix64 (Steele 2014, doi 10.1145/2660193.2660195).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn fnv_1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The output function of SplitMix64.
fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The upper 24 bits as a fraction.
fn unit(bits: u64) -> f64 {
    (bits >> 40) as f64 / f64::from(1 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_of_fnv_and_splitmix() {
        // http://www.isthe.com/chongo/tech/comp/fnv/, and Vigna's splitmix64.c from state 0.
        assert_eq!(fnv_1a("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(mix(GOLDEN), 0xe220_a839_7b1d_cdaf);
        assert_eq!(hashed_stream("a", 1), hashed_by_index("a", 1));
    }
}
