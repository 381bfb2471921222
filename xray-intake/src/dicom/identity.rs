//! Whose X-ray it is and to which study it belongs, for a report that goes back to where the file came from and for keeping a
//! patient's training images together. Nothing else reads these elements.

use std::collections::BTreeMap;
use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::{OpenDataSet, open_data_set, reader};

/// Patient, study, the image's own UIDs, its view and its bits.
const IDENTITY_ELEMENTS: [Tag; 18] = [
    tags::SPECIFIC_CHARACTER_SET,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::STUDY_ID,
    tags::ACCESSION_NUMBER,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::ISSUER_OF_PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::PATIENT_AGE,
    tags::VIEW_POSITION,
    tags::BITS_STORED,
];

/// Longest value that is taken, in bytes; the longest that the standard allows here has 64 letters in each of three
/// scripts.
const MAX_VALUE_BYTES: usize = 1024;

/// What a DICOM file says of patient and study, in the file's own bytes and character set.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct DicomIdentity(BTreeMap<Tag, Vec<u8>>);

impl DicomIdentity {
    /// The bytes of an element, without padding; none if it is absent or empty.
    pub fn bytes(&self, tag: Tag) -> Option<&[u8]> {
        self.0.get(&tag).map(Vec::as_slice)
    }

    /// An element of plain ASCII.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let bytes = self.bytes(tag).filter(|bytes| bytes.is_ascii())?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// Says which elements are there and none of their values: this may end up in a log.
impl fmt::Debug for DicomIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What the bytes of a DICOM file say of patient and study; none if they are no DICOM file, or a damaged one.
pub fn dicom_identity(bytes: &[u8]) -> Option<DicomIdentity> {
    let OpenDataSet { bytes, start, syntax } = open_data_set(bytes).ok()?;
    let set = reader::read(&bytes, start, syntax.elements, &IDENTITY_ELEMENTS).ok()?;
    let trimmed = |value: &[u8]| {
        let padding = |byte: &u8| *byte == 0 || *byte == b' ';
        let end = value.iter().rposition(|byte| !padding(byte)).map_or(0, |last| last + 1);
        value[..end].to_vec()
    };
    let elements = set.root.0.iter().filter(|(_, element)| element.bytes.len() <= MAX_VALUE_BYTES);
    let values =
        elements.map(|(tag, element)| (*tag, trimmed(element.bytes))).filter(|(_, value)| !value.is_empty());
    Some(DicomIdentity(values.collect()))
}
