//! X-rays that lie wrongly: turned by quarters, or with black and white exchanged.

use xray_core::intake::Radiograph;

/// What was done wrong. No pixel is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// A quarter clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// A quarter the other way.
    ThreeQuarters,
    /// Black and white exchanged.
    Inverted,
}

impl Turn {
    /// All of them.
    pub const ALL: [Turn; 4] = [Turn::Quarter, Turn::Half, Turn::ThreeQuarters, Turn::Inverted];

    /// The name in tables and caches.
    pub fn name(self) -> &'static str {
        match self {
            Turn::Quarter => "turned-90",
            Turn::Half => "turned-180",
            Turn::ThreeQuarters => "turned-270",
            Turn::Inverted => "inverted",
        }
    }

    /// The changed picture, grey.
    pub fn apply(self, image: &Radiograph) -> Radiograph {
        match self {
            Turn::Quarter => mirrored(&image.transposed()),
            Turn::ThreeQuarters => mirrored(image).transposed(),
            Turn::Half => {
                let grey = image.pixels().grey();
                image.redrawn(|at| grey[grey.len() - 1 - at])
            }
            Turn::Inverted => {
                let grey = image.pixels().grey();
                image.redrawn(|at| 255 - grey[at])
            }
        }
    }
}

/// Left and right exchanged.
pub(crate) fn mirrored(image: &Radiograph) -> Radiograph {
    let (grey, width) = (image.pixels().grey(), image.width() as usize);
    image.redrawn(|at| grey[at / width * width + width - 1 - at % width])
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
        let corners = |turn: Turn| {
            let turned = turn.apply(&image);
            let (width, height) = (turned.width() as usize, turned.height() as usize);
            let grey = turned.pixels().grey().into_owned();
            let at = |x: usize, y: usize| grey[y * width + x];
            let corners = [at(0, 0), at(width - 1, 0), at(width - 1, height - 1), at(0, height - 1)];
            ((width, height), corners)
        };
        // Clockwise from the top left.
        assert_eq!(corners(Turn::Quarter), ((65, 64), [0, 200, 100, 0]));
        assert_eq!(corners(Turn::Half), ((64, 65), [0, 0, 200, 100]));
        assert_eq!(corners(Turn::ThreeQuarters), ((65, 64), [100, 0, 0, 200]));
        assert_eq!(corners(Turn::Inverted), ((64, 65), [55, 155, 255, 255]));
    }
}
