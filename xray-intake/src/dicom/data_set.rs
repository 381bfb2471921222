//! The elements of a file that its pixels depend on. Everything else, patients' names and numbers among it, is
//! stepped over and never copied.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dicom_core::{Tag, VR};

use super::DicomProblem;
use super::transfer_syntax::ElementEncoding;

/// An element's value as it is in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub vr: VR,
    pub bytes: &'a [u8],
}

/// Pixel Data (7FE0,0010).
#[derive(Debug)]
pub(super) enum PixelData<'a> {
    /// All pixels in one value; `VR::OW` or `VR::OB`.
    Native(Element<'a>),
    /// Coded pixels in fragments, without the table of offsets before them.
    Fragments(Vec<&'a [u8]>),
}

/// Some elements by tag.
#[derive(Debug, Default)]
pub(super) struct ElementMap<'a>(pub BTreeMap<Tag, Element<'a>>);

/// What was read of a data set.
#[derive(Debug)]
pub(super) struct DataSet<'a> {
    pub encoding: ElementEncoding,
    pub root: ElementMap<'a>,
    /// First item of the Modality LUT Sequence (0028,3000).
    pub modality_lut: Option<ElementMap<'a>>,
    /// First item of the VOI LUT Sequence (0028,3010).
    pub voi_lut: Option<ElementMap<'a>>,
    /// First item of the View Code Sequence (0054,0220).
    pub view_code: Option<ElementMap<'a>>,
    /// What the functional groups say of the one frame: its window and its rescaling.
    pub frame: ElementMap<'a>,
    pub pixels: Option<PixelData<'a>>,
}

/// Longest text or list of numbers that is looked at, in bytes; decimal strings have 16, windows come in a few.
const MAX_TEXT: usize = 1024;

/// Largest number that a decimal string may give; far above any pixel, far below what loses its fraction.
const MAX_NUMBER: f64 = 1e9;

impl<'a> DataSet<'a> {
    pub fn new(encoding: ElementEncoding) -> Self {
        DataSet {
            encoding,
            root: ElementMap::default(),
            modality_lut: None,
            voi_lut: None,
            view_code: None,
            frame: ElementMap::default(),
            pixels: None,
        }
    }

    pub fn is_big_endian(&self) -> bool {
        self.encoding == ElementEncoding::ExplicitBig
    }

    /// A 16-bit word in the file's byte order.
    pub fn word(&self, bytes: [u8; 2]) -> u16 {
        if self.is_big_endian() { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// One unsigned word (US).
    pub fn number(&self, tag: Tag, element: &'static str) -> Result<Option<u16>, DicomProblem> {
        let Some(found) = self.root.0.get(&tag) else { return Ok(None) };
        match (found.vr, found.bytes) {
            // A relay that does not know an element writes it as UN, and its bytes as they came.
            (VR::US | VR::UN, &[a, b]) => Ok(Some(self.word([a, b]))),
            (VR::US | VR::UN, _) => Err(DicomProblem::Invalid { element, reason: "it is not one number" }),
            _ => Err(DicomProblem::Invalid { element, reason: "it is not of the kind US" }),
        }
    }

    /// As [`DataSet::number`], for an element that must be there.
    pub fn required(&self, tag: Tag, element: &'static str) -> Result<u16, DicomProblem> {
        self.number(tag, element)?.ok_or(DicomProblem::Missing { element })
    }

    /// Text without padding (CS, UI, IS, DS); `None` if the element is absent or empty.
    pub fn text(&self, tag: Tag, vr: VR, element: &'static str) -> Result<Option<&'a str>, DicomProblem> {
        let Some(found) = self.root.0.get(&tag).or_else(|| self.frame.0.get(&tag)) else { return Ok(None) };
        let invalid = |reason| DicomProblem::Invalid { element, reason };
        if found.vr != vr && found.vr != VR::UN {
            return Err(invalid("it is of another kind than the standard says"));
        }
        if found.bytes.len() > MAX_TEXT {
            return Err(invalid("it is too long"));
        }
        let text = std::str::from_utf8(found.bytes).map_err(|_| invalid("it is no plain text"))?;
        let text = text.trim_matches(['\0', ' ']);
        Ok((!text.is_empty()).then_some(text))
    }

    /// The first number of a decimal string (DS).
    pub fn decimal(&self, tag: Tag, element: &'static str) -> Result<Option<f64>, DicomProblem> {
        let Some(text) = self.text(tag, VR::DS, element)? else { return Ok(None) };
        let first = text.split('\\').next().unwrap_or_default().trim_matches([' ', '\0']);
        let number = with_point(first).parse::<f64>().ok().filter(|number| number.abs() <= MAX_NUMBER);
        number.map(Some).ok_or(DicomProblem::Invalid { element, reason: "it is no usable number" })
    }

    /// A text that is only a hint: without padding, none if it is absent, empty, too long or no text.
    pub fn lenient_text(&self, tag: Tag) -> Option<&'a str> {
        let bytes = self.root.0.get(&tag)?.bytes;
        let text = std::str::from_utf8(bytes.get(..bytes.len().min(MAX_TEXT))?).ok()?;
        let text = text.trim_matches(['\0', ' ']);
        (!text.is_empty()).then_some(text)
    }

    /// The bits of one word (US or SS).
    pub fn bits(&self, tag: Tag) -> Option<u16> {
        match self.root.0.get(&tag)?.bytes {
            &[a, b] => Some(self.word([a, b])),
            _ => None,
        }
    }
}

/// Machines that are set to a language with a decimal comma write one. Three digits behind it could be thousands, and
/// stay what they are: no number.
fn with_point(number: &str) -> Cow<'_, str> {
    match number.split_once(',') {
        Some((whole, fraction)) if fraction.len() != 3 && !number.contains('.') => {
            Cow::Owned(format!("{whole}.{fraction}"))
        }
        _ => Cow::Borrowed(number),
    }
}
