//! The level that parts dark from bright.

/// The level that parts dark from bright best: it makes the variance between the two greatest (N. Otsu, *A threshold
/// selection method from gray-level histograms*, 1979). Levels from it on are bright.
pub fn otsu(levels: &[f32]) -> f32 {
    let mut histogram = [0u64; 256];
    for level in levels {
        histogram[level.clamp(0.0, 255.0) as usize] += 1;
    }
    let total = levels.len() as f64;
    let whole: f64 = (0u32..).zip(histogram).map(|(level, count)| f64::from(level) * count as f64).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, 0u16));
    for (level, count) in (0u16..).zip(histogram) {
        below += count as f64;
        sum += f64::from(level) * count as f64;
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let between = below * above * (sum / below - (whole - sum) / above).powi(2);
        if between > best.0 {
            best = (between, level + 1);
        }
    }
    f32::from(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn otsu_parts_two_heaps_between_them() {
        let levels: Vec<f32> =
            (0..1000).map(|at| if at % 3 == 0 { 200.0 } else { 30.0 } + (at % 7) as f32).collect();
        let level = otsu(&levels);
        assert!((37.0..=200.0).contains(&level), "{level}");
        assert_eq!(otsu(&[9.0; 4]), 0.0);
    }
}
