//! DICOM (PS3.3, PS3.5, PS3.10): computed and digital radiography, and secondary captures of them, as one image.
//!
//! ```text
//! bytes ─file_meta→ transfer syntax ─reader→ the few elements that matter ─modality→ a radiograph?
//!       ─pixel_format→ size and layout ─codec→ samples ─grey_levels→ grey 0..255
//! ```
//!
//! The size is checked before a pixel is decoded. No other element than those in `reader` is looked at, and the value of
//! none is repeated in a problem, so that no name or number of a patient leaves the file; but through
//! [`dicom_identity`], for a report that goes back where the file came from.

mod codec;
mod data_set;
mod encoding;
mod error;
mod file_meta;
mod fragments;
mod grey_levels;
mod identity;
mod lut;
mod modality;
mod pixel_format;
mod reader;
mod transfer_syntax;
mod view;

use std::borrow::Cow;
use std::io::Read;

use flate2::read::DeflateDecoder;

use codec::Samples;
use pixel_format::PixelFormat;
use transfer_syntax::{PixelEncoding, TransferSyntax};

use super::IntakeProblem;
use super::limits::MAX_FILE_BYTES;
use super::radiograph::{Pixels, Radiograph};

pub use error::DicomProblem;
pub use identity::{DicomIdentity, dicom_identity};

/// Offset of the prefix `DICM` in a file (PS3.10, section 7.1), in bytes.
const MAGIC_AT: usize = 128;

/// The beginning of the group length (0002,0000), with which the meta information begins.
const META_START: [u8; 8] = [2, 0, 0, 0, b'U', b'L', 4, 0];

/// The syntax of data sets that do not say theirs (PS3.5, section 10.1).
const IMPLICIT: &str = "1.2.840.10008.1.2";

/// Whether the bytes are those of a DICOM file.
pub(super) fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(MAGIC_AT..MAGIC_AT + 4) == Some(b"DICM")
}

/// Whether the bytes are those of a DICOM file without its preamble, or of a data set alone.
pub(super) fn is_without_preamble(bytes: &[u8]) -> bool {
    bytes.starts_with(&META_START) || encoding::is_bare_data_set(bytes)
}

/// Decodes the bytes of a DICOM file. Grey is brought to 0 (black) to 255 (white) through the file's modality
/// transformation and its first table or window of values of interest; without one, the whole range of the stored
/// bits counts.
///
/// # Errors
/// [`IntakeProblem`], with a [`DicomProblem`] for what the file is or lacks.
pub(super) fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let OpenDataSet { bytes, start, syntax } = open_data_set(bytes)?;
    let set = reader::read(&bytes, start, syntax.elements, &reader::PIXEL_ELEMENTS)?;
    modality::check(&set)?;
    let orientation = view::check(&set)?;
    let format = PixelFormat::of(&set, syntax.coding)?;
    let levels = grey_levels::table(&set, &format)?;
    let pixels = match codec::decode(&set, &format, syntax.coding)? {
        Samples::Grey(codes) => Pixels::Grey(levels.apply(&codes, &format)?),
        Samples::Rgb(colours) => Pixels::Rgb(colours),
    };
    Radiograph::new(format.width, format.height, pixels)?.oriented(orientation)
}

/// A data set that is ready to be read.
struct OpenDataSet<'a> {
    /// The file, or its data set alone if that was deflated.
    bytes: Cow<'a, [u8]>,
    /// Offset of the data set in `bytes`.
    start: usize,
    syntax: TransferSyntax,
}

/// Reads the file's meta information and inflates a deflated data set.
fn open_data_set(bytes: &[u8]) -> Result<OpenDataSet<'_>, IntakeProblem> {
    let meta = if is_dicom(bytes) {
        file_meta::read(bytes, MAGIC_AT + 4)?
    } else if bytes.starts_with(&META_START) {
        file_meta::read(bytes, 0)?
    } else if encoding::is_bare_data_set(bytes) {
        file_meta::FileMeta { syntax: IMPLICIT, data_set: 0 }
    } else {
        return Err(IntakeProblem::UnknownFormat);
    };
    let mut syntax = TransferSyntax::of(meta.syntax)?;
    if syntax.coding == PixelEncoding::Native && !syntax.deflated {
        syntax.elements = encoding::of(bytes, meta.data_set, syntax.elements);
    }
    let (bytes, start) = match syntax.deflated {
        true => (Cow::Owned(inflate(&bytes[meta.data_set..])?), 0),
        false => (Cow::Borrowed(bytes), meta.data_set),
    };
    Ok(OpenDataSet { bytes, start, syntax })
}

/// A deflated data set, which may be no longer than a file.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, IntakeProblem> {
    let mut data = Vec::new();
    match DeflateDecoder::new(bytes).take(MAX_FILE_BYTES + 1).read_to_end(&mut data) {
        Ok(read) if read as u64 > MAX_FILE_BYTES => Err(IntakeProblem::FileTooLarge { bytes: read as u64 }),
        Ok(_) => Ok(data),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(IntakeProblem::Truncated),
        Err(_) => Err(IntakeProblem::Damaged {
            format: "DICOM",
            reason: "its deflated data set cannot be inflated".to_owned(),
        }),
    }
}
