//! Which of a camera's formats is taken.

use std::cmp::Reverse;
use std::fmt;

/// How a camera codes its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PixelCoding {
    /// JPEG, one a frame.
    Mjpeg,
    /// Grey and half of the colour.
    Yuyv,
    Grey,
}

impl PixelCoding {
    /// The four letters by which the kernel calls it.
    pub fn letters(self) -> [u8; 4] {
        match self {
            PixelCoding::Mjpeg => *b"MJPG",
            PixelCoding::Yuyv => *b"YUYV",
            PixelCoding::Grey => *b"GREY",
        }
    }

    /// The coding of these letters.
    pub fn from_letters(letters: [u8; 4]) -> Option<PixelCoding> {
        match &letters {
            b"MJPG" | b"JPEG" => Some(PixelCoding::Mjpeg),
            b"YUYV" => Some(PixelCoding::Yuyv),
            b"GREY" => Some(PixelCoding::Grey),
            _ => None,
        }
    }
}

/// A format and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraFormat {
    /// How pictures are coded.
    pub coding: PixelCoding,
    /// The letters by which the camera is asked for it.
    pub letters: [u8; 4],
    /// Pixels across.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl CameraFormat {
    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl fmt::Display for CameraFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} × {}", self.letters.escape_ascii(), self.width, self.height)
    }
}

/// A picture of fewer pixels (640 × 480) is of no use: a film on it has no 300 a side.
pub const MIN_PIXELS: u64 = 640 * 480;
/// More pixels than this show no more of a film, and take longer.
const ENOUGH: u64 = 5_000_000;
/// A larger one is not taken, whatever else there is.
const MOST: u64 = 16_000_000;

/// The format with the most pixels up to some five million, and above that with the fewest. Of one size, GREY is better
/// than YUYV, which has colour that is not needed, and both are better than MJPEG, which has lost detail.
pub fn choose_format(formats: &[CameraFormat]) -> Option<CameraFormat> {
    let useful = formats.iter().filter(|format| (MIN_PIXELS..=MOST).contains(&format.pixels()));
    useful
        .max_by_key(|format| (format.pixels().min(ENOUGH), Reverse(format.pixels()), format.coding))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(coding: PixelCoding, width: u32, height: u32) -> CameraFormat {
        CameraFormat { coding, letters: coding.letters(), width, height }
    }

    #[test]
    fn the_largest_useful_picture_is_taken_and_the_least_lossy_of_its_size() {
        use PixelCoding::{Grey, Mjpeg, Yuyv};
        let usual = [
            format(Yuyv, 640, 480),
            format(Yuyv, 1280, 720),
            format(Mjpeg, 1920, 1080),
            format(Mjpeg, 640, 480),
        ];
        assert_eq!(choose_format(&usual), Some(usual[2]));
        let equal = [format(Mjpeg, 1280, 960), format(Grey, 1280, 960), format(Yuyv, 1280, 960)];
        assert_eq!(choose_format(&equal), Some(equal[1]));
        let vast = [format(Mjpeg, 4656, 3496), format(Mjpeg, 2592, 1944), format(Mjpeg, 3840, 2160)];
        assert_eq!(choose_format(&vast), Some(vast[1]));
        assert_eq!(choose_format(&[format(Yuyv, 320, 240), format(Grey, 9000, 9000)]), None);
        assert_eq!(choose_format(&[format(Yuyv, u32::MAX, u32::MAX)]), None);
        assert_eq!(choose_format(&[]), None);
    }

    #[test]
    fn letters_are_read_back() {
        for coding in [PixelCoding::Mjpeg, PixelCoding::Yuyv, PixelCoding::Grey] {
            assert_eq!(PixelCoding::from_letters(coding.letters()), Some(coding));
        }
        assert_eq!(PixelCoding::from_letters(*b"NV12"), None);
        assert_eq!(format(PixelCoding::Yuyv, 640, 480).to_string(), "YUYV 640 × 480");
    }
}
