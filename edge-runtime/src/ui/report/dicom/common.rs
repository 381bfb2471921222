//! What both files have in common: patient, study, series, equipment.

use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use time::OffsetDateTime;
use xray_decode::Identity;

use super::super::ReportData;
use super::DicomError;
use super::uid::{can_go_back, uid};
use crate::records::{Outcome, Record, Timestamp};

/// Who made it.
pub(super) const MAKER: &str = "xray-edge";
const PROGRAM: &str = "edge-runtime";

/// One of the two files.
pub(super) struct FileKind {
    /// SOP Class UID.
    pub class: &'static str,
    /// A name for its UIDs.
    pub word: &'static str,
    /// Modality (0008,0060).
    pub modality: &'static str,
    /// Series Number (0020,0011): high, so that it is listed after the series of the hospital.
    pub number: &'static str,
    /// Series Description (0008,103E).
    pub description: &'static str,
}

/// The X-ray that a report refers to.
pub(super) struct SourceImage {
    pub class: String,
    pub instance: String,
    pub series: String,
}

/// The X-ray's own UIDs as they came, if it came as DICOM.
pub(super) fn source(identity: &Identity) -> Option<SourceImage> {
    let of = |tag| identity.text(tag).filter(|text| can_go_back(text));
    Some(SourceImage {
        class: of(tags::SOP_CLASS_UID)?,
        instance: of(tags::SOP_INSTANCE_UID)?,
        series: of(tags::SERIES_INSTANCE_UID)?,
    })
}

/// The study: the X-ray's own as it came, or one that follows from its content.
pub(super) fn study(data: &ReportData) -> String {
    let own = data.identity.text(tags::STUDY_INSTANCE_UID).filter(|text| can_go_back(text));
    own.unwrap_or_else(|| uid("study", &[data.record.entry.image_id.bytes()]))
}

/// The elements that both files begin with.
pub(super) fn begin(data: &ReportData, kind: &FileKind) -> InMemDicomObject {
    let (record, identity) = (&data.record, &data.identity);
    let (date, time) = date_time(record.entry.recorded);
    let heat = [u8::from(data.heat.is_some())];
    // Another release may write the same record otherwise, and then it is another file.
    let parts: [&[u8]; 3] = [record.hash.bytes(), env!("CARGO_PKG_VERSION").as_bytes(), &heat];
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, value) in [
        (tags::SOP_CLASS_UID, VR::UI, kind.class),
        (tags::SOP_INSTANCE_UID, VR::UI, uid(kind.word, &parts).as_str()),
        (tags::STUDY_INSTANCE_UID, VR::UI, study(data).as_str()),
        (tags::SERIES_INSTANCE_UID, VR::UI, uid(&format!("{} series", kind.word), &parts).as_str()),
        (tags::MODALITY, VR::CS, kind.modality),
        (tags::SERIES_NUMBER, VR::IS, kind.number),
        (tags::SERIES_DESCRIPTION, VR::LO, kind.description),
        (tags::INSTANCE_NUMBER, VR::IS, "1"),
        (tags::CONTENT_DATE, VR::DA, date.as_str()),
        (tags::CONTENT_TIME, VR::TM, time.as_str()),
        (tags::MANUFACTURER, VR::LO, MAKER),
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, PROGRAM),
        (tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION")),
    ] {
        object.put(text(tag, vr, value));
    }
    // Elements that must be there, and may be empty.
    for (tag, vr) in [
        (tags::PATIENT_NAME, VR::PN),
        (tags::PATIENT_ID, VR::LO),
        (tags::PATIENT_BIRTH_DATE, VR::DA),
        (tags::PATIENT_SEX, VR::CS),
        (tags::STUDY_DATE, VR::DA),
        (tags::STUDY_TIME, VR::TM),
        (tags::STUDY_ID, VR::SH),
        (tags::ACCESSION_NUMBER, VR::SH),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    ] {
        object.put(bytes(tag, vr, identity.bytes(tag).unwrap_or_default()));
    }
    if let Some(set) = identity.bytes(tags::SPECIFIC_CHARACTER_SET) {
        object.put(bytes(tags::SPECIFIC_CHARACTER_SET, VR::CS, set));
    }
    object
}

/// The file of an object.
pub(super) fn file(object: InMemDicomObject) -> Result<Vec<u8>, DicomError> {
    let failed = |error: &dyn std::fmt::Display| DicomError::Writer(error.to_string());
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let whole = object.with_meta(meta).map_err(|error| failed(&error))?;
    let mut file = Vec::new();
    whole.write_all(&mut file).map_err(|error| failed(&error))?;
    Ok(file)
}

/// An element with a text of this program.
pub(super) fn text(tag: Tag, vr: VR, value: &str) -> InMemElement {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

/// An element with the very bytes of the source, whose character set goes with them.
fn bytes(tag: Tag, vr: VR, value: &[u8]) -> InMemElement {
    let value = match value {
        [] => PrimitiveValue::Empty,
        value => PrimitiveValue::U8(value.into()),
    };
    DataElement::new(tag, vr, value)
}

pub(super) fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> InMemElement {
    DataElement::new(tag, VR::SQ, Value::Sequence(DataSetSequence::from(items)))
}

/// An item of elements.
pub(super) fn item(elements: impl IntoIterator<Item = InMemElement>) -> InMemDicomObject {
    InMemDicomObject::from_element_iter(elements)
}

/// A reference to an object.
pub(super) fn reference(source: &SourceImage) -> InMemDicomObject {
    item([
        text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, &source.class),
        text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &source.instance),
    ])
}

/// The outcome in one line.
pub(super) fn result(outcome: &Outcome) -> String {
    match outcome.reasons() {
        [] => outcome.words().to_owned(),
        reasons => format!("{}: {}", outcome.words(), reasons.join(", ")),
    }
}

/// The warning for a model with random weights.
pub(super) fn test(data: &ReportData) -> Option<&'static str> {
    data.is_a_test().then_some("TEST MODEL: RANDOM WEIGHTS, THE RESULT MEANS NOTHING")
}

/// When a record was made, and whether that can be believed.
pub(super) fn recorded(record: &Record) -> String {
    let timestamp = record.entry.recorded;
    let doubt = if timestamp.trusted { "" } else { " (the clock was not set)" };
    format!("{}{doubt}", timestamp.rfc3339())
}

/// Date and time as DICOM writes them (DA, TM), UTC; the year 1970 for a time beyond the year 9999.
fn date_time(timestamp: Timestamp) -> (String, String) {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(timestamp.unix_ms) * 1_000_000)
        .ok()
        .filter(|time| (0..=9999).contains(&time.year()))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (time.date(), time.time());
    (
        format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day()),
        format!("{:02}{:02}{:02}.{:03}", clock.hour(), clock.minute(), clock.second(), clock.millisecond()),
    )
}
