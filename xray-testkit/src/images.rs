//! Images in memory.

/// Mean level of the darkest picture of [`blocks_pgm`].
pub const DARK: u8 = 24;

/// Mean level of the brightest picture of [`blocks_pgm`].
pub const BRIGHT: u8 = 231;

/// A binary PGM of 64 × 64 pixels whose mean is `level`, 24 to 231: blocks of 8 × 8 that are alternately 24 levels darker and
/// brighter. No quality gate takes it for blank, blurred or grain.
pub fn blocks_pgm(level: u8) -> Vec<u8> {
    blocks_pgm_of(64, level)
}

/// As [`blocks_pgm`], so high; the mean is not exact once it is reduced.
pub fn blocks_pgm_of(height: usize, level: u8) -> Vec<u8> {
    let mut bytes = format!("P5 64 {height} 255\n").into_bytes();
    let bright = |i: usize| (i / 8 + i / 512).is_multiple_of(2);
    bytes.extend((0..64 * height).map(|i| if bright(i) { level + 24 } else { level - 24 }));
    bytes
}
