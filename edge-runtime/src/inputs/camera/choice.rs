//! Which of a camera's formats is taken.

use std::cmp::Reverse;
use std::fmt;

/// How a camera codes its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// JPEG, one a frame.
    Mjpeg,
    /// Grey and half of the colour.
    Yuyv,
    /// Grey.
    Grey,
}

impl Coding {
    /// The four letters by which the kernel calls it.
    pub fn letters(self) -> [u8; 4] {
        match self {
            Coding::Mjpeg => *b"MJPG",
            Coding::Yuyv => *b"YUYV",
            Coding::Grey => *b"GREY",
        }
    }

    /// The coding of these letters.
    pub fn from_letters(letters: [u8; 4]) -> Option<Coding> {
        match &letters {
            b"MJPG" | b"JPEG" => Some(Coding::Mjpeg),
            b"YUYV" => Some(Coding::Yuyv),
            b"GREY" => Some(Coding::Grey),
            _ => None,
        }
    }
}

/// A format and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// How pictures are coded.
    pub coding: Coding,
    /// The letters by which the camera is asked for it.
    pub letters: [u8; 4],
    /// Pixels across.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Offer {
    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} × {}", self.letters.escape_ascii(), self.width, self.height)
    }
}

/// A picture of fewer pixels (640 × 480) is of no use: a film on it has no 300 a side.
pub const LEAST_PIXELS: u64 = 640 * 480;
/// More pixels than this show no more of a film, and take longer.
const ENOUGH: u64 = 5_000_000;
/// A larger one is not taken, whatever else there is.
const MOST: u64 = 16_000_000;

/// The offer with the most pixels up to some five million, and above that with the fewest. Of one size, GREY is better
/// than YUYV, which has colour that is not needed, and both are better than MJPEG, which has lost detail.
pub fn choose(offers: &[Offer]) -> Option<Offer> {
    let useful = offers.iter().filter(|offer| (LEAST_PIXELS..=MOST).contains(&offer.pixels()));
    useful.max_by_key(|offer| (offer.pixels().min(ENOUGH), Reverse(offer.pixels()), offer.coding)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(coding: Coding, width: u32, height: u32) -> Offer {
        Offer { coding, letters: coding.letters(), width, height }
    }

    #[test]
    fn the_largest_useful_picture_is_taken_and_the_least_lossy_of_its_size() {
        use Coding::{Grey, Mjpeg, Yuyv};
        let usual =
            [offer(Yuyv, 640, 480), offer(Yuyv, 1280, 720), offer(Mjpeg, 1920, 1080), offer(Mjpeg, 640, 480)];
        assert_eq!(choose(&usual), Some(usual[2]));
        let equal = [offer(Mjpeg, 1280, 960), offer(Grey, 1280, 960), offer(Yuyv, 1280, 960)];
        assert_eq!(choose(&equal), Some(equal[1]));
        let vast = [offer(Mjpeg, 4656, 3496), offer(Mjpeg, 2592, 1944), offer(Mjpeg, 3840, 2160)];
        assert_eq!(choose(&vast), Some(vast[1]));
        assert_eq!(choose(&[offer(Yuyv, 320, 240), offer(Grey, 9000, 9000)]), None);
        assert_eq!(choose(&[offer(Yuyv, u32::MAX, u32::MAX)]), None);
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn letters_are_read_back() {
        for coding in [Coding::Mjpeg, Coding::Yuyv, Coding::Grey] {
            assert_eq!(Coding::from_letters(coding.letters()), Some(coding));
        }
        assert_eq!(Coding::from_letters(*b"NV12"), None);
        assert_eq!(offer(Coding::Yuyv, 640, 480).to_string(), "YUYV 640 × 480");
    }
}
