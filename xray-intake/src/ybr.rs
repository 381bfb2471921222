//! Luma and chroma to red, green and blue (ITU-T T.871, full range).

/// Changes three samples a pixel in place.
pub(crate) fn to_rgb(pixels: &mut [u8]) {
    for pixel in pixels.chunks_exact_mut(3) {
        let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        let rgb = [y + 1.402 * cr, y - 0.344_136_3 * cb - 0.714_136_3 * cr, y + 1.772 * cb];
        // The cast takes what lies outside to the nearest end.
        pixel.copy_from_slice(&rgb.map(|colour| colour.round() as u8));
    }
}
