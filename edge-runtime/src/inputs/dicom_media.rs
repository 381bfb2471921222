//! What a DICOM medium holds beside its images: the directory, reports, the layout of a viewer. None of it holds a
//! picture, so none of it is a film that has no result.
//!
//! Only the file's own header is looked at (PS3.10, section 7.1); it is in explicit VR little endian, always.

/// Where the header begins: behind the preamble and its mark.
const HEADER: usize = 132;
/// Media Storage SOP Class UID.
const CLASS: [u8; 4] = [0x02, 0x00, 0x02, 0x00];
/// VRs whose length has four bytes behind two reserved ones (PS3.5, section 7.1.2).
const LONG: [&[u8; 2]; 12] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT"];

/// Media Storage Directory Storage, the class of DICOMDIR.
const DIRECTORY: &str = "1.2.840.10008.1.3.10";
/// Classes without a picture (PS3.4, annex B.5), by how their UIDs begin: waveforms, presentation states, structured
/// reports with key object selections, encapsulated documents.
const NO_PICTURE: [&str; 4] = [
    "1.2.840.10008.5.1.4.1.1.9.",
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.88.",
    "1.2.840.10008.5.1.4.1.1.104.",
];

/// Whether a DICOM file with these first bytes says that it holds no picture. One that does not say what it holds may
/// hold one.
pub(super) fn holds_no_picture(first: &[u8]) -> bool {
    let Some(class) = class(first) else { return false };
    class == DIRECTORY || NO_PICTURE.iter().any(|begin| class.starts_with(begin))
}

/// Whether a file begins as old DICOM files do, without a preamble: with the group of identification, or with the
/// length of the header.
pub(super) fn begins_without_preamble(first: &[u8]) -> bool {
    matches!(first, [0x08, 0x00, _, 0x00, ..]) || first.starts_with(b"\x02\0\0\0UL")
}

fn class(first: &[u8]) -> Option<&str> {
    let mut rest = first.get(HEADER..)?;
    loop {
        let (tag, vr) = (rest.get(..4)?, rest.get(4..6)?);
        let (length, at) = match LONG.iter().any(|long| long.as_slice() == vr) {
            true => (u32::from_le_bytes(rest.get(8..12)?.try_into().ok()?), 12),
            false => (u32::from(u16::from_le_bytes(rest.get(6..8)?.try_into().ok()?)), 8),
        };
        let end = usize::try_from(length).ok()?.checked_add(at)?;
        let value = rest.get(at..end)?;
        if tag == CLASS {
            return std::str::from_utf8(value).ok().map(|text| text.trim_end_matches(['\0', ' ']));
        }
        // Behind the header the class is not said any more.
        if tag.get(..2)? != [0x02, 0x00] {
            return None;
        }
        rest = rest.get(end..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header as PS3.10 lays it out: length of the group, version, class.
    fn header(class: &str) -> Vec<u8> {
        let mut class = class.as_bytes().to_vec();
        class.resize(class.len().next_multiple_of(2), 0);
        let length = u16::try_from(class.len()).expect("short").to_le_bytes();
        [
            &[0; 128][..],
            b"DICM",
            b"\x02\0\0\0UL\x04\0\x40\0\0\0",
            b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01",
            b"\x02\0\x02\0UI",
            &length,
            &class,
            b"\x02\0\x03\0UI\x02\0",
        ]
        .concat()
    }

    #[test]
    fn what_holds_no_picture_says_so() {
        for class in [
            "1.2.840.10008.1.3.10",
            "1.2.840.10008.5.1.4.1.1.11.1",
            "1.2.840.10008.5.1.4.1.1.88.11",
            "1.2.840.10008.5.1.4.1.1.88.59",
            "1.2.840.10008.5.1.4.1.1.104.1",
            "1.2.840.10008.5.1.4.1.1.9.1.1",
        ] {
            assert!(holds_no_picture(&header(class)), "{class}");
        }
        // Computed, digital and secondary capture images, and what begins like a class without a picture.
        for class in [
            "1.2.840.10008.5.1.4.1.1.1",
            "1.2.840.10008.5.1.4.1.1.1.1",
            "1.2.840.10008.5.1.4.1.1.7",
            "1.2.840.10008.1.3.100",
            "1.2.840.10008.5.1.4.1.1.9",
            "",
        ] {
            assert!(!holds_no_picture(&header(class)), "{class}");
        }
    }

    #[test]
    fn a_header_that_is_cut_off_or_lies_says_nothing() {
        let whole = header("1.2.840.10008.1.3.10");
        let class_ends = whole.len() - 8;
        for end in 0..class_ends {
            assert!(!holds_no_picture(&whole[..end]), "{end}");
        }
        let mut lies = whole.clone();
        lies[152..156].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(!holds_no_picture(&lies));
    }
}
