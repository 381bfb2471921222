//! Weights of eight output channels at a time, for processors with registers of 256 bits.
//!
//! Without a dot product of bytes (before AVX-VNNI) the fastest multiplication is `vpmaddubsw`, which sums two
//! products of uint8 by int8 in 16 bits and saturates there. It is exact where it cannot saturate, and weights are
//! known when they are packed: if the positive weights of a lane sum to at most 128 and the negative ones to at least
//! -128, no activations from 0 to 255 bring the lane beyond 255 * 128 = 32640. Weights are mostly far smaller than 127,
//! so that not only two products fit but those of two to four lines, which then share one `vpmaddwd` to 32 bits.
//! [`Block8::pack`] sorts lines into such bins; a line that alone could saturate is taken as the sum of two.

/// Output channels in one register of sums.
pub const OUTPUTS: usize = 8;

/// Most lines in one bin.
pub const MOST: usize = 4;

/// Weights of eight output channels by four input channels at one tap: `[output][input]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(32))]
pub struct Strip(pub [i8; OUTPUTS * 4]);

/// Everything that eight output channels are multiplied by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block8 {
    strips: Vec<Strip>,
    sources: Vec<u32>,
    bins: [usize; MOST],
    reach: usize,
}

/// Lanes of 16 bits, those of positive sums and those of negative ones.
const SUMS: usize = 2 * OUTPUTS * 2;

/// Greatest sum of weights that stays within int16 whatever they are multiplied by.
const LIMIT: u8 = 128;

/// Bins that are open at a time; more make packing slower and hardly denser.
const OPEN: usize = 8;

/// Strips whose sum of products fits 16 bits.
#[derive(Debug, Clone, Copy)]
struct Bin {
    members: [usize; MOST],
    count: usize,
    sums: [u8; SUMS],
}

/// One strip, where its inputs are, and the sums of its weights.
type Bounded = (Strip, u32, [u8; SUMS]);

impl Block8 {
    /// One strip a bin, for an instruction that sums in 32 bits.
    pub fn plain(strips: &[(Strip, u32)]) -> Block8 {
        let mut block = Block8::with_capacity(strips.len());
        strips.iter().for_each(|(strip, source)| block.push(*strip, *source));
        block.bins[0] = strips.len();
        block
    }

    /// Bins for an instruction that sums in 16 bits.
    pub fn pack(strips: &[(Strip, u32)]) -> Block8 {
        let mut bounded: Vec<Bounded> = Vec::with_capacity(strips.len());
        for (strip, source) in strips.iter().filter(|(strip, _)| strip.0 != [0; OUTPUTS * 4]) {
            let (one, other) = split(strip);
            bounded.push((one, *source, sums(&one)));
            bounded.extend(other.map(|other| (other, *source, sums(&other))));
        }
        let mut bins = fill(&bounded);
        bins.sort_by_key(|bin| std::cmp::Reverse(bin.count));
        let mut block = Block8::with_capacity(bounded.len());
        for bin in bins {
            for member in &bin.members[..bin.count] {
                block.push(bounded[*member].0, bounded[*member].1);
            }
            block.bins[bin.count - 1] += 1;
        }
        block
    }

    fn with_capacity(strips: usize) -> Block8 {
        let (strips, sources) = (Vec::with_capacity(strips), Vec::with_capacity(strips));
        Block8 { strips, sources, ..Block8::default() }
    }

    /// Bins of [`MOST`] strips first, then those of fewer.
    pub fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// For each strip, the byte offset from an output pixel's source to the four inputs that it is multiplied by.
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// How many bins have one strip, two and so on; together they hold all strips.
    pub fn bins(&self) -> [usize; MOST] {
        self.bins
    }

    /// The largest of the sources.
    pub fn reach(&self) -> usize {
        self.reach
    }

    fn push(&mut self, strip: Strip, source: u32) {
        self.strips.push(strip);
        self.sources.push(source);
        self.reach = self.reach.max(source as usize);
    }
}

/// Sorts strips into bins, each into the first open one that has space.
fn fill(strips: &[Bounded]) -> Vec<Bin> {
    let mut open: Vec<Bin> = Vec::with_capacity(OPEN);
    let mut closed: Vec<Bin> = Vec::with_capacity(strips.len());
    for (index, (_, _, added)) in strips.iter().enumerate() {
        let Some(at) = open.iter().position(|bin| fits(&bin.sums, added)) else {
            if open.len() == OPEN {
                closed.push(open.remove(0));
            }
            open.push(Bin { members: [index; MOST], count: 1, sums: *added });
            continue;
        };
        let bin = &mut open[at];
        bin.members[bin.count] = index;
        bin.count += 1;
        bin.sums.iter_mut().zip(added).for_each(|(sum, more)| *sum += more);
        if bin.count == MOST {
            closed.push(open.remove(at));
        }
    }
    closed.extend(open);
    closed
}

/// Sums of the positive weights of each lane, then of the negative ones without their sign.
fn sums(strip: &Strip) -> [u8; SUMS] {
    let mut sums = [0u8; SUMS];
    let (positive, negative) = sums.split_at_mut(SUMS / 2);
    for (lane, pair) in strip.0.chunks_exact(2).enumerate() {
        for weight in pair {
            positive[lane] += (*weight).max(0).unsigned_abs();
            negative[lane] += (*weight).min(0).unsigned_abs();
        }
    }
    sums
}

fn fits(sums: &[u8; SUMS], more: &[u8; SUMS]) -> bool {
    let mut largest = 0;
    for (a, b) in sums.iter().zip(more) {
        largest = a.saturating_add(*b).max(largest);
    }
    largest <= LIMIT
}

/// The strip itself if no lane of it can saturate, else two that sum to it and cannot: where a lane could, each has
/// half of both weights, at most 64.
fn split(strip: &Strip) -> (Strip, Option<Strip>) {
    if sums(strip).iter().all(|sum| *sum <= LIMIT) {
        return (*strip, None);
    }
    let (mut one, mut other) = (*strip, Strip([0; OUTPUTS * 4]));
    for (one, other) in one.0.chunks_exact_mut(2).zip(other.0.chunks_exact_mut(2)) {
        if (i32::from(one[0]) + i32::from(one[1])).unsigned_abs() > u32::from(LIMIT) {
            for (one, other) in one.iter_mut().zip(other) {
                *other = *one / 2;
                *one -= *other;
            }
        }
    }
    (one, Some(other))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::self_test::Xorshift32;

    /// The sum of all products of output `o`, with `input` as the four inputs of every strip.
    fn product(strips: &[Strip], o: usize, input: [u8; 4]) -> i32 {
        let each = |s: &Strip| (0..4).map(|c| i32::from(s.0[o * 4 + c]) * i32::from(input[c])).sum::<i32>();
        strips.iter().map(each).sum()
    }

    #[test]
    fn bins_hold_every_weight_and_cannot_saturate() {
        let mut rng = Xorshift32::new(7);
        // Miri takes a minute for what takes the processor a millisecond.
        let (rounds, sources) = if cfg!(miri) { (2, 6) } else { (20, 50) };
        for round in 0..rounds {
            // From weights that are always at the ends of their range to small ones.
            let strips: Vec<(Strip, u32)> = (0..sources)
                .map(|source| (Strip(std::array::from_fn(|_| rng.weight() >> (round % 5))), source))
                .collect();
            let block = Block8::pack(&strips);
            assert_eq!(block.strips.len(), block.sources.len());
            assert_eq!(block.reach, sources as usize - 1);
            for (strip, source) in &strips {
                let mine = block.strips.iter().zip(&block.sources).filter(|(_, s)| *s == source);
                let parts: Vec<Strip> = mine.map(|(strip, _)| *strip).collect();
                for o in 0..OUTPUTS {
                    for input in [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]] {
                        assert_eq!(product(&parts, o, input), product(&[*strip], o, input));
                    }
                }
            }
            let mut rest = block.strips.as_slice();
            for size in (1..=MOST).rev() {
                for _ in 0..block.bins[size - 1] {
                    let (bin, after) = rest.split_at(size);
                    rest = after;
                    for lane in 0..2 * OUTPUTS {
                        let weights = bin.iter().flat_map(|s| &s.0[2 * lane..2 * lane + 2]);
                        let (up, down): (Vec<i32>, Vec<i32>) =
                            weights.map(|w| 255 * i32::from(*w)).partition(|product| *product > 0);
                        assert!(i16::try_from(up.iter().sum::<i32>()).is_ok());
                        assert!(i16::try_from(down.iter().sum::<i32>()).is_ok());
                    }
                }
            }
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn strips_by_hand() {
        let filled = |w: i8| Strip([w; OUTPUTS * 4]);
        // 16 + 16 in each lane: four strips reach 128, a fifth opens a bin. Zeros are left out.
        let strips: Vec<(Strip, u32)> = (0..5).map(|i| (filled(16), i)).chain([(filled(0), 9)]).collect();
        let block = Block8::pack(&strips);
        assert_eq!((block.bins(), block.reach()), ([1, 0, 0, 1], 4));
        // 127 + 127 saturates: 64 + 64 and 63 + 63, neither of which has space for the other.
        let block = Block8::pack(&[(filled(127), 0)]);
        assert_eq!(block.strips(), [filled(64), filled(63)]);
        assert_eq!(block.bins(), [2, 0, 0, 0]);
        // 127 - 127 does not.
        let mixed = Strip(std::array::from_fn(|i| if i % 2 == 0 { 127 } else { -127 }));
        assert_eq!(Block8::pack(&[(mixed, 0)]).strips(), [mixed]);
    }
}
