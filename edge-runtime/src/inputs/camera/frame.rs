//! What a camera gives, and how it is stored.

use xray_intake::film;

use super::{MAX_FRAME_BYTES, ShotError, jpeg};

/// The memory layout of a raw frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelLayout {
    /// A byte of grey each.
    Grey,
    /// Two pixels in four bytes: grey, blueness, grey, redness (4:2:2).
    Yuyv,
}

impl PixelLayout {
    /// Bytes of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            PixelLayout::Grey => 1,
            PixelLayout::Yuyv => 2,
        }
    }
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A JPEG file, perhaps without its Huffman tables, perhaps with something behind it.
    Jpeg(Vec<u8>),
    /// Pixels, row by row from the top left.
    Raw {
        /// Their memory layout.
        layout: PixelLayout,
        /// Pixels across.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes from the start of one row to that of the next.
        stride: usize,
        /// The rows.
        bytes: Vec<u8>,
    },
}

impl Frame {
    /// The file that is stored: a camera's JPEG as it is, but whole by itself; raw pixels as a grey PNG. If it shows a
    /// film, the file says so.
    ///
    /// # Errors
    /// [`ShotError::Damaged`] if it is not what it says.
    pub fn encode(&self, film: bool) -> Result<Vec<u8>, ShotError> {
        match self {
            Frame::Jpeg(bytes) => jpeg::complete(bytes, film),
            Frame::Raw { layout, width, height, stride, bytes } => {
                let grey = grey(*layout, *width as usize, *height as usize, *stride, bytes)?;
                png(*width, *height, &grey, film).map_err(|error| ShotError::failed("being stored", &error))
            }
        }
    }
}

/// The grey levels of a raw frame: the luma that the camera gives, whatever its range.
fn grey(
    layout: PixelLayout,
    width: usize,
    height: usize,
    stride: usize,
    bytes: &[u8],
) -> Result<Vec<u8>, ShotError> {
    let row = width.saturating_mul(layout.bytes());
    let damaged = |reason: String| ShotError::Damaged { reason };
    if width == 0 || height == 0 || stride < row {
        return Err(damaged(format!("{width} × {height} pixels in rows of {stride} bytes")));
    }
    // The last row may end with its last pixel.
    let needed = stride.saturating_mul(height - 1).saturating_add(row);
    if needed > MAX_FRAME_BYTES || bytes.len() < needed {
        return Err(damaged(format!("{} bytes where {needed} were expected", bytes.len())));
    }
    let mut levels = Vec::with_capacity(width * height);
    for row in bytes.chunks(stride).take(height) {
        levels.extend(row.iter().step_by(layout.bytes()).take(width));
    }
    Ok(levels)
}

fn png(width: u32, height: u32, grey: &[u8], shows_film: bool) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::with_capacity(grey.len());
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if shows_film {
        encoder.add_text_chunk(film::KEYWORD.to_owned(), film::FILM.to_owned())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(grey)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xray_intake::{self as intake, Pixels};

    use super::*;

    /// From scripts/oracle/camera.py: a frame with rows of 150 bytes, and what OpenCV decodes from it.
    const YUYV: &[u8] = include_bytes!("../../../tests/fixtures/camera/frame-70x64.yuyv");
    const GREY: &[u8] = include_bytes!("../../../tests/fixtures/camera/frame-70x64.grey");

    fn raw(layout: PixelLayout, width: u32, height: u32, stride: usize, bytes: &[u8]) -> Frame {
        Frame::Raw { layout, width, height, stride, bytes: bytes.to_vec() }
    }

    #[test]
    fn yuyv_becomes_the_grey_that_opencv_makes_of_it() {
        let file = raw(PixelLayout::Yuyv, 70, 64, 150, YUYV).encode(false).expect("a file");
        let read = intake::decode(&file).expect("a picture");
        assert_eq!((read.width(), read.height()), (70, 64));
        assert_eq!(read.pixels(), &Pixels::Grey(GREY.to_vec()));
        assert!(!film::is_marked(&file));
    }

    #[test]
    fn grey_stays_as_it_is_and_a_film_says_that_it_is_one() {
        let file = raw(PixelLayout::Grey, 70, 64, 70, GREY).encode(true).expect("a file");
        assert!(film::is_marked(&file));
        // There is no film on it.
        assert_eq!(intake::decode(&file).map_err(|problem| problem.code()), Err("film-not-found"));
        let plain = raw(PixelLayout::Grey, 70, 64, 70, GREY).encode(false).expect("a file");
        assert_eq!(intake::decode(&plain).expect("a picture").pixels(), &Pixels::Grey(GREY.to_vec()));
    }

    #[test]
    fn a_frame_that_is_not_what_it_says_is_damaged() {
        for (width, height, stride, length) in [
            (70, 64, 139, 9600),
            (70, 64, 150, 149 * 64),
            (0, 64, 150, 9600),
            (70, 0, 150, 9600),
            (u32::MAX, u32::MAX, usize::MAX, 0),
        ] {
            let frame = raw(PixelLayout::Yuyv, width, height, stride, &vec![0; length]);
            assert!(
                matches!(frame.encode(true), Err(ShotError::Damaged { .. })),
                "{width} {height} {stride}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_frame_brings_it_to_fall(
            yuyv: bool, width in 0..90u32, height in 0..90u32, stride in 0..200usize, length in 0..9000usize,
        ) {
            let layout = if yuyv { PixelLayout::Yuyv } else { PixelLayout::Grey };
            let _ = raw(layout, width, height, stride, &vec![7; length]).encode(yuyv);
        }
    }
}
