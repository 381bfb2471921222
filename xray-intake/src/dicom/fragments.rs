//! Coded pixels in fragments (PS3.5, annex A.4).

use super::reader::damaged;
use crate::IntakeProblem;

/// Tags of an item and of the end of a sequence, as they lie in a file.
const ITEM: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];
const END: [u8; 4] = [0xfe, 0xff, 0xdd, 0xe0];

/// The fragments that begin at `at`, without the table of offsets before them and without empty ones. Some writers leave
/// out the delimiter behind the last, or put zeros there: whether all of the image came is seen when it is decoded.
///
/// # Errors
/// [`IntakeProblem::Truncated`] within a fragment, [`IntakeProblem::Damaged`] if something else stands between them.
pub(super) fn read(bytes: &[u8], mut at: usize) -> Result<Vec<&[u8]>, IntakeProblem> {
    let mut fragments = Vec::new();
    let mut is_table = true;
    loop {
        let header = bytes.get(at..at + 8);
        let Some(&[a, b, c, d, l0, l1, l2, l3]) = header else {
            let rest = bytes.get(at..).unwrap_or_default();
            let closed = rest.iter().all(|byte| *byte == 0) && !fragments.is_empty();
            return if closed { Ok(fragments) } else { Err(IntakeProblem::Truncated) };
        };
        match [a, b, c, d] {
            END => return Ok(fragments),
            ITEM => {}
            [0, 0, 0, 0] if !fragments.is_empty() => return Ok(fragments),
            _ => return Err(damaged("a fragment of its pixels does not end where it should")),
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let end = (at + 8).checked_add(length).ok_or(IntakeProblem::Truncated)?;
        let fragment = bytes.get(at + 8..end).ok_or(IntakeProblem::Truncated)?;
        if !is_table && !fragment.is_empty() {
            fragments.push(fragment);
        }
        is_table = false;
        at = end;
    }
}
