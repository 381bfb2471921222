//! Kinds of JPEG that are not read, by name.

use super::frame::{Component, Frame};
use crate::IntakeProblem;
use crate::limits::MAX_JPEG_COEFFICIENTS;

const SAVE_AS: &str = "open it in an image viewer and save it as baseline JPEG or as PNG";

fn other(name: &'static str) -> IntakeProblem {
    IntakeProblem::OtherFormat { name, remedy: SAVE_AS }
}

/// Whether the process that a frame's marker names (table B.1) is progressive.
///
/// # Errors
/// [`IntakeProblem::OtherFormat`] for processes that are not read.
pub(super) fn process(marker: u8, precision: u8) -> Result<bool, IntakeProblem> {
    match (marker, precision) {
        (0xc0 | 0xc1, 8) => Ok(false),
        (0xc2, 8) => Ok(true),
        (0xc0..=0xc2, 12) => Err(other("a JPEG of 12 bits a sample")),
        (0xc0..=0xc2, _) => Err(super::damaged("its samples are not of 8 bits")),
        (0xc3, _) => Err(other("a lossless JPEG (SOF3)")),
        (0xc5..=0xc7, _) => Err(other("a hierarchical JPEG")),
        (0xcb, _) => Err(other("a lossless JPEG with arithmetic coding (SOF11)")),
        (0xc9 | 0xca | 0xcd..=0xcf, _) => Err(arithmetic()),
        (0xf7, _) => Err(other("a JPEG-LS picture")),
        _ => Err(super::damaged("its frame header is of an unknown kind")),
    }
}

/// For a whole stream that the decoder does not take.
pub(super) fn uncommon_form() -> IntakeProblem {
    other("a JPEG that is whole, but of an uncommon form")
}

/// For a stream whose codes are arithmetic.
pub(super) fn arithmetic() -> IntakeProblem {
    other("a JPEG with arithmetic coding")
}

/// For a frame that leaves its height to a DNL segment (B.2.5).
pub(super) fn height_behind_the_scan() -> IntakeProblem {
    other("a JPEG whose height stands behind its pixels (DNL)")
}

/// For frames of which another component than the first has the most samples: the decoder spreads the first wrongly.
pub(super) fn check_sampling(components: &[Component]) -> Result<(), IntakeProblem> {
    let more = |first: &Component| components.iter().any(|c| c.across > first.across || c.down > first.down);
    if components.first().is_some_and(more) {
        return Err(other("a JPEG whose colours have more samples than its brightness"));
    }
    let uncommon = |c: &Component| !c.across.is_power_of_two() || !c.down.is_power_of_two();
    if components.len() > 1 && components.iter().any(uncommon) { Err(uncommon_form()) } else { Ok(()) }
}

/// For sequential frames with several scans and components of which some have fewer samples than others: the decoder
/// puts them in the wrong place. Of three components with a scan each, [`super::separate`] knows better.
pub(super) fn check_scans(frame: &Frame, components: usize) -> Result<(), IntakeProblem> {
    let subsampled = frame.components.iter().any(|c| (c.across, c.down) != (1, 1));
    let separate = components == 1 && frame.components.len() == 3;
    if components < frame.components.len() && subsampled && !separate {
        return Err(other("a JPEG with reduced colours in a scan of two components"));
    }
    Ok(())
}

/// Whether the decoder's coefficients stay within [`MAX_JPEG_COEFFICIENTS`]. It keeps those of progressive frames,
/// and those of colours.
///
/// # Errors
/// [`IntakeProblem::OtherFormat`].
pub(super) fn check_memory(
    progressive: bool,
    width: u32,
    height: u32,
    components: usize,
) -> Result<(), IntakeProblem> {
    let coefficients = u64::from(width) * u64::from(height) * components as u64;
    let kept = progressive || components == 4;
    if kept && coefficients > MAX_JPEG_COEFFICIENTS {
        return Err(other("a progressive or CMYK JPEG of more than 80 million samples"));
    }
    Ok(())
}
