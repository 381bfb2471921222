//! What the first bytes of an image file say, without decoding it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use xray_decode::Identity;

use super::DataError;
use crate::decoding;

/// As much of a file as is looked at.
const HEADER_BYTES: u64 = 512;

/// Kinds of image files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ImageFormat {
    Jpeg,
    Png,
    Pgm,
    Dicom,
    /// Any other one.
    Other,
}

impl ImageFormat {
    const ALL: [ImageFormat; 5] =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Pgm, ImageFormat::Dicom, ImageFormat::Other];

    pub fn name(self) -> &'static str {
        match self {
            ImageFormat::Jpeg => "JPEG",
            ImageFormat::Png => "PNG",
            ImageFormat::Pgm => "PGM",
            ImageFormat::Dicom => "DICOM",
            ImageFormat::Other => "another format",
        }
    }

    pub(super) fn to_byte(self) -> u8 {
        ImageFormat::ALL.iter().position(|format| *format == self).unwrap_or(0) as u8
    }

    pub(super) fn from_byte(byte: u8) -> ImageFormat {
        ImageFormat::ALL.get(usize::from(byte)).copied().unwrap_or(ImageFormat::Other)
    }
}

/// The format of a file and the bits of a sample, 0 where its first bytes do not say it.
pub(super) fn format_and_bits(path: &Path) -> Result<(ImageFormat, u8), DataError> {
    let header = header(path)?;
    Ok(match header.as_slice() {
        [0xff, 0xd8, 0xff, ..] => (ImageFormat::Jpeg, 8),
        [0x89, b'P', b'N', b'G', ..] => (ImageFormat::Png, header.get(24).copied().unwrap_or(0)),
        [b'P', b'2' | b'5', ..] => (ImageFormat::Pgm, pgm_bits(&header)),
        _ if is_dicom(&header) => (ImageFormat::Dicom, 0),
        _ => (ImageFormat::Other, 0),
    })
}

/// What a DICOM file says of patient and study; none for other files.
pub(super) fn dicom_identity(path: &Path) -> Result<Option<Identity>, DataError> {
    match is_dicom(&header(path)?) {
        true => Ok(Some(decoding::dicom_identity(path)?)),
        false => Ok(None),
    }
}

fn header(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut header))
        .map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    Ok(header)
}

fn is_dicom(header: &[u8]) -> bool {
    header.get(128..132) == Some(b"DICM")
}

/// 8 or 16, by the third number of the header: white.
fn pgm_bits(header: &[u8]) -> u8 {
    let text = String::from_utf8_lossy(header);
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or(line));
    let white =
        lines.flat_map(str::split_ascii_whitespace).nth(3).and_then(|white| white.parse::<u32>().ok());
    white.map_or(0, |white| if white < 256 { 8 } else { 16 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let of = |bytes: &[u8]| {
            let path = folder.path().join("a");
            std::fs::write(&path, bytes).unwrap();
            format_and_bits(&path).unwrap()
        };
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x10\0".to_vec();
        assert_eq!(of(&png), (ImageFormat::Png, 16));
        png[24] = 8;
        assert_eq!(of(&png), (ImageFormat::Png, 8));
        assert_eq!(of(b"\xff\xd8\xff\xe0"), (ImageFormat::Jpeg, 8));
        assert_eq!(of(b"P5 # made\n64 64\n4095\n"), (ImageFormat::Pgm, 16));
        assert_eq!(of(b"P5 64 64 255\n"), (ImageFormat::Pgm, 8));
        assert_eq!(of(&[&[0; 128][..], b"DICM"].concat()), (ImageFormat::Dicom, 0));
        assert_eq!(of(b"Dear colleague"), (ImageFormat::Other, 0));
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::from_byte(format.to_byte()), format);
        }
    }
}
