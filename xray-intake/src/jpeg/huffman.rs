//! Bits and Huffman codes of entropy-coded data (annexes C and F.2.2), without anything made up after their end.

use super::damaged;
use crate::IntakeProblem;

/// Reads bits, the highest of a byte first, up to the next marker.
#[derive(Debug)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// Bits that were read and not yet taken, at the bottom.
    held: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, at: 0, held: 0, count: 0 }
    }

    /// Holds as many bits as there are, up to 32 at least.
    fn fill(&mut self) {
        if self.count <= 32
            && let Some(word) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<4>)
            && !word.contains(&0xff)
        {
            self.held = self.held << 32 | u64::from(u32::from_be_bytes(*word));
            self.at += 4;
            self.count += 32;
            return;
        }
        while self.count <= 32 {
            // A zero is stuffed after 0xff; anything else there is a marker.
            let step = match self.bytes.get(self.at..) {
                Some([0xff, 0x00, ..]) => 2,
                Some([0xff, ..] | []) | None => return,
                Some(_) => 1,
            };
            self.held = self.held << 8 | u64::from(self.bytes[self.at]);
            self.at += step;
            self.count += 8;
        }
    }

    /// Takes up to 16 bits.
    pub fn take(&mut self, bits: u32) -> Result<u32, IntakeProblem> {
        if self.count < bits {
            self.fill();
        }
        self.count = self.count.checked_sub(bits).ok_or(IntakeProblem::Truncated)?;
        Ok((self.held >> self.count) as u32 & ((1 << bits) - 1))
    }

    /// The next 16 bits without taking them; zeros stand for what is not there.
    fn peek(&mut self) -> u32 {
        if self.count < 16 {
            self.fill();
        }
        let bits =
            if self.count < 16 { self.held << (16 - self.count) } else { self.held >> (self.count - 16) };
        bits as u32 & 0xffff
    }

    /// Bytes of 0xff may stand before a marker (B.1.1.2).
    fn skip_fill_bytes(&mut self) {
        while let Some([0xff, 0xff, ..]) = self.bytes.get(self.at..) {
            self.at += 1;
        }
    }

    /// The number of bytes up to the marker that ends the data, which must come next.
    pub fn end(&mut self) -> Result<usize, IntakeProblem> {
        self.fill();
        self.skip_fill_bytes();
        match self.bytes.get(self.at..) {
            Some([0xff, marker, ..]) if self.count < 8 && !(0xd0..=0xd7).contains(marker) => Ok(self.at),
            Some([_, _, ..]) => Err(damaged("codes are left behind its last pixel")),
            _ => Err(IntakeProblem::Truncated),
        }
    }

    /// Steps over the restart marker of this number (0 to 7), which must come next.
    pub fn restart(&mut self, number: u8) -> Result<(), IntakeProblem> {
        // What is held of the last byte is padding; more than that is data that nobody asked for.
        self.fill();
        self.skip_fill_bytes();
        match self.bytes.get(self.at..) {
            Some([0xff, marker, ..]) if self.count < 8 && *marker == 0xd0 + number => {
                (self.at, self.held, self.count) = (self.at + 2, 0, 0);
                Ok(())
            }
            Some([_, _, ..]) => Err(damaged("a restart marker is not where it should be")),
            _ => Err(IntakeProblem::Truncated),
        }
    }
}

/// A table of Huffman codes.
#[derive(Debug, Clone)]
pub(crate) struct Huffman {
    /// Value and length of the code that eight bits begin with; length 0 if it is longer.
    short: [(u8, u8); 256],
    /// For each length from 1: the first code beyond those of this length, and what to add to a code to find its
    /// value's place. Codes of a length are consecutive.
    lengths: [(u32, i32); 16],
    values: Vec<u8>,
}

impl Huffman {
    /// The table of a DHT segment: sixteen counts, then the values. `None` if there are more codes than bits allow.
    pub fn new(counts: [u8; 16], values: &[u8]) -> Option<Self> {
        let mut lengths = [(0, 0); 16];
        let mut short = [(0, 0); 256];
        let (mut code, mut place) = (0_u32, 0_usize);
        for (index, count) in counts.into_iter().enumerate() {
            let length = index as u32 + 1;
            let first = code;
            for value in values.get(place..place + usize::from(count))? {
                if length <= 8 {
                    let from = (code << (8 - length)) as usize;
                    short.get_mut(from..from + (1 << (8 - length)))?.fill((*value, length as u8));
                }
                code += 1;
            }
            if code > 1 << length {
                return None;
            }
            lengths[index] = (code, place as i32 - first as i32);
            place += usize::from(count);
            code <<= 1;
        }
        Some(Huffman { short, lengths, values: values.get(..place)?.to_vec() })
    }

    /// Takes one code of AC coefficients and the bits of the coefficient, as many as its low half says. Gives its value.
    pub fn skip_coefficient(&self, bits: &mut BitReader<'_>) -> Result<u8, IntakeProblem> {
        if bits.count < 32 {
            bits.fill();
        }
        if bits.count >= 32 {
            let (value, length) = self.short[usize::from((bits.held >> (bits.count - 8)) as u8)];
            if length > 0 {
                // At most 8 and 15.
                bits.count -= u32::from(length) + u32::from(value & 15);
                return Ok(value);
            }
        }
        let value = self.decode(bits)?;
        bits.take(u32::from(value & 15))?;
        Ok(value)
    }

    /// Takes one code and gives its value.
    pub fn decode(&self, bits: &mut BitReader<'_>) -> Result<u8, IntakeProblem> {
        let next = bits.peek();
        let (value, length) = self.short[(next >> 8) as usize];
        if length > 0 {
            return bits.take(u32::from(length)).map(|_| value);
        }
        for length in 9..=16 {
            let code = next >> (16 - length);
            let (beyond, offset) = self.lengths[length as usize - 1];
            if code < beyond {
                let value = self.values.get((code as i32 + offset) as usize);
                bits.take(length)?;
                return value.copied().ok_or_else(|| damaged("a code has no value"));
            }
        }
        // Zeros that stand for missing bits are no damage.
        bits.take(16)?;
        Err(damaged("it holds a code that its tables do not know"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_end_where_the_data_end() {
        let mut bits = BitReader::new(&[0b1010_0101, 0xff, 0x00, 0x80, 0xff, 0xd9]);
        let taken: Vec<_> = [1, 3, 4, 8, 1, 7].map(|count| bits.take(count)).into();
        assert_eq!(taken, [1, 0b010, 0b0101, 0xff, 1, 0].map(Ok));
        assert_eq!(bits.take(1), Err(IntakeProblem::Truncated));
    }

    #[test]
    fn codes_of_the_standard() {
        // Table K.3, luminance DC: category 0 is 00, 1 to 5 are 010 to 110, 11 is 111111110.
        let counts = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let table = Huffman::new(counts, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).expect("a table");
        // 00 010 110 111111110 1 11: the last two bits are no code.
        let mut bits = BitReader::new(&[0b0001_0110, 0b1111_1111, 0x00, 0b0111_1111]);
        let found: Vec<_> = (0..4).map(|_| table.decode(&mut bits)).collect();
        assert_eq!(found, [Ok(0), Ok(1), Ok(5), Ok(11)]);
        assert_eq!(table.decode(&mut bits), Err(IntakeProblem::Truncated));
        // Three codes of one bit.
        assert!(Huffman::new([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_none());
    }
}
