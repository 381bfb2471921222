//! A DICOM file, and coded pixels in one.

use xray_intake::dicom_identity;

use super::picture::decoded;

/// The patient in the files of the corpus. No reason may repeat it.
const PATIENT: &str = "Secret^Patient";

pub(super) fn check(bytes: &[u8]) {
    if let Err(problem) = decoded(bytes) {
        assert!(!problem.to_string().contains(PATIENT), "a reason names the patient");
    }
    if let Some(identity) = dicom_identity(bytes) {
        assert!(!format!("{identity:?}").contains(PATIENT), "a log could name the patient");
    }
}

/// The bytes as a JPEG stream, sequential or lossless.
pub(super) fn check_jpeg(bytes: &[u8]) {
    // Marker, length, precision, height, width, components.
    let frame = bytes.windows(10).find(|w| w[0] == 0xff && matches!(w[1], 0xc0..=0xc3));
    let Some(&[_, process, _, _, precision, h1, h0, w1, w0, components]) = frame else { return };
    let syntax = if process == 0xc3 { "1.2.840.10008.1.2.4.70" } else { "1.2.840.10008.1.2.4.50" };
    let size = [u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0])];
    check(&file(syntax, size, components, precision, bytes));
}

/// The bytes as a JPEG 2000 code stream.
pub(super) fn check_jpeg_2000(bytes: &[u8]) {
    let word = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    // SIZ begins at 2: sides at 8 and 12, what lies before the image at 16 and 20, components at 40, precision at 42.
    let side = |at: usize| Some(word(at + 2)?.wrapping_sub(word(at + 10)?));
    let (Some(width), Some(height), Some(components), Some(precision)) =
        (side(8), side(12), bytes.get(41), bytes.get(42))
    else {
        return;
    };
    check(&file("1.2.840.10008.1.2.4.90", [width, height], *components, (precision & 0x7f) + 1, bytes));
}

/// A DICOM file of coded pixels whose header says what their own says.
fn file(syntax: &str, [width, height]: [u16; 2], components: u8, precision: u8, pixels: &[u8]) -> Vec<u8> {
    let mut out = [&[0; 128][..], b"DICM"].concat();
    let mut element = |group: u16, number: u16, kind: &[u8; 2], value: &[u8]| {
        out.extend([group.to_le_bytes(), number.to_le_bytes(), *kind].concat());
        out.extend((value.len().next_multiple_of(2) as u16).to_le_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(2), if kind == b"UI" { 0 } else { b' ' });
    };
    let allocated: u16 = if precision > 8 { 16 } else { 8 };
    element(2, 0x10, b"UI", syntax.as_bytes());
    element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.1.1");
    element(8, 0x60, b"CS", b"DX");
    element(0x10, 0x10, b"PN", PATIENT.as_bytes());
    element(0x28, 2, b"US", &u16::from(components).to_le_bytes());
    let colours: &[u8] = if components == 3 { b"RGB" } else { b"MONOCHROME2" };
    element(0x28, 4, b"CS", colours);
    if components == 3 {
        element(0x28, 6, b"US", &[0, 0]);
    }
    for (number, value) in [
        (0x10, height),
        (0x11, width),
        (0x100, allocated),
        (0x101, u16::from(precision)),
        (0x102, u16::from(precision).wrapping_sub(1)),
        (0x103, 0),
    ] {
        element(0x28, number, b"US", &value.to_le_bytes());
    }
    out.extend([0xe0, 0x7f, 0x10, 0, b'O', b'B', 0, 0, 0xff, 0xff, 0xff, 0xff]);
    for fragment in [&[][..], pixels] {
        out.extend([0xfe, 0xff, 0x00, 0xe0]);
        out.extend((fragment.len().next_multiple_of(2) as u32).to_le_bytes());
        out.extend(fragment);
        out.resize(out.len().next_multiple_of(2), 0);
    }
    out.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
    out
}
