//! Tables from values to values (PS3.3, sections C.11.1 and C.11.2).

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::DicomProblem;
use super::data_set::{DataSet, Element, ElementMap};
use super::transfer_syntax::ElementEncoding;

/// A table that values are looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lut {
    /// The value that the first entry is for.
    first: i32,
    /// Bits of an entry, 8 to 16.
    bits: u16,
    /// Never empty.
    entries: Vec<u16>,
}

impl Lut {
    /// The table in the first item of a sequence. `signed` says whether values that are looked up may be negative, for
    /// files that do not tell the kind of the descriptor.
    ///
    /// # Errors
    /// [`DicomProblem`] if the table and its descriptor do not go together.
    pub fn of(
        set: &DataSet<'_>,
        item: &ElementMap<'_>,
        signed: bool,
        element: &'static str,
    ) -> Result<Self, DicomProblem> {
        let invalid = |reason| DicomProblem::Invalid { element, reason };
        let find = |tag| item.0.get(&tag).ok_or(DicomProblem::Missing { element });
        let descriptor = find(tags::LUT_DESCRIPTOR)?;
        let &[a, b, c, d, e, f] = descriptor.bytes else {
            return Err(invalid("its descriptor does not hold three numbers"));
        };
        let (count, first, bits) = (set.word([a, b]), set.word([c, d]), set.word([e, f]));
        let signed = match (set.encoding, descriptor.vr) {
            (ElementEncoding::ImplicitLittle, _) => signed,
            (_, VR::SS) => true,
            (_, VR::US) => false,
            _ => return Err(invalid("its descriptor is of another kind than the standard says")),
        };
        let first = if signed { i32::from(first.cast_signed()) } else { i32::from(first) };
        if bits != 8 && !(10..=16).contains(&bits) {
            return Err(invalid("its entries are of a width that the standard does not know"));
        }
        let count = if count == 0 { 1 << 16 } else { usize::from(count) };
        let entries = entries(set, find(tags::LUT_DATA)?, count, bits)
            .ok_or_else(|| invalid("it holds another number of entries than its descriptor says"))?;
        // Some writers say 16 bits and store fewer (Agfa's CR): all of the picture would be black.
        let used = 16 - entries.iter().fold(0, |all, entry| all | entry).leading_zeros() as u16;
        let bits = if bits == 16 && (10..=14).contains(&used) { used } else { bits };
        Ok(Lut { first, bits, entries })
    }

    /// The entry for a value; the first or last for what lies outside.
    pub fn look_up(&self, value: f64) -> u16 {
        // A float becomes the nearest integer that there is, and NaN zero: no index is out of range.
        let index = (value - f64::from(self.first)) as usize;
        self.entries[index.min(self.entries.len() - 1)]
    }

    /// The largest value of an entry.
    pub fn highest(&self) -> u16 {
        u16::MAX >> (16 - self.bits)
    }
}

fn entries(set: &DataSet<'_>, data: &Element<'_>, count: usize, bits: u16) -> Option<Vec<u16>> {
    let bytes = data.bytes;
    if bytes.len() == 2 * count {
        let words = bytes.chunks_exact(2).map(|word| set.word([word[0], word[1]]));
        return Some(words.collect());
    }
    // Eight-bit entries may lie one a byte, padded to an even length.
    let bytewise = bits == 8 && !set.is_big_endian() && bytes.len() == count.next_multiple_of(2);
    bytewise.then(|| bytes[..count].iter().map(|byte| u16::from(*byte)).collect())
}
