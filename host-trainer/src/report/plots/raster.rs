//! SVG to PNG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::PlotError;

/// Dots a unit of the drawing.
const SCALE: f32 = 2.0;

/// The drawing as PNG, twice as many dots a side as it has units. Letters come from a font that is part of the
/// program (Ubuntu Light, Ubuntu Font Licence 1.0), so the same drawing gives the same dots on every machine.
///
/// # Errors
/// [`PlotError::Raster`] if the drawing is not one of ours.
pub fn png(svg: &str) -> Result<Vec<u8>, PlotError> {
    let failed = |reason: String| PlotError::Raster { reason };
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().find_map(|face| Some(face.families.first()?.0.clone()));
    fonts.set_sans_serif_family(family.ok_or_else(|| failed("its font cannot be read".to_owned()))?);
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let side = |length: f32| (length * SCALE).ceil() as u32;
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let mut dots = Pixmap::new(width, height).ok_or_else(|| failed("it has no size".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut dots.as_mut());
    dots.encode_png().map_err(|error| failed(error.to_string()))
}
