//! Size and layout of the pixels (PS3.3, section C.7.6.3), checked before a pixel is looked at.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::DicomProblem;
use super::data_set::DataSet;
use super::transfer_syntax::PixelEncoding;
use crate::IntakeProblem;
use crate::radiograph::check_size;

/// What the samples of a pixel stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Photometric {
    /// Grey, the lowest value white.
    Monochrome1,
    /// Grey, the lowest value black.
    Monochrome2,
    /// Red, green, blue; or what JPEG 2000 turns into them itself.
    Rgb,
    /// Luma and two chroma, full range (ITU-T T.871).
    Ybr,
}

impl Photometric {
    /// Samples a pixel.
    pub fn samples(self) -> usize {
        match self {
            Photometric::Monochrome1 | Photometric::Monochrome2 => 1,
            Photometric::Rgb | Photometric::Ybr => 3,
        }
    }
}

/// Size and layout of the pixels, within the limits of the intake.
#[derive(Debug, Clone, Copy)]
pub(super) struct PixelFormat {
    pub width: u32,
    pub height: u32,
    pub photometric: Photometric,
    /// Whether colours lie plane after plane.
    pub planar: bool,
    /// Bytes a sample, 1 or 2.
    pub bytes: usize,
    /// Bits of a sample that count, 8 to 16.
    pub stored: u16,
    /// Place of the lowest of them.
    pub shift: u16,
    /// Whether samples are in two's complement.
    pub signed: bool,
}

impl PixelFormat {
    /// Reads and checks it.
    ///
    /// # Errors
    /// [`IntakeProblem`] for a size over the limits, more than one image, or a layout that is not read.
    pub fn of(set: &DataSet<'_>, coding: PixelEncoding) -> Result<Self, IntakeProblem> {
        single_frame(set)?;
        let height = u32::from(set.required(tags::ROWS, "Rows")?);
        let width = u32::from(set.required(tags::COLUMNS, "Columns")?);
        check_size(width, height)?;
        let photometric = photometric(set, coding)?;
        let samples = set.required(tags::SAMPLES_PER_PIXEL, "Samples per Pixel")?;
        if usize::from(samples) != photometric.samples() {
            let reason = "it does not go with the Photometric Interpretation";
            return Err(DicomProblem::Invalid { element: "Samples per Pixel", reason }.into());
        }
        let (bytes, stored, shift) = bits(set)?;
        let signed = match set.number(tags::PIXEL_REPRESENTATION, "Pixel Representation")? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => {
                let reason = "it is neither 0 nor 1";
                return Err(DicomProblem::Invalid { element: "Pixel Representation", reason }.into());
            }
        };
        if samples == 3 && (stored != 8 || signed) {
            return Err(DicomProblem::Photometric { name: "colours that are not of 8 unsigned bits" }.into());
        }
        let planar = match set.number(tags::PLANAR_CONFIGURATION, "Planar Configuration")? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => {
                let reason = "it is neither 0 nor 1";
                return Err(DicomProblem::Invalid { element: "Planar Configuration", reason }.into());
            }
        };
        Ok(PixelFormat { width, height, photometric, planar, bytes, stored, shift, signed })
    }

    /// Pixels of the image.
    pub fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The bits of a sample that count, at the bottom.
    pub fn code(&self, raw: u16) -> u16 {
        (raw >> self.shift) & self.mask()
    }

    /// As many ones as bits are stored.
    pub fn mask(&self) -> u16 {
        u16::MAX >> (16 - self.stored)
    }
}

fn single_frame(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let element = "Number of Frames";
    let Some(text) = set.text(tags::NUMBER_OF_FRAMES, VR::IS, element)? else { return Ok(()) };
    match text.parse::<u32>() {
        // Writers that mean one image put a zero.
        Ok(0 | 1) => Ok(()),
        Ok(frames) if frames > 1 => Err(DicomProblem::Frames { frames }),
        _ => Err(DicomProblem::Invalid { element, reason: "it is no count" }),
    }
}

fn photometric(set: &DataSet<'_>, coding: PixelEncoding) -> Result<Photometric, DicomProblem> {
    let element = "Photometric Interpretation";
    let text = set.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, element)?;
    let other = |name| Err(DicomProblem::Photometric { name });
    match (text.ok_or(DicomProblem::Missing { element })?, coding) {
        ("MONOCHROME1", _) => Ok(Photometric::Monochrome1),
        ("MONOCHROME2", _) => Ok(Photometric::Monochrome2),
        ("RGB", _) | ("YBR_RCT" | "YBR_ICT", PixelEncoding::Jpeg2000) => Ok(Photometric::Rgb),
        ("YBR_FULL", _) | ("YBR_FULL_422", PixelEncoding::JpegSequential) => Ok(Photometric::Ybr),
        ("PALETTE COLOR", _) => other("indices into a palette"),
        ("YBR_FULL_422" | "YBR_PARTIAL_422" | "YBR_PARTIAL_420", _) => other("subsampled colours"),
        _ => other("of an unknown kind"),
    }
}

/// Bytes a sample, bits stored, place of the lowest.
fn bits(set: &DataSet<'_>) -> Result<(usize, u16, u16), DicomProblem> {
    let allocated = set.required(tags::BITS_ALLOCATED, "Bits Allocated")?;
    let stored = set.required(tags::BITS_STORED, "Bits Stored")?;
    let high = set.number(tags::HIGH_BIT, "High Bit")?.unwrap_or(stored.saturating_sub(1));
    let sound = matches!(allocated, 8 | 16) && (8..=allocated).contains(&stored);
    if !sound || high >= allocated || high + 1 < stored {
        return Err(DicomProblem::Bits { allocated, stored, high });
    }
    Ok((usize::from(allocated / 8), stored, high + 1 - stored))
}
