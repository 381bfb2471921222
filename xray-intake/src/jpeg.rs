//! Whether a JPEG is whole. The decoder fills what is missing with grey, and a lung that is half grey must
//! not be read as healthy.

/// Whether the stream reaches its end-of-image marker. Walks the segments (ITU-T T.81, annex B), so that the
/// end marker of an embedded thumbnail does not count.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    const SOI: u8 = 0xd8;
    const EOI: u8 = 0xd9;
    const SOS: u8 = 0xda;
    let mut at = 0;
    let mut in_scan = false;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0xff)) {
        if !in_scan && offset != 0 {
            return false;
        }
        at += offset + 1;
        match bytes.get(at) {
            None => return false,
            // A stuffed zero or a restart marker inside the entropy-coded data, or a fill byte.
            Some(0x00 | 0xd0..=0xd7) => at += 1,
            Some(0xff) => {}
            Some(&EOI) => return true,
            Some(&SOI) | Some(0x01) => at += 1,
            Some(&marker) => {
                let Some(length) = bytes.get(at + 1..at + 3) else { return false };
                at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                in_scan = marker == SOS;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    const SCAN: [u8; 6] = [0xff, 0xda, 0x00, 0x03, 0x01, 0x42];

    #[test]
    fn end_marker_after_the_scan_is_whole() {
        let bytes = [&[0xff, 0xd8], &SCAN[..], &[0x11, 0xff, 0x00, 0xff, 0xd3, 0x22, 0xff, 0xd9]].concat();
        assert!(is_whole(&bytes));
        assert!(is_whole(&[&bytes[..], b"trailing bytes of a camera"].concat()));
    }

    #[test]
    fn every_shorter_prefix_is_cut_off() {
        let bytes = [&[0xff, 0xd8], &SCAN[..], &[0x11, 0xff, 0x00, 0x22, 0xff, 0xd9]].concat();
        for end in 0..bytes.len() {
            assert!(!is_whole(&bytes[..end]), "prefix of {end} bytes");
        }
    }

    #[test]
    fn end_marker_of_a_thumbnail_does_not_count() {
        let thumbnail = [0xff, 0xe1, 0x00, 0x06, 0xff, 0xd8, 0xff, 0xd9];
        let bytes = [&[0xff, 0xd8], &thumbnail[..], &SCAN[..], &[0x11, 0x22]].concat();
        assert!(!is_whole(&bytes));
    }
}
