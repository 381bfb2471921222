//! A camera's JPEG as a file that any program reads.
//!
//! Cameras leave out the Huffman tables that are the same in every frame, and drivers leave bytes behind the end. Nothing
//! is decoded here: segments are checked through, and the coefficients stay as the camera made them.

use xray_intake::film;

use super::{MAX_FRAME_BYTES, ShotError};

const START: [u8; 2] = [0xff, 0xd8];
const END: u8 = 0xd9;
const TABLES: u8 = 0xc4;
const SCAN: u8 = 0xda;
const COMMENT: u8 = 0xfe;

/// The file: with the usual tables where there are none, with a comment that it shows a film where it does, without
/// the bytes behind its end.
///
/// # Errors
/// [`ShotError::Damaged`]
pub fn complete(bytes: &[u8], shows_film: bool) -> Result<Vec<u8>, ShotError> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(damaged("it is too large"));
    }
    if !bytes.starts_with(&START) {
        return Err(damaged("it does not begin as a JPEG does"));
    }
    let mut at = START.len();
    let (mut scan, mut has_tables) = (None, false);
    // A marker is 0xff, perhaps repeated, and a byte that is neither 0 nor 0xff.
    let end = loop {
        let (marker, behind) = marker(bytes, at).ok_or_else(|| damaged("it ends before its end"))?;
        match marker {
            END => break behind,
            TABLES if scan.is_none() => has_tables = true,
            SCAN if scan.is_none() => scan = Some(at),
            _ => {}
        }
        let length = bytes.get(behind..behind + 2).ok_or_else(|| damaged("it ends within a segment"))?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(damaged("a segment has no length"));
        }
        at = behind + length;
        if marker == SCAN {
            at = coefficients(bytes, at);
        }
    };
    let scan = scan.ok_or_else(|| damaged("it holds no picture"))?;
    let mut file = bytes[..scan].to_vec();
    if !has_tables {
        file.extend(usual_tables());
    }
    if shows_film {
        let text = format!("{}={}", film::KEYWORD, film::FILM);
        file.extend(segment(COMMENT, text.as_bytes()));
    }
    file.extend(&bytes[scan..end]);
    Ok(file)
}

fn damaged(reason: &str) -> ShotError {
    ShotError::Damaged { reason: reason.to_owned() }
}

/// The marker at a place, and the place behind it.
fn marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(at..)?;
    let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
    let kind = *rest.get(fill)?;
    (fill > 0 && kind != 0).then_some((kind, at + fill + 1))
}

/// The place behind coefficients: that of the next marker which is not a restart. A 0xff of theirs has a 0 behind it.
fn coefficients(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some([byte, next]) = bytes.get(at..at + 2) {
        if *byte == 0xff && !matches!(next, 0 | 0xd0..=0xd7 | 0xff) {
            break;
        }
        at += 1;
    }
    at
}

fn segment(kind: u8, data: &[u8]) -> Vec<u8> {
    let length = (data.len() + 2) as u16;
    [&[0xff, kind], &length.to_be_bytes()[..], data].concat()
}

/// The tables that motion JPEG takes for granted: ITU-T T.81, tables K.3 to K.6, as how many codes there are of each
/// length, and their values.
fn usual_tables() -> Vec<u8> {
    const FINE: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    let all: [(u8, [u8; 16], &[u8]); 4] = [
        (0x00, [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &FINE),
        (0x10, [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], &LUMA),
        (0x01, [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &FINE),
        (0x11, [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119], &CHROMA),
    ];
    let table = |(class, lengths, values): &(u8, [u8; 16], &[u8])| {
        segment(TABLES, &[&[*class], &lengths[..], values].concat())
    };
    all.iter().flat_map(table).collect()
}

/// Values of the coefficients of luma: zeros before one, and its length (table K.5).
#[rustfmt::skip]
const LUMA: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

/// Those of colour (table K.6).
#[rustfmt::skip]
const CHROMA: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xray_intake as intake;

    use super::*;

    /// From scripts/oracle/camera.py: a colour JPEG as libjpeg writes it, with the usual tables.
    const WHOLE: &[u8] = include_bytes!("../../../tests/fixtures/camera/frame.jpg");

    /// The same as a camera sends it.
    fn sent() -> Vec<u8> {
        let (mut sent, mut at) = (START.to_vec(), 2);
        while WHOLE[at + 1] != SCAN {
            let end = at + 2 + usize::from(u16::from_be_bytes([WHOLE[at + 2], WHOLE[at + 3]]));
            if WHOLE[at + 1] != TABLES {
                sent.extend(&WHOLE[at..end]);
            }
            at = end;
        }
        sent.extend(&WHOLE[at..]);
        sent.extend([0; 37]);
        sent
    }

    #[test]
    fn a_frame_without_tables_is_the_picture_that_it_was() {
        let file = complete(&sent(), false).expect("a file");
        assert!(sent().len() < WHOLE.len());
        assert_eq!(file.len(), WHOLE.len());
        assert_eq!(intake::decode(&file), intake::decode(WHOLE));
        assert!(intake::decode(WHOLE).is_ok());
        let held = |tables: &[u8]| tables.windows(4).filter(|four| *four == [0xff, TABLES, 0, 31]).count();
        assert_eq!((held(WHOLE), held(&sent()), held(&file)), (2, 0, 2));
    }

    #[test]
    fn a_whole_file_stays_as_it_is_but_for_the_word_that_it_shows_a_film() {
        assert_eq!(complete(WHOLE, false).as_deref(), Ok(WHOLE));
        let marked = complete(WHOLE, true).expect("a file");
        assert!(film::is_marked(&marked));
        assert_eq!(marked.len(), WHOLE.len() + 4 + "xray-edge-shows=film".len());
    }

    #[test]
    fn what_is_cut_off_or_no_picture_is_damaged() {
        for end in 0..WHOLE.len() {
            assert!(complete(&WHOLE[..end], true).is_err(), "{end}");
        }
        for bytes in [&b"\xff\xd8\xff\xd9"[..], b"GIF89a", b"\xff\xd8\xff\xc0\0\0", b"\xff\xd8\0\0\xff\xd9"] {
            assert!(complete(bytes, true).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_to_fall(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 2..600usize) {
            let mut spoilt = WHOLE.to_vec();
            let end = (at + bytes.len()).min(spoilt.len());
            spoilt.splice(at.min(end)..end, bytes);
            let _ = complete(&spoilt, true);
        }
    }
}
