//! Files that hold no picture which is read, told by their first bytes, so that people learn what to do with them.

use crate::IntakeProblem;

const SAVE_AS: &str = "open it in an image viewer and save it as PNG or JPEG";
const EXPORT: &str = "export the picture in it as PNG, JPEG or DICOM";
const UNPACK: &str = "unpack it first";
const COPY_AGAIN: &str = "copy the X-ray again from where it was made";

/// What stands at an offset, what it is, and what to do.
const KNOWN: [(usize, &[u8], &str, &str); 34] = [
    (8, b"WEBP", "a WebP picture", SAVE_AS),
    (0, b"GIF87a", "a GIF picture", SAVE_AS),
    (0, b"GIF89a", "a GIF picture", SAVE_AS),
    (0, b"II*\0", "a TIFF picture", SAVE_AS),
    (0, b"MM\0*", "a TIFF picture", SAVE_AS),
    (0, b"II+\0", "a TIFF picture", SAVE_AS),
    (0, b"MM\0+", "a TIFF picture", SAVE_AS),
    (4, b"ftypheic", "a HEIC picture", SAVE_AS),
    (4, b"ftypheix", "a HEIC picture", SAVE_AS),
    (4, b"ftypmif1", "a HEIF picture", SAVE_AS),
    (4, b"ftypavif", "an AVIF picture", SAVE_AS),
    (4, b"ftyp", "a film (MP4 or QuickTime)", EXPORT),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", SAVE_AS),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 code stream", SAVE_AS),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", SAVE_AS),
    (0, b"\xff\x0a", "a JPEG XL picture", SAVE_AS),
    (0, b"8BPS", "a Photoshop document", SAVE_AS),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture", SAVE_AS),
    (0, b"SIMPLE  =", "a FITS picture", EXPORT),
    (0, b"NRRD", "an NRRD volume", EXPORT),
    (344, b"n+1\0", "a NIfTI volume", EXPORT),
    (0, b"\x93NUMPY", "a NumPy array", EXPORT),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", EXPORT),
    (0, b"%PDF-", "a PDF document", EXPORT),
    (0, b"\xd0\xcf\x11\xe0", "an Office document", EXPORT),
    (0, b"PK\x03\x04", "a ZIP archive", UNPACK),
    (0, b"\x1f\x8b", "a gzip archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\x30\x26\xb2\x75", "a film (Windows Media)", EXPORT),
    (8, b"AVI ", "a film (AVI)", EXPORT),
    (0, b"\x1a\x45\xdf\xa3", "a film (Matroska)", EXPORT),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS in place of the picture",
        "run 'git lfs pull' first",
    ),
];

/// Bytes before the beginning of a picture that are looked through.
const LOOKED_THROUGH: usize = 64;

/// The problem of a file that is none of the formats that are read.
pub(crate) fn problem_of(bytes: &[u8]) -> IntakeProblem {
    let other = |name, remedy| IntakeProblem::OtherFormat { name, remedy };
    for (at, magic, name, remedy) in KNOWN {
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            return other(name, remedy);
        }
    }
    // "BM", the size of the file, two reserved words.
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return other("a BMP picture", SAVE_AS);
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return other("nothing but zeros, as a damaged disk gives them back", COPY_AGAIN);
    }
    let head = &bytes[..bytes.len().min(LOOKED_THROUGH)];
    let text = head.trim_ascii_start().to_ascii_lowercase();
    let before = head.len() - head.trim_ascii_start().len();
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        return other("a web page in place of the picture", "download the picture itself");
    }
    if text.starts_with(b"<svg") {
        return other("an SVG drawing", SAVE_AS);
    }
    let begins = |magic: &[u8]| head.windows(magic.len()).skip(1).any(|window| window == magic);
    if before > 0 && begins(&[0xff, 0xd8, 0xff]) {
        return other("a JPEG with bytes before its beginning", COPY_AGAIN);
    }
    if begins(&crate::png::SIGNATURE[1..]) {
        return other("a damaged PNG or one with bytes before its beginning", COPY_AGAIN);
    }
    IntakeProblem::UnknownFormat
}
