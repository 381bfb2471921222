//! What a DICOM file says of patient and study, as it comes back from a child.

use std::collections::BTreeMap;
use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use xray_intake::dicom_identity;

/// The elements that are asked for: those that [`xray_intake::DicomIdentity`] holds.
const ELEMENTS: [Tag; 18] = [
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
/// Longest value, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 1024;
/// Most elements.
pub(crate) const MAX_ELEMENTS: usize = ELEMENTS.len();

/// What a DICOM file says of patient and study, in the file's own bytes and character set.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Identity(BTreeMap<Tag, Vec<u8>>);

impl Identity {
    /// That of a file's bytes, read in this process; empty if they are no DICOM file, or a damaged one.
    pub fn of(bytes: &[u8]) -> Identity {
        let Some(found) = dicom_identity(bytes) else { return Identity::default() };
        let elements = ELEMENTS.iter().filter_map(|tag| Some((*tag, found.bytes(*tag)?.to_vec())));
        Identity(elements.filter(|(_, value)| value.len() <= MAX_VALUE_BYTES).collect())
    }

    /// The bytes of an element, without padding; none if it is absent or empty.
    pub fn bytes(&self, tag: Tag) -> Option<&[u8]> {
        self.0.get(&tag).map(Vec::as_slice)
    }

    /// An element of plain ASCII.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let bytes = self.bytes(tag).filter(|bytes| bytes.is_ascii())?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    pub(crate) fn elements(&self) -> impl ExactSizeIterator<Item = (Tag, &[u8])> {
        self.0.iter().map(|(tag, value)| (*tag, value.as_slice()))
    }

    /// Adds an element that a child gave; false if it is none of those that are asked for, or there already.
    pub(crate) fn add(&mut self, tag: Tag, value: Vec<u8>) -> bool {
        ELEMENTS.contains(&tag) && !value.is_empty() && self.0.insert(tag, value).is_none()
    }
}

/// Says which elements are there and none of their values: this may end up in a log.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
