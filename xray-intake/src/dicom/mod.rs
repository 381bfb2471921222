//! DICOM (PS3.3, PS3.5, PS3.10): computed and digital radiography, and secondary captures of them, as one image.
//!
//! ```text
//! bytes ─meta→ transfer syntax ─walk→ the few elements that matter ─subject→ a radiograph?
//!       ─form→ size and layout ─codec→ samples ─levels→ grey 0..255
//! ```
//!
//! The size is checked before a pixel is decoded. No other element than those in `walk` is looked at, and the value of
//! none is repeated in a problem, so that no name or number of a patient leaves the file; but through
//! [`dicom_identity`], for a report that goes back where the file came from.

mod codec;
mod data_set;
mod form;
mod identity;
mod levels;
mod lut;
mod meta;
mod problem;
mod subject;
mod syntax;
mod walk;

use std::borrow::Cow;
use std::io::Read;

use flate2::read::DeflateDecoder;

use codec::Samples;
use form::Form;
use syntax::Syntax;

use super::IntakeProblem;
use super::limits::MAX_FILE_BYTES;
use super::radiograph::{Pixels, Radiograph};

pub use identity::{DicomIdentity, dicom_identity};
pub use problem::DicomProblem;

/// Where the word DICM stands.
const MAGIC_AT: usize = 128;

/// Whether the bytes are those of a DICOM file.
pub(super) fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(MAGIC_AT..MAGIC_AT + 4) == Some(b"DICM")
}

/// Decodes the bytes of a DICOM file. Grey is brought to 0 (black) to 255 (white) through the file's modality
/// transformation and its first table or window of values of interest; without one, the whole range of the stored
/// bits counts.
///
/// # Errors
/// [`IntakeProblem`], with a [`DicomProblem`] for what the file is or lacks.
pub(super) fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let (bytes, start, syntax) = opened(bytes)?;
    let set = walk::read(&bytes, start, syntax.elements, &walk::WANTED)?;
    subject::check(&set)?;
    let form = Form::of(&set, syntax.coding)?;
    let levels = levels::table(&set, &form)?;
    let pixels = match codec::decode(&set, &form, syntax.coding)? {
        Samples::Grey(codes) => Pixels::Grey(codes.iter().map(|code| levels[usize::from(*code)]).collect()),
        Samples::Rgb(colours) => Pixels::Rgb(colours),
    };
    Radiograph::new(form.width, form.height, pixels)
}

/// The bytes in which the data set lies, where it begins in them, and how it is written.
fn opened(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, usize, Syntax), IntakeProblem> {
    if !is_dicom(bytes) {
        return Err(IntakeProblem::UnknownFormat);
    }
    let meta = meta::read(bytes)?;
    let syntax = Syntax::of(meta.syntax)?;
    Ok(match syntax.deflated {
        true => (Cow::Owned(inflate(&bytes[meta.data_set..])?), 0, syntax),
        false => (Cow::Borrowed(bytes), meta.data_set, syntax),
    })
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
