//! The colours of heat, as data: dark violet, red, pale yellow. Lightness only rises, so the order of two colours is
//! seen without seeing colour, and each is as far from the next as any other.

/// From weakest to strongest, sRGB; made by `scripts/oracle/heat_colours.py`.
const COLOUR_SCALE: [[u8; 3]; 17] = [
    [39, 18, 75],
    [59, 20, 92],
    [82, 22, 106],
    [105, 23, 111],
    [129, 26, 109],
    [153, 31, 104],
    [174, 40, 96],
    [194, 51, 85],
    [210, 69, 73],
    [223, 89, 62],
    [232, 111, 51],
    [238, 134, 49],
    [241, 157, 56],
    [243, 180, 74],
    [242, 203, 98],
    [243, 223, 135],
    [247, 243, 172],
];

/// The colour of a strength of 0..=1, straight between the two nearest of the table.
pub fn colour(strength: f32) -> [u8; 3] {
    let last = COLOUR_SCALE.len() - 1;
    let at = strength.clamp(0.0, 1.0) * last as f32;
    let below = (at as usize).min(last - 1);
    let part = at - below as f32;
    std::array::from_fn(|channel| {
        let (from, to) =
            (f32::from(COLOUR_SCALE[below][channel]), f32::from(COLOUR_SCALE[below + 1][channel]));
        (from + (to - from) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIELAB under D65 (CIE 15; sRGB by IEC 61966-2-1).
    fn lab(rgb: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = rgb.map(|level| {
            let v = f64::from(level) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        });
        let xyz = [
            (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
            0.2126 * r + 0.7152 * g + 0.0722 * b,
            (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
        ];
        let [x, y, z] = xyz.map(|t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn lightness_rises_evenly() {
        let lightness: Vec<f64> = COLOUR_SCALE.iter().map(|rgb| lab(*rgb)[0]).collect();
        let steps: Vec<f64> = lightness.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (2.0..9.0).contains(step)), "{steps:?}");
        assert!(lightness[16] - lightness[0] > 70.0);
    }

    #[test]
    fn ends_and_middle() {
        assert_eq!(colour(0.0), COLOUR_SCALE[0]);
        assert_eq!(colour(1.0), COLOUR_SCALE[16]);
        assert_eq!(colour(7.0), COLOUR_SCALE[16]);
        assert_eq!(colour(0.5), COLOUR_SCALE[8]);
        // Half way between the first two: (39 + 59) / 2, (18 + 20) / 2, (75 + 92) / 2 rounded up.
        assert_eq!(colour(0.5 / 16.0), [49, 19, 84]);
    }
}
