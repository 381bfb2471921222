//! How elements are written, told from the elements themselves where a file does not say so, or says so wrongly.

use super::transfer_syntax::ElementEncoding;

/// Value representations (PS3.5, table 6.2-1).
const KNOWN: &[u8] = b"AEASATCSDADSDTFDFLISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV";

/// Longest value of an element at the beginning of a data set, in bytes.
const LONGEST: u32 = 4096;

/// Whether two bytes name a value representation.
pub(super) fn is_representation(bytes: &[u8]) -> bool {
    bytes.len() == 2 && KNOWN.chunks_exact(2).any(|known| known == bytes)
}

/// How the elements from `start` on are written in a little-endian file that says `declared`.
pub(super) fn of(bytes: &[u8], start: usize, declared: ElementEncoding) -> ElementEncoding {
    let Some(field) = bytes.get(start + 4..start + 6) else { return declared };
    match (declared, is_representation(field)) {
        (ElementEncoding::ImplicitLittle, true) => ElementEncoding::ExplicitLittle,
        (ElementEncoding::ExplicitLittle, false) => ElementEncoding::ImplicitLittle,
        _ => declared,
    }
}

/// Whether the bytes are a data set alone, as old archives and some exports write it: two elements of the group 0008, in
/// order, with lengths that can be.
pub(super) fn is_bare_data_set(bytes: &[u8]) -> bool {
    let element = |at: usize| {
        let header: [u8; 8] = bytes.get(at..)?.first_chunk().copied()?;
        let number = u16::from_le_bytes([header[2], header[3]]);
        let length = if is_representation(&header[4..6]) {
            u32::from(u16::from_le_bytes([header[6], header[7]]))
        } else {
            u32::from_le_bytes([header[4], header[5], header[6], header[7]])
        };
        let valid = header[..2] == [8, 0] && number < 0x0100 && length <= LONGEST && length.is_multiple_of(2);
        valid.then_some((number, at + 8 + length as usize))
    };
    let pair = element(0).and_then(|(first, next)| Some((first, element(next)?.0)));
    pair.is_some_and(|(first, second)| first < second)
}

/// Where the next element begins, if the one of `group` whose value was thought to begin at `value` is a private one
/// that some programs write without its representation into an explicit file. What follows must look like an element.
pub(super) fn behind_implicit_private(bytes: &[u8], value: usize, group: u16) -> Option<usize> {
    if group.is_multiple_of(2) {
        return None;
    }
    // An unknown representation was read as UN, whose header has twelve bytes.
    let start = value.checked_sub(12)?;
    let header: [u8; 8] = bytes.get(start..)?.first_chunk().copied()?;
    if header[..2] != group.to_le_bytes() || is_representation(&header[4..6]) {
        return None;
    }
    let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let next = start + 8 + (length <= LONGEST).then_some(length as usize)?;
    let following = bytes.get(next..next + 6)?;
    let follows = u16::from_le_bytes([following[0], following[1]]) >= group;
    (follows && is_representation(&following[4..])).then_some(next)
}
