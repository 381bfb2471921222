//! The file's meta information (PS3.10, section 7.1): where the data set begins and how it is written.

use super::{DicomProblem, IMPLICIT, encoding};
use crate::IntakeProblem;

/// What the meta information says.
pub(super) struct FileMeta<'a> {
    /// Transfer Syntax UID (0002,0010).
    pub syntax: &'a str,
    /// Offset of the data set in the file.
    pub data_set: usize,
}

/// Value representations whose length takes four bytes after two that are reserved (PS3.5, table 7.1-1).
const LONG: [&[u8; 2]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];

/// A directory of other files (DICOMDIR), as Media Storage SOP Class UID.
const DIRECTORY: &[u8] = b"1.2.840.10008.1.3.10";

/// Walks group 0002 from `at` on, which should be explicit and is little endian. Not by its group length, which some
/// writers get wrong, but to the first element of another group. Without a syntax, that of the standard holds.
///
/// # Errors
/// [`IntakeProblem::Truncated`]; [`DicomProblem::NotARadiograph`] for a directory.
pub(super) fn read(bytes: &[u8], mut at: usize) -> Result<FileMeta<'_>, IntakeProblem> {
    let mut syntax = None;
    while bytes.get(at..at + 2) == Some(&[0x02, 0x00]) {
        let header = bytes.get(at..at + 8).ok_or(IntakeProblem::Truncated)?;
        let long = LONG.iter().any(|vr| vr[..] == header[4..6]);
        let (value, length) = if long {
            let field = bytes.get(at + 8..at + 12).ok_or(IntakeProblem::Truncated)?;
            (at + 12, u32::from_le_bytes([field[0], field[1], field[2], field[3]]) as usize)
        } else if !encoding::is_representation(&header[4..6]) {
            (at + 8, u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize)
        } else {
            (at + 8, usize::from(u16::from_le_bytes([header[6], header[7]])))
        };
        let end = value.checked_add(length).ok_or(IntakeProblem::Truncated)?;
        let content = bytes.get(value..end).ok_or(IntakeProblem::Truncated)?;
        if header[2..4] == [0x10, 0x00] {
            syntax = Some(content);
        }
        if header[2..4] == [0x02, 0x00] && content.starts_with(DIRECTORY) {
            let what = "a directory of other files (DICOMDIR)";
            return Err(DicomProblem::NotARadiograph { what }.into());
        }
        at = end;
    }
    let element = "Transfer Syntax UID";
    let syntax = syntax.unwrap_or(IMPLICIT.as_bytes());
    let syntax = std::str::from_utf8(syntax)
        .map_err(|_| DicomProblem::Invalid { element, reason: "it is no text" })?
        .trim_end_matches(['\0', ' ']);
    Ok(FileMeta { syntax, data_set: at })
}
