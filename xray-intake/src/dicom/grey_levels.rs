//! From stored values to the grey levels 0 (black) to 255 (white): modality transformation, values of interest,
//! polarity (PS3.3, sections C.11.1, C.11.2 and C.7.6.3.1.2).

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::DicomProblem;
use super::data_set::DataSet;
use super::lut::Lut;
use super::pixel_format::{Photometric, PixelFormat};
use crate::{IntakeProblem, sixteen_bits, span};

/// From stored values to what the detector measured.
enum ModalityTransform {
    Linear { slope: f64, intercept: f64 },
    Table(Lut),
}

/// From measured values to brightness: 0 is black, 1 is white (values of interest, VOI).
enum VoiTransform {
    /// All that the stored bits can express.
    FullRange {
        lowest: f64,
        highest: f64,
    },
    Window {
        function: VoiFunction,
        centre: f64,
        width: f64,
    },
    Table(Lut),
}

/// VOI LUT Function (0028,1056).
#[derive(Clone, Copy)]
enum VoiFunction {
    Linear,
    LinearExact,
    Sigmoid,
}

/// The grey level of every code: of `format.stored` bits, in the order of the codes as unsigned numbers. A table of
/// values of interest goes before a window, and the first of several before the others.
///
/// # Errors
/// [`DicomProblem`] if an element that matters cannot be used.
pub(super) fn table(set: &DataSet<'_>, format: &PixelFormat) -> Result<GreyTable, DicomProblem> {
    let inverse = polarity(set, format)?;
    let modality = ModalityTransform::of(set, format)?;
    let voi = VoiTransform::of(set, format, &modality)?;
    let level = |code: u16| {
        let measured = modality.apply(stored_value(code, format));
        let level = (voi.apply(measured).clamp(0.0, 1.0) * 255.0 + 0.5).floor() as u8;
        if inverse { 255 - level } else { level }
    };
    let padding = Padding::of(set, format)?;
    let levels = (0..=format.mask()).map(|code| if padding.contains(code, format) { 0 } else { level(code) });
    let levels = levels.collect();
    let source = match voi {
        VoiTransform::FullRange { .. } => None,
        VoiTransform::Window { .. } => Some("Window Center"),
        VoiTransform::Table(_) => Some("VOI LUT Sequence"),
    };
    Ok(GreyTable { levels, padding, source })
}

/// A picture with a smaller span of levels is far too dark, too bright or too flat.
const LEAST_SPAN: u8 = 64;

/// Grey levels of codes.
pub(super) struct GreyTable {
    levels: Vec<u8>,
    padding: Padding,
    /// The element that says which values are of interest; none where all are.
    source: Option<&'static str>,
}

impl GreyTable {
    /// The level of each code.
    ///
    /// # Errors
    /// [`IntakeProblem::ValueRange`] if nothing says which values are of interest and the codes use less than a quarter
    /// of their range; [`DicomProblem::Invalid`] if what says so leaves less than a quarter of all levels.
    pub fn apply(&self, codes: &[u16], format: &PixelFormat) -> Result<Vec<u8>, IntakeProblem> {
        let tissue = codes.iter().copied().filter(|code| !self.padding.contains(*code, format));
        // Codes in the order of the values that they stand for.
        let sign = if format.signed { format.mask() / 2 + 1 } else { 0 };
        let ordered = tissue.clone().map(|code| code ^ sign);
        match self.source {
            None if format.stored > 8 => sixteen_bits::check_range(ordered, format.mask())?,
            None => {}
            Some(element) => {
                let range = |sides: (u16, u16), code: u16| (sides.0.min(code), sides.1.max(code));
                let (lowest, highest) = ordered.fold((u16::MAX, 0), range);
                let levels = tissue.map(|code| self.levels[usize::from(code)]);
                let (darkest, brightest) =
                    levels.fold((u8::MAX, 0), |sides, level| (sides.0.min(level), sides.1.max(level)));
                if lowest < highest && brightest - darkest < LEAST_SPAN {
                    let reason = "it leaves less than a quarter of the way from black to white";
                    return Err(DicomProblem::Invalid { element, reason }.into());
                }
            }
        }
        let levels: Vec<u8> = codes.iter().map(|code| self.levels[usize::from(*code)]).collect();
        if self.source.is_none() && format.stored <= 8 {
            span::check(&levels)?;
        }
        Ok(levels)
    }
}

/// Codes that stand for no tissue, which are shown black whatever the polarity (PS3.3, section C.7.5.1.1.2).
struct Padding(Option<(f64, f64)>);

impl Padding {
    /// # Errors
    /// [`DicomProblem::Invalid`] if it takes more than half of the range.
    fn of(set: &DataSet<'_>, format: &PixelFormat) -> Result<Self, DicomProblem> {
        let value = |tag| set.bits(tag).map(|bits| stored_value(bits & format.mask(), format));
        let Some(first) = value(tags::PIXEL_PADDING_VALUE) else { return Ok(Padding(None)) };
        let last = value(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(first);
        let (low, high) = (first.min(last), first.max(last));
        if high - low > f64::from(format.mask()) / 2.0 {
            let element = "Pixel Padding Range Limit";
            return Err(DicomProblem::Invalid { element, reason: "it takes most values for padding" });
        }
        Ok(Padding(Some((low, high))))
    }

    fn contains(&self, code: u16, format: &PixelFormat) -> bool {
        self.0.is_some_and(|(low, high)| (low..=high).contains(&stored_value(code, format)))
    }
}

/// The number that a code stands for.
fn stored_value(code: u16, format: &PixelFormat) -> f64 {
    let unused = 16 - format.stored;
    if format.signed { f64::from((code << unused).cast_signed() >> unused) } else { f64::from(code) }
}

/// Whether the lowest value is white.
fn polarity(set: &DataSet<'_>, format: &PixelFormat) -> Result<bool, DicomProblem> {
    let inverse = format.photometric == Photometric::Monochrome1;
    let element = "Presentation LUT Shape";
    match (set.text(tags::PRESENTATION_LUT_SHAPE, VR::CS, element)?, inverse) {
        // A lung whose black and white are in doubt is not shown to anyone.
        (Some("INVERSE"), false) | (Some("IDENTITY"), true) => Err(DicomProblem::Invalid {
            element,
            reason: "it contradicts the Photometric Interpretation about what is black",
        }),
        _ => Ok(inverse),
    }
}

impl ModalityTransform {
    fn of(set: &DataSet<'_>, format: &PixelFormat) -> Result<Self, DicomProblem> {
        if let Some(item) = &set.modality_lut {
            return Ok(ModalityTransform::Table(Lut::of(set, item, format.signed, "Modality LUT Sequence")?));
        }
        let slope = set.decimal(tags::RESCALE_SLOPE, "Rescale Slope")?.unwrap_or(1.0);
        let intercept = set.decimal(tags::RESCALE_INTERCEPT, "Rescale Intercept")?.unwrap_or(0.0);
        if slope == 0.0 {
            return Err(DicomProblem::Invalid { element: "Rescale Slope", reason: "it is zero" });
        }
        Ok(ModalityTransform::Linear { slope, intercept })
    }

    fn apply(&self, stored: f64) -> f64 {
        match self {
            ModalityTransform::Linear { slope, intercept } => stored * slope + intercept,
            ModalityTransform::Table(lut) => f64::from(lut.look_up(stored)),
        }
    }

    /// The lowest and highest value that it can give.
    fn range(&self, format: &PixelFormat) -> (f64, f64) {
        if let ModalityTransform::Table(lut) = self {
            return (0.0, f64::from(lut.highest()));
        }
        let top = format.mask();
        let ends = if format.signed { [top / 2 + 1, top / 2] } else { [0, top] };
        let [a, b] = ends.map(|code| self.apply(stored_value(code, format)));
        (a.min(b), a.max(b))
    }
}

impl VoiTransform {
    fn of(
        set: &DataSet<'_>,
        format: &PixelFormat,
        modality: &ModalityTransform,
    ) -> Result<Self, DicomProblem> {
        let (lowest, highest) = modality.range(format);
        if let Some(item) = &set.voi_lut {
            return Ok(VoiTransform::Table(Lut::of(set, item, lowest < 0.0, "VOI LUT Sequence")?));
        }
        let centre = set.decimal(tags::WINDOW_CENTER, "Window Center")?;
        let width = set.decimal(tags::WINDOW_WIDTH, "Window Width")?;
        let (centre, width) = match (centre, width) {
            (Some(centre), Some(width)) => (centre, width),
            (None, None) => return Ok(VoiTransform::FullRange { lowest, highest }),
            (Some(_), None) => return Err(DicomProblem::Missing { element: "Window Width" }),
            (None, Some(_)) => return Err(DicomProblem::Missing { element: "Window Center" }),
        };
        let element = "VOI LUT Function";
        let function =
            match set.text(tags::VOILUT_FUNCTION, VR::CS, element)?.map(str::to_ascii_uppercase).as_deref() {
                None | Some("LINEAR") => VoiFunction::Linear,
                Some("LINEAR_EXACT") => VoiFunction::LinearExact,
                Some("SIGMOID") => VoiFunction::Sigmoid,
                Some(_) => {
                    return Err(DicomProblem::Invalid { element, reason: "the standard does not know it" });
                }
            };
        let wide_enough = match function {
            VoiFunction::Linear => width >= 1.0,
            VoiFunction::LinearExact | VoiFunction::Sigmoid => width > 0.0,
        };
        if !wide_enough {
            return Err(DicomProblem::Invalid { element: "Window Width", reason: "it is too small" });
        }
        Ok(VoiTransform::Window { function, centre, width })
    }

    /// The brightness of a value: 0 is black, 1 is white; may lie outside.
    fn apply(&self, value: f64) -> f64 {
        match *self {
            VoiTransform::FullRange { lowest, highest } => (value - lowest) / (highest - lowest),
            // C.11.2.1.2.1; a width of 1 is a step.
            VoiTransform::Window { function: VoiFunction::Linear, centre, width } => {
                ramp(value, centre - 0.5, width - 1.0)
            }
            // C.11.2.1.3.2.
            VoiTransform::Window { function: VoiFunction::LinearExact, centre, width } => {
                ramp(value, centre, width)
            }
            // C.11.2.1.3.1.
            VoiTransform::Window { function: VoiFunction::Sigmoid, centre, width } => {
                1.0 / (1.0 + (-4.0 * (value - centre) / width).exp())
            }
            VoiTransform::Table(ref lut) => f64::from(lut.look_up(value)) / f64::from(lut.highest()),
        }
    }
}

fn ramp(value: f64, centre: f64, width: f64) -> f64 {
    if value <= centre - width / 2.0 {
        0.0
    } else if value > centre + width / 2.0 {
        1.0
    } else {
        (value - centre) / width + 0.5
    }
}
