//! PGM (Netpbm), plain (P2) and raw (P5), of up to 16 bits.

use crate::IntakeProblem;
use crate::radiograph::{Radiograph, check_size};
use crate::sixteen_bits;

/// Whether the bytes begin as those of a PGM do.
pub(crate) fn is_pgm(bytes: &[u8]) -> bool {
    bytes.starts_with(b"P2") || bytes.starts_with(b"P5")
}

/// The picture of a PGM file; of several the first.
///
/// # Errors
/// [`IntakeProblem::Truncated`] if a pixel is missing, [`IntakeProblem::Damaged`] for a header that is not valid or a
/// sample above white, and for a size or values outside the limits.
pub(crate) fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let mut text = Text { bytes, at: 2 };
    let (width, height) = (text.number()?, text.number()?);
    check_size(width, height)?;
    let white = text.number()?;
    let white = u16::try_from(white).ok().filter(|white| *white > 0);
    let white = white.ok_or_else(|| damaged("its white is not between 1 and 65535"))?;
    let pixels = width as usize * height as usize;
    let samples = match bytes[1] {
        b'2' => text.samples(pixels)?,
        // One white space follows the header.
        _ => raw(bytes.get(text.at + 1..).unwrap_or_default(), pixels, white)?,
    };
    if samples.iter().any(|sample| *sample > white) {
        return Err(damaged("a pixel is brighter than the white that its header names"));
    }
    if white > 255 {
        sixteen_bits::check_range(samples.iter().copied(), white)?;
    }
    let level = |sample: u16| {
        let (sample, white) = (u32::from(sample), u32::from(white));
        ((2 * 255 * sample + white) / (2 * white)) as u8
    };
    Radiograph::from_grey(width, height, samples.into_iter().map(level).collect())
}

fn raw(bytes: &[u8], pixels: usize, white: u16) -> Result<Vec<u16>, IntakeProblem> {
    let size = if white > 255 { 2 } else { 1 };
    let bytes = bytes.get(..pixels * size).ok_or(IntakeProblem::Truncated)?;
    Ok(match size {
        1 => bytes.iter().map(|byte| u16::from(*byte)).collect(),
        _ => bytes.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect(),
    })
}

/// Numbers, white space and comments, which reach from `#` to the end of their line.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Text<'_> {
    /// The next number. What is behind it is the one white space that ends it; of a comment, the end of its line.
    fn number(&mut self) -> Result<u32, IntakeProblem> {
        loop {
            match self.bytes.get(self.at).ok_or(IntakeProblem::Truncated)? {
                b'#' => self.skip_comment(),
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ => break,
            }
        }
        let start = self.at;
        let mut number = 0_u32;
        while let Some(digit) = self.bytes.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            let next = number.checked_mul(10).and_then(|n| n.checked_add(u32::from(digit - b'0')));
            number = next.ok_or_else(|| damaged("a number in it is too large"))?;
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            _ if start == self.at => return Err(damaged("it holds no number where one should be")),
            Some(b'#') => self.skip_comment(),
            None => {}
            Some(byte) if byte.is_ascii_whitespace() => {}
            Some(_) => return Err(damaged("it holds no number where one should be")),
        }
        Ok(number)
    }

    /// To the end of the line.
    fn skip_comment(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn samples(&mut self, pixels: usize) -> Result<Vec<u16>, IntakeProblem> {
        // Each has a digit and a white space: a short file takes little memory.
        if (self.bytes.len() - self.at) < 2 * pixels - 1 {
            return Err(IntakeProblem::Truncated);
        }
        let sample = |_| {
            let number = self.number()?;
            u16::try_from(number).map_err(|_| damaged("a number in it is too large"))
        };
        (0..pixels).map(sample).collect()
    }
}

fn damaged(reason: &str) -> IntakeProblem {
    IntakeProblem::Damaged { format: "PGM", reason: reason.to_owned() }
}
