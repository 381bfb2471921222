//! A heat map as a picture: alone, or over the X-ray that it belongs to.

use std::io::Cursor;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::HeatMap;
use super::colour_scale::colour;
use xray_intake::Radiograph;

/// Longest side of what is drawn, in pixels; a larger X-ray is reduced.
pub const MAX_PICTURE_SIDE: u32 = 640;

/// How much of the X-ray the strongest heat covers; the rest shines through, so that what is below stays visible.
const OPACITY: f32 = 0.6;

/// Heat that covers at most this share of what the strongest does is not drawn.
const MIN_STRENGTH: f32 = 0.02;

/// A peak below this, in logits, is drawn weaker than full: else a picture in which the model found next to nothing would
/// glow as one full of findings does.
const FULL_PEAK: f32 = 0.05;

/// Why a picture could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the heat map could not be drawn: {reason}; report it with the size of the image")]
pub struct PictureError {
    reason: String,
}

impl PictureError {
    fn new(error: impl std::fmt::Display) -> Self {
        PictureError { reason: error.to_string() }
    }
}

/// The map alone at `width × height` pixels (each brought to 1 ..= [`MAX_PICTURE_SIDE`]), for laying over a picture of
/// the whole X-ray: colour and opacity by strength, transparent where there is no heat.
pub fn layer(map: &HeatMap, width: u32, height: u32) -> RgbaImage {
    let (width, height) = (width.clamp(1, MAX_PICTURE_SIDE), height.clamp(1, MAX_PICTURE_SIDE));
    let full = map.peak().max(FULL_PEAK);
    let (columns, rows) =
        (interpolation_weights(map.side(), width), interpolation_weights(map.side(), height));
    RgbaImage::from_fn(width, height, |x, y| {
        let strength = bilinear(map, &rows[y as usize], &columns[x as usize]) / full;
        if strength <= MIN_STRENGTH {
            return Rgba([0; 4]);
        }
        let [r, g, b] = colour(strength);
        Rgba([r, g, b, (OPACITY * strength.min(1.0) * 255.0).round() as u8])
    })
}

/// The X-ray in grey, reduced to [`MAX_PICTURE_SIDE`] if it is larger, with the map over it. `image` must be the one that
/// was screened, as a whole.
///
/// # Errors
/// [`PictureError`] if the resizer refuses the image.
pub fn overlay(image: &Radiograph, map: &HeatMap) -> Result<RgbImage, PictureError> {
    let grey = reduced(image)?;
    let heat = layer(map, grey.width(), grey.height());
    Ok(RgbImage::from_fn(grey.width(), grey.height(), |x, y| {
        let level = f32::from(grey.get_pixel(x, y).0[0]);
        let [r, g, b, alpha] = heat.get_pixel(x, y).0;
        let opacity = f32::from(alpha) / 255.0;
        Rgb([r, g, b].map(|channel| (level + (f32::from(channel) - level) * opacity).round() as u8))
    }))
}

/// [`overlay`] as a PNG file.
///
/// # Errors
/// [`PictureError`] as there, or if the encoder fails.
pub fn overlay_png(image: &Radiograph, map: &HeatMap) -> Result<Vec<u8>, PictureError> {
    let mut file = Cursor::new(Vec::new());
    overlay(image, map)?.write_to(&mut file, ImageFormat::Png).map_err(PictureError::new)?;
    Ok(file.into_inner())
}

/// [`layer`] as a PNG file.
///
/// # Errors
/// [`PictureError`] if the encoder fails.
pub fn layer_png(map: &HeatMap, width: u32, height: u32) -> Result<Vec<u8>, PictureError> {
    let mut file = Cursor::new(Vec::new());
    layer(map, width, height).write_to(&mut file, ImageFormat::Png).map_err(PictureError::new)?;
    Ok(file.into_inner())
}

/// The two neighbouring cells between whose middles a pixel is.
struct Between {
    lower: usize,
    upper: usize,
    /// How far it is on the way to the upper one, 0..1.
    fraction: f32,
}

/// Where each pixel along a side is. The middle of a cell has its heat; beyond the outermost middles the heat stays.
fn interpolation_weights(cells: usize, pixels: u32) -> Vec<Between> {
    let last = cells - 1;
    let place = |pixel: u32| {
        let at = (pixel as f32 + 0.5) * cells as f32 / pixels as f32 - 0.5;
        let at = at.clamp(0.0, last as f32);
        let lower = at as usize;
        Between { lower, upper: (lower + 1).min(last), fraction: at - lower as f32 }
    };
    (0..pixels).map(place).collect()
}

/// Heat between four cells, bilinear.
fn bilinear(map: &HeatMap, row: &Between, column: &Between) -> f32 {
    let cell = |row: usize, column: usize| map.values()[row * map.side() + column];
    let along = |row| {
        let (lower, upper) = (cell(row, column.lower), cell(row, column.upper));
        lower + (upper - lower) * column.fraction
    };
    let (lower, upper) = (along(row.lower), along(row.upper));
    lower + (upper - lower) * row.fraction
}

/// The grey levels, with the longest side at most [`MAX_PICTURE_SIDE`].
fn reduced(image: &Radiograph) -> Result<GrayImage, PictureError> {
    let (width, height) = (image.width(), image.height());
    let levels = image.pixels().grey();
    let longest = width.max(height);
    if longest <= MAX_PICTURE_SIDE {
        return picture(width, height, levels.into_owned());
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(MAX_PICTURE_SIDE) / u64::from(longest);
        (side as u32).max(1)
    };
    let source = TypedImageRef::<U8>::from_buffer(width, height, &levels).map_err(PictureError::new)?;
    let (width, height) = (scaled(width), scaled(height));
    let mut target = TypedImage::<U8>::new(width, height);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(&source, &mut target, &options).map_err(PictureError::new)?;
    picture(width, height, target.pixels().iter().map(|pixel| pixel.0).collect())
}

fn picture(width: u32, height: u32, levels: Vec<u8>) -> Result<GrayImage, PictureError> {
    GrayImage::from_raw(width, height, levels).ok_or_else(|| PictureError::new("its pixels do not fill it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(side: usize, hot: usize, heat: f32) -> HeatMap {
        let mut values = vec![0.0; side * side];
        values[hot] = heat;
        HeatMap::new(side, values).unwrap()
    }

    #[test]
    fn heat_lies_where_its_cell_is_and_fades_in_straight_lines() {
        // One hot cell of 4 × 4 at the second row, third column; 8 pixels a cell.
        let picture = layer(&map(4, 6, 2.0), 32, 32);
        let alpha = |x: u32, y: u32| f32::from(picture.get_pixel(x, y).0[3]) / 255.0 / OPACITY;
        // Pixel 20 lies .5 right of the middle of cells 16..24, so 1/16 on the way to the next cell.
        let near = (15.0_f32 / 16.0) * (15.0 / 16.0);
        assert!((alpha(20, 12) - near).abs() < 0.01, "{}", alpha(20, 12));
        assert!((alpha(16, 12) - 15.0 / 16.0 * 9.0 / 16.0).abs() < 0.01, "{}", alpha(16, 12));
        assert_eq!(picture.get_pixel(4, 4), &Rgba([0; 4]));
        assert_eq!(picture.get_pixel(28, 30), &Rgba([0; 4]));
    }

    #[test]
    fn weak_maps_do_not_glow() {
        let strongest = |heat| layer(&map(1, 0, heat), 8, 8).get_pixel(4, 4).0[3];
        assert_eq!(strongest(3.0), 153);
        assert_eq!(strongest(FULL_PEAK / 2.0), 77);
        assert_eq!(strongest(0.0), 0);
    }

    #[test]
    fn the_xray_shines_through_and_is_itself_where_there_is_no_heat() {
        let image = Radiograph::from_grey(64, 128, vec![100; 64 * 128]).unwrap();
        let drawn = overlay(&image, &map(2, 0, 1.0)).unwrap();
        assert_eq!(drawn.dimensions(), (64, 128));
        assert_eq!(drawn.get_pixel(60, 120), &Rgb([100, 100, 100]));
        // The upper left corner has the full heat: 40% of 100 and 60% of the strongest colour.
        let full = colour(1.0).map(|c| (100.0 + (f32::from(c) - 100.0) * 0.6).round() as u8);
        assert_eq!(drawn.get_pixel(0, 0), &Rgb(full));
    }

    #[test]
    fn large_xrays_are_reduced_in_proportion() {
        let image = Radiograph::from_grey(1600, 800, vec![7; 1600 * 800]).unwrap();
        let drawn = overlay(&image, &map(7, 24, 1.0)).unwrap();
        assert_eq!(drawn.dimensions(), (640, 320));
        assert_eq!(drawn.get_pixel(3, 3), &Rgb([7, 7, 7]));
        let file = overlay_png(&image, &map(7, 24, 1.0)).unwrap();
        let read = image::load_from_memory(&file).unwrap().into_rgb8();
        assert_eq!(read, drawn);
        let file = layer_png(&map(7, 24, 1.0), 100_000, 0).unwrap();
        assert_eq!(image::load_from_memory(&file).unwrap().into_rgba8().dimensions(), (640, 1));
    }
}
