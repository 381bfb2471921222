//! The limits of image statistics beyond which an image is refused. They are for images of [`ANALYSED_SIDE`] pixels a side;
//! docs/evidence/quality-gate.md has the figures of real X-rays that they were chosen by.

use super::{ImageStatistics, RejectionReason};

/// Side of the image, in pixels, that numbers are taken from; a smaller input is looked at as it is.
pub const ANALYSED_SIDE: usize = 224;

/// The shorter side of the original must be at least this part of the model's input.
const MIN_SIDE_SHARE: f64 = 0.875;

/// Fewer levels between dark and bright are a blank image. The palest real one has five times as many.
const MIN_SPAN: u8 = 24;

/// More blur is an image without detail. Of 499 X-rays none has more than 0.56 as it is, one has more than this blurred
/// by a Gaussian of 1.6 pixels, and 496 by one of 3 pixels.
const MAX_BLUR: f64 = 0.78;

/// Neighbours that have less in common are grain, not an image of anything.
const MIN_COHERENCE: f64 = 0.6;

/// More pixels at two levels are a mask or a drawing. Of 6,321 real X-rays none has more than .56.
const MAX_TWO_LEVELS: f64 = 0.9;

/// Colours further apart are no X-ray, not even a film on a light box.
const MAX_COLOUR: f64 = 20.0;

/// The reasons to refuse an image by its pixels alone; `input` is the side of the model's input in pixels.
pub(super) fn rejection_reasons(statistics: &ImageStatistics, input: usize) -> Vec<RejectionReason> {
    let blank = statistics.span < MIN_SPAN;
    let two_levels = statistics.two_levels > MAX_TWO_LEVELS;
    let checks = [
        (f64::from(statistics.shorter_side) < MIN_SIDE_SHARE * input as f64, RejectionReason::TooSmall),
        (statistics.colour > MAX_COLOUR, RejectionReason::Coloured),
        (blank, RejectionReason::Blank),
        // What is blank has neither detail nor things in it, and that is said already.
        (!blank && statistics.blur > MAX_BLUR, RejectionReason::Blurred),
        (!blank && (statistics.coherence < MIN_COHERENCE || two_levels), RejectionReason::NotAChestXRay),
    ];
    checks.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_reason() {
        let good = ImageStatistics {
            shorter_side: 196,
            span: 24,
            blur: 0.78,
            coherence: 0.6,
            two_levels: 0.9,
            colour: 20.0,
        };
        let reasons = |statistics: ImageStatistics| rejection_reasons(&statistics, 224);
        assert_eq!(reasons(good), []);
        assert_eq!(reasons(ImageStatistics { shorter_side: 195, ..good }), [RejectionReason::TooSmall]);
        assert_eq!(reasons(ImageStatistics { colour: 20.1, ..good }), [RejectionReason::Coloured]);
        assert_eq!(reasons(ImageStatistics { blur: 0.781, ..good }), [RejectionReason::Blurred]);
        assert_eq!(reasons(ImageStatistics { coherence: 0.599, ..good }), [RejectionReason::NotAChestXRay]);
        assert_eq!(reasons(ImageStatistics { two_levels: 0.91, ..good }), [RejectionReason::NotAChestXRay]);
        let blank = ImageStatistics {
            shorter_side: 100,
            span: 23,
            blur: 1.0,
            coherence: 0.0,
            two_levels: 1.0,
            colour: 0.0,
        };
        assert_eq!(reasons(blank), [RejectionReason::TooSmall, RejectionReason::Blank]);
    }
}
