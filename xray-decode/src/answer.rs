//! What a child answers, and how it is checked.
//!
//! All numbers are big endian.
//!
//! ```text
//! "XRAYDEC1"
//! confinement       1 byte
//! elements          2 bytes: how many; each: group 2, element 2, length 2, value
//! outcome           1 byte: 0 image, 1 refused
//! refused: code     2 bytes length, text;  words  2 bytes length, text
//! image:   width 4, height 4, channels 1 (1 or 3), corners 1 (0 or 1; 8 × 8 bytes), samples
//! ```
//!
//! Nothing follows, but the answers of a child that decodes many files follow one another.

use std::io::{self, Read, Write};

use dicom_core::Tag;
use xray_intake::{MAX_PIXELS, MAX_SIDE, MIN_SIDE, Pixels, Radiograph, printable};

use crate::code;
use crate::confine::Confinement;
use crate::error::{DecodeError, StopReason};
use crate::identity::{Identity, MAX_ELEMENTS, MAX_VALUE_BYTES};

const MAGIC: [u8; 8] = *b"XRAYDEC1";
/// What is wrong with an answer of a child that ended before it had written all of it.
pub(crate) const ENDS_EARLY: &str = "it ends early";
/// Longest text of a refusal, in bytes.
const MAX_WORDS_BYTES: usize = 2048;

/// What a child answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What the child could do to limit itself.
    pub confinement: Confinement,
    /// What the file says of patient and study; empty unless it was asked for.
    pub identity: Identity,
    /// The image, or why the file was refused.
    pub image: Result<DecodedImage, DecodeError>,
}

/// An image as a child gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedImage {
    /// The image, within the limits of [`xray_intake`].
    pub radiograph: Radiograph,
    /// Where a film's corners were in the photograph: x and y in pixels, from the top left on, clockwise. None for a
    /// picture from which no film was cut.
    pub corners: Option<[[f64; 2]; 4]>,
}

impl Answer {
    /// Writes it as a child does.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut head = MAGIC.to_vec();
        head.push(self.confinement.to_byte());
        head.extend(length(self.identity.elements().len())?);
        for (Tag(group, element), value) in self.identity.elements() {
            head.extend([group.to_be_bytes(), element.to_be_bytes(), length(value.len())?].concat());
            head.extend(value);
        }
        match &self.image {
            Err(error) => {
                let words = error.to_string();
                let end = words.floor_char_boundary(MAX_WORDS_BYTES);
                head.push(1);
                for text in [error.code(), &words[..end]] {
                    head.extend(length(text.len())?);
                    head.extend(text.as_bytes());
                }
                out.write_all(&head)?;
            }
            Ok(DecodedImage { radiograph, corners }) => {
                let (channels, samples) = match radiograph.pixels() {
                    Pixels::Grey(samples) => (1, samples),
                    Pixels::Rgb(samples) => (3, samples),
                };
                head.push(0);
                head.extend([radiograph.width().to_be_bytes(), radiograph.height().to_be_bytes()].concat());
                head.extend([channels, u8::from(corners.is_some())]);
                corners.iter().flatten().flatten().for_each(|along| head.extend(along.to_be_bytes()));
                out.write_all(&head)?;
                out.write_all(samples)?;
            }
        }
        out.flush()
    }

    /// Reads the answer of a child that is not trusted. No more memory is taken than an image within the limits needs.
    ///
    /// # Errors
    /// [`StopReason::Answer`] says which rule it breaks; an error of `from` counts as its end.
    pub fn read(from: &mut impl Read) -> Result<Answer, StopReason> {
        let answer = Answer::read_next(from)?;
        AnswerReader(from).end()?;
        Ok(answer)
    }

    /// As [`Answer::read`], where others may follow.
    pub(crate) fn read_next(from: &mut impl Read) -> Result<Answer, StopReason> {
        let mut reader = AnswerReader(from);
        if reader.array::<8>()? != MAGIC {
            return Err(broken("another beginning"));
        }
        let confinement = Confinement::from_byte(reader.byte()?);
        let identity = reader.identity()?;
        let image = match reader.byte()? {
            0 => Ok(reader.image()?),
            1 => Err(reader.refusal()?),
            _ => return Err(broken("neither an image nor a refusal")),
        };
        Ok(Answer { confinement, identity, image })
    }
}

fn length(length: usize) -> io::Result<[u8; 2]> {
    u16::try_from(length).map(u16::to_be_bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn broken(what: &'static str) -> StopReason {
    StopReason::Answer { what }
}

struct AnswerReader<'a, R>(&'a mut R);

impl<R: Read> AnswerReader<'_, R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), StopReason> {
        self.0.read_exact(bytes).map_err(|_| broken(ENDS_EARLY))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StopReason> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, StopReason> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn short(&mut self) -> Result<u16, StopReason> {
        self.array().map(u16::from_be_bytes)
    }

    fn bytes(&mut self, longest: usize) -> Result<Vec<u8>, StopReason> {
        let length = usize::from(self.short()?);
        if length > longest {
            return Err(broken("a text is too long"));
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn identity(&mut self) -> Result<Identity, StopReason> {
        let mut identity = Identity::default();
        let count = usize::from(self.short()?);
        if count > MAX_ELEMENTS {
            return Err(broken("too many elements"));
        }
        for _ in 0..count {
            let tag = Tag(self.short()?, self.short()?);
            if !identity.add(tag, self.bytes(MAX_VALUE_BYTES)?) {
                return Err(broken("an element that was not asked for"));
            }
        }
        Ok(identity)
    }

    fn refusal(&mut self) -> Result<DecodeError, StopReason> {
        let code = self.bytes(MAX_WORDS_BYTES)?;
        let words = self.bytes(MAX_WORDS_BYTES)?;
        let code = std::str::from_utf8(&code).ok().and_then(code::constant).ok_or(broken("no code"))?;
        let words = String::from_utf8(words).map_err(|_| broken("no text"))?;
        if words.is_empty() || printable(&words) != words {
            return Err(broken("no text"));
        }
        Ok(DecodeError::Refused { code, words })
    }

    fn image(&mut self) -> Result<DecodedImage, StopReason> {
        let [width, height] = [self.array()?, self.array()?].map(u32::from_be_bytes);
        let channels = self.byte()?;
        let side = MIN_SIDE..=MAX_SIDE;
        let pixels = u64::from(width) * u64::from(height);
        if !side.contains(&width) || !side.contains(&height) || pixels > MAX_PIXELS {
            return Err(broken("a size outside the limits"));
        }
        let corners = match self.byte()? {
            0 => None,
            1 => Some(self.corners()?),
            _ => return Err(broken("neither corners nor none")),
        };
        let samples =
            usize::try_from(pixels * u64::from(channels)).map_err(|_| broken("too many samples"))?;
        let mut all = Vec::new();
        let new = match channels {
            1 => Pixels::Grey,
            3 => Pixels::Rgb,
            _ => return Err(broken("neither grey nor colour")),
        };
        all.try_reserve_exact(samples).map_err(|_| broken("too many samples"))?;
        let read = self.0.by_ref().take(samples as u64).read_to_end(&mut all);
        if read.ok() != Some(samples) {
            return Err(broken(ENDS_EARLY));
        }
        let radiograph = Radiograph::new(width, height, new(all)).map_err(|_| broken("no image"))?;
        Ok(DecodedImage { radiograph, corners })
    }

    fn corners(&mut self) -> Result<[[f64; 2]; 4], StopReason> {
        let mut corners = [[0.0; 2]; 4];
        for along in corners.iter_mut().flatten() {
            *along = f64::from_be_bytes(self.array()?);
            // A photograph has no side that is longer; the corners of a film lie in it.
            if !(0.0..=f64::from(MAX_SIDE)).contains(along) {
                return Err(broken("a corner outside the picture"));
            }
        }
        Ok(corners)
    }

    fn end(&mut self) -> Result<(), StopReason> {
        match self.0.read(&mut [0]) {
            Ok(0) => Ok(()),
            _ => Err(broken("it is too long")),
        }
    }
}

#[cfg(test)]
mod tests;
