//! Images in memory.

/// Mean level of the darkest picture of [`blocks_pgm`].
pub const DARK: u8 = 24;

/// Mean level of the brightest picture of [`blocks_pgm`].
pub const BRIGHT: u8 = 231;

/// A binary PGM of 64 × 64 pixels whose mean is `level`, 24 to 231: blocks of 8 × 8, half of which are 8 levels darker, a
/// quarter 24 darker and a quarter 40 brighter; the other way round for bright ones. No quality gate takes it for blank,
/// blurred, grain or a mask.
pub fn blocks_pgm(level: u8) -> Vec<u8> {
    blocks_pgm_of(64, level)
}

/// As [`blocks_pgm`], so high; the mean is not exact once it is reduced, nor where the height is no multiple of 16.
pub fn blocks_pgm_of(height: usize, level: u8) -> Vec<u8> {
    let mut bytes = format!("P5 64 {height} 255\n").into_bytes();
    let offset = |column: usize, row: usize| match ((column + row) % 2, row % 2) {
        (1, _) => -8,
        (_, 0) => -24,
        _ => 40,
    };
    let sign = if level < 128 { 1 } else { -1 };
    bytes.extend((0..64 * height).map(|i| {
        let shifted = i16::from(level) + sign * offset(i % 64 / 8, i / 512);
        u8::try_from(shifted).expect("a level between 24 and 231")
    }));
    bytes
}
