//! X-rays in wrong orientations: rotated by quarters, or with black and white exchanged.

use xray_intake::Radiograph;

/// A wrong orientation. No pixel is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WrongOrientation {
    /// Clockwise by 90 degrees.
    Rotated90,
    /// Upside down.
    Rotated180,
    /// Counterclockwise by 90 degrees.
    Rotated270,
    /// Black and white exchanged.
    Inverted,
}

impl WrongOrientation {
    pub const ALL: [WrongOrientation; 4] = [
        WrongOrientation::Rotated90,
        WrongOrientation::Rotated180,
        WrongOrientation::Rotated270,
        WrongOrientation::Inverted,
    ];

    /// The name in tables and caches.
    pub fn name(self) -> &'static str {
        match self {
            WrongOrientation::Rotated90 => "turned-90",
            WrongOrientation::Rotated180 => "turned-180",
            WrongOrientation::Rotated270 => "turned-270",
            WrongOrientation::Inverted => "inverted",
        }
    }

    /// The changed picture, grey.
    pub fn apply(self, image: &Radiograph) -> Radiograph {
        match self {
            WrongOrientation::Rotated90 => mirrored(&image.transposed()),
            WrongOrientation::Rotated270 => mirrored(image).transposed(),
            WrongOrientation::Rotated180 => {
                let grey = image.pixels().grey();
                image.with_levels(|at| grey[grey.len() - 1 - at])
            }
            WrongOrientation::Inverted => {
                let grey = image.pixels().grey();
                image.with_levels(|at| 255 - grey[at])
            }
        }
    }
}

/// Left and right exchanged.
pub(crate) fn mirrored(image: &Radiograph) -> Radiograph {
    let (grey, width) = (image.pixels().grey(), image.width() as usize);
    image.with_levels(|at| grey[at / width * width + width - 1 - at % width])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn corners_go_where_they_should() {
        // 64 wide, 65 high: bright only in the top left corner, darker in the top right one.
        let mut levels = vec![0; 64 * 65];
        (levels[0], levels[63]) = (200, 100);
        let image = Radiograph::from_grey(64, 65, levels).unwrap();
        let corners = |orientation: WrongOrientation| {
            let turned = orientation.apply(&image);
            let (width, height) = (turned.width() as usize, turned.height() as usize);
            let grey = turned.pixels().grey().into_owned();
            let at = |x: usize, y: usize| grey[y * width + x];
            let corners = [at(0, 0), at(width - 1, 0), at(width - 1, height - 1), at(0, height - 1)];
            ((width, height), corners)
        };
        // Clockwise from the top left.
        assert_eq!(corners(WrongOrientation::Rotated90), ((65, 64), [0, 200, 100, 0]));
        assert_eq!(corners(WrongOrientation::Rotated180), ((64, 65), [0, 0, 200, 100]));
        assert_eq!(corners(WrongOrientation::Rotated270), ((65, 64), [100, 0, 0, 200]));
        assert_eq!(corners(WrongOrientation::Inverted), ((64, 65), [55, 155, 255, 255]));
    }
}
