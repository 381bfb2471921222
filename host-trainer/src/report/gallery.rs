//! Images with wrong verdicts, those with the most extreme scores first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, RgbImage};
use xray_core::heat_map::overlay;
use xray_intake::{Pixels, Radiograph};

use crate::decoding;
use crate::evaluation::ScoredImage;

/// Number of images that are shown of each kind.
pub const SHOWN: usize = 12;

/// Longest side of a picture, in pixels.
const SIDE: u32 = 320;

/// JPEG quality, 1..=100.
const QUALITY: u8 = 85;

/// An image with a wrong verdict.
pub struct WrongVerdict<'a> {
    pub image: &'a ScoredImage,
    /// Pictures of it, made small; or why there are none.
    pub thumbnails: Result<Thumbnails, String>,
}

/// `data:` addresses.
pub struct Thumbnails {
    /// The X-ray.
    pub plain: String,
    /// The same with its heat map over it, where it has one.
    pub heat: Option<String>,
}

/// The errors of one kind, the surest first: positives under the threshold (`label` true) or negatives at it or
/// over it. Gives their number too, since not all are shown.
pub fn wrong_verdicts<'a>(
    images: &'a [ScoredImage],
    threshold: f64,
    label: bool,
) -> (usize, Vec<WrongVerdict<'a>>) {
    let wrong = |image: &&ScoredImage| image.label == label && (image.probability >= threshold) != label;
    let mut errors: Vec<&ScoredImage> = images.iter().filter(wrong).collect();
    // The uncalibrated probability still orders images that calibration has rounded to 0 or 1.
    let sureness = |image: &ScoredImage| if label { -image.uncalibrated } else { image.uncalibrated };
    errors.sort_by(|a, b| sureness(b).total_cmp(&sureness(a)).then_with(|| a.relative.cmp(&b.relative)));
    let error = |image: &&'a ScoredImage| WrongVerdict { image, thumbnails: thumbnails(image) };
    (errors.len(), errors.iter().take(SHOWN).map(error).collect())
}

fn thumbnails(image: &ScoredImage) -> Result<Thumbnails, String> {
    let radiograph = decoding::read_file(&image.path).map_err(|error| error.to_string())?;
    let small = shrunk(&radiograph).ok_or("its pixels do not fit its size")?;
    let heat = |map| {
        let drawn = overlay(&radiograph, map).map_err(|error| error.to_string())?;
        address(&resize(&drawn, small.width(), small.height(), FilterType::Triangle).into())
    };
    Ok(Thumbnails { plain: address(&small)?, heat: image.heat_map.as_ref().map(heat).transpose()? })
}

/// A picture as a `data:` address.
///
/// # Errors
/// The error of the encoder, in words.
pub fn address(picture: &DynamicImage) -> Result<String, String> {
    let mut jpeg = Vec::new();
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .map_err(|error| error.to_string())?;
    Ok(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
}

/// At most [`SIDE`] pixels a side, in proportion; never larger than it is.
fn shrunk(radiograph: &Radiograph) -> Option<DynamicImage> {
    let (width, height) = (radiograph.width(), radiograph.height());
    let longest = width.max(height).max(SIDE);
    let [w, h] = [width, height].map(|side| (side * SIDE / longest).max(1));
    Some(match radiograph.pixels() {
        Pixels::Grey(bytes) => {
            let image = GrayImage::from_raw(width, height, bytes.clone())?;
            DynamicImage::from(resize(&image, w, h, FilterType::Triangle))
        }
        Pixels::Rgb(bytes) => {
            let image = RgbImage::from_raw(width, height, bytes.clone())?;
            DynamicImage::from(resize(&image, w, h, FilterType::Triangle))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use xray_core::decision::Finding;

    use super::*;

    fn scored(name: &str, label: bool, probability: f64) -> ScoredImage {
        ScoredImage {
            path: name.into(),
            relative: name.to_owned(),
            source: String::new(),
            label,
            probability,
            uncalibrated: probability,
            finding: Finding::NoSign,
            heat_map: None,
        }
    }

    #[test]
    fn the_surest_errors_come_first() {
        let images = [
            scored("right", true, 0.9),
            scored("close", true, 0.49),
            scored("sure", true, 0.01),
            scored("at the threshold", true, 0.5),
            scored("alarm", false, 0.5),
            scored("quiet", false, 0.2),
        ];
        let names = |label| {
            let (count, errors) = wrong_verdicts(&images, 0.5, label);
            (count, errors.iter().map(|e| e.image.relative.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(true), (2, vec!["sure".to_owned(), "close".to_owned()]));
        assert_eq!(names(false), (1, vec!["alarm".to_owned()]));
        // No such file: said in its place, and the report goes on.
        assert!(
            wrong_verdicts(&images, 0.5, false).1[0].thumbnails.as_ref().err().unwrap().contains("alarm")
        );
    }

    #[test]
    fn thumbnails_keep_their_proportion() {
        let sides = |width: u32, height: u32| {
            let pixels = vec![7; (width * height) as usize];
            let small = shrunk(&Radiograph::from_grey(width, height, pixels).unwrap()).unwrap();
            (small.width(), small.height())
        };
        assert_eq!(sides(640, 480), (320, 240));
        assert_eq!(sides(100, 200), (100, 200));
    }
}
