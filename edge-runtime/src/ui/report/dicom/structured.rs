//! Comprehensive SR (PS3.3, A.35.3): the verdict with its numbers, for machines.

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use xray_core::decision::DISCLAIMER;

use super::super::ReportData;
use super::DicomError;
use super::common::{
    FileKind, MAKER, SourceImage, begin, file, item, recorded, reference, result, sequence, source, study,
    test, text,
};
use super::uid::uid;
use crate::records::ChainHead;
use crate::ui::decimals::decimals_of;

const KIND: FileKind = FileKind {
    class: uids::COMPREHENSIVE_SR_STORAGE,
    word: "report",
    modality: "SR",
    number: "9702",
    description: "Screening report, not a diagnosis",
};

/// Scheme of the codes of this program, for what the standard has no code.
const OURS: &str = "99XRAYEDGE";

/// A coded term (PS3.3, section 8).
#[derive(Clone, Copy)]
struct Code {
    value: &'static str,
    scheme: &'static str,
    meaning: &'static str,
}

const fn term(value: &'static str, scheme: &'static str, meaning: &'static str) -> Code {
    Code { value, scheme, meaning }
}

const TITLE: Code = term("screening", OURS, "Chest X-ray screening");
const RESULT: Code = term("result", OURS, "Screening result");
const PROBABILITY: Code = term("probability", OURS, "Probability");
const THRESHOLD: Code = term("threshold", OURS, "Threshold");
const REASON: Code = term("reason", OURS, "Reason for no result");
const MODEL: Code = term("model", OURS, "SHA-256 of the model");
const CONTENT: Code = term("content", OURS, "SHA-256 of the image file");
const RECORD: Code = term("record", OURS, "Record");
const CHAIN: Code = term("chain", OURS, "Number and hash of the record in its chain");
const RECORDED: Code = term("recorded", OURS, "Recorded at");
const NO_UNITS: Code = term("1", "UCUM", "no units");
// PS3.16, annex D.
const LANGUAGE: Code = term("121049", "DCM", "Language of Content Item and Descendants");
const ENGLISH: Code = term("en", "RFC5646", "English");
const OBSERVER_TYPE: Code = term("121005", "DCM", "Observer Type");
const DEVICE: Code = term("121007", "DCM", "Device");
const DEVICE_UID: Code = term("121012", "DCM", "Device Observer UID");
const DEVICE_NAME: Code = term("121013", "DCM", "Device Observer Name");
const COMMENT: Code = term("121106", "DCM", "Comment");
const SOURCE: Code = term("121112", "DCM", "Source of Measurement");

/// A record as a structured report.
///
/// # Errors
/// [`DicomError::Writer`].
pub fn structured(data: &ReportData) -> Result<Vec<u8>, DicomError> {
    let source = source(&data.identity);
    let mut object = begin(data, &KIND);
    for (tag, value) in [
        (tags::COMPLETION_FLAG, "COMPLETE"),
        (tags::PRELIMINARY_FLAG, "PRELIMINARY"),
        (tags::VERIFICATION_FLAG, "UNVERIFIED"),
        (tags::VALUE_TYPE, "CONTAINER"),
        (tags::CONTINUITY_OF_CONTENT, "SEPARATE"),
    ] {
        object.put(text(tag, VR::CS, value));
    }
    object.put(sequence(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, vec![]));
    object.put(sequence(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, vec![]));
    object.put(sequence(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![coded(TITLE)]));
    object.put(sequence(tags::CONTENT_SEQUENCE, content(data, source.as_ref())));
    if let Some(source) = &source {
        let series = item([
            text(tags::SERIES_INSTANCE_UID, VR::UI, &source.series),
            sequence(tags::REFERENCED_SOP_SEQUENCE, vec![reference(source)]),
        ]);
        let evidence = item([
            text(tags::STUDY_INSTANCE_UID, VR::UI, &study(data)),
            sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series]),
        ]);
        object.put(sequence(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, vec![evidence]));
    }
    file(object)
}

fn content(data: &ReportData, source: Option<&SourceImage>) -> Vec<InMemDicomObject> {
    let (record, entry) = (&data.record, &data.record.entry);
    let digits = decimals_of(entry, data.abstain(), 6);
    let device = uid("device", &[MAKER.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()]);
    let mut all = vec![
        code("HAS CONCEPT MOD", LANGUAGE, ENGLISH),
        code("HAS OBS CONTEXT", OBSERVER_TYPE, DEVICE),
        with("HAS OBS CONTEXT", "UIDREF", DEVICE_UID, [text(tags::UID, VR::UI, &device)]),
        words("HAS OBS CONTEXT", DEVICE_NAME, &format!("{MAKER} edge-runtime {}", env!("CARGO_PKG_VERSION"))),
        words("CONTAINS", COMMENT, DISCLAIMER),
        words("CONTAINS", RESULT, &result(&entry.outcome)),
    ];
    all.extend(test(data).map(|warning| words("CONTAINS", COMMENT, warning)));
    if let Some(probability) = entry.outcome.probability() {
        all.push(number(PROBABILITY, probability, digits));
    }
    all.push(number(THRESHOLD, entry.threshold, digits));
    all.extend(entry.outcome.reasons().iter().map(|reason| words("CONTAINS", REASON, reason)));
    all.push(words("CONTAINS", MODEL, &entry.model.to_string()));
    all.push(words("CONTAINS", CONTENT, &entry.image_id.to_string()));
    all.push(words("CONTAINS", RECORD, &record.sequence.to_string()));
    all.push(words("CONTAINS", CHAIN, &ChainHead::of(record).to_string()));
    all.push(words("CONTAINS", RECORDED, &recorded(record)));
    if let Some(source) = source {
        let image = [sequence(tags::REFERENCED_SOP_SEQUENCE, vec![reference(source)])];
        all.push(with("CONTAINS", "IMAGE", SOURCE, image));
    }
    all
}

fn coded(code: Code) -> InMemDicomObject {
    let Code { value, scheme, meaning } = code;
    item([
        text(tags::CODE_VALUE, VR::SH, value),
        text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme),
        text(tags::CODE_MEANING, VR::LO, meaning),
    ])
}

/// An item of content: how it belongs to the report, what kind it is, what it is called, and its value.
fn with(
    relation: &str,
    kind: &str,
    name: Code,
    value: impl IntoIterator<Item = dicom_object::mem::InMemElement>,
) -> InMemDicomObject {
    let head = [
        text(tags::RELATIONSHIP_TYPE, VR::CS, relation),
        text(tags::VALUE_TYPE, VR::CS, kind),
        sequence(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![coded(name)]),
    ];
    item(head.into_iter().chain(value))
}

fn words(relation: &str, name: Code, value: &str) -> InMemDicomObject {
    with(relation, "TEXT", name, [text(tags::TEXT_VALUE, VR::UT, value)])
}

fn code(relation: &str, name: Code, value: Code) -> InMemDicomObject {
    with(relation, "CODE", name, [sequence(tags::CONCEPT_CODE_SEQUENCE, vec![coded(value)])])
}

/// A number of 0..1 without a unit; decimal strings have at most 16 characters.
fn number(name: Code, value: f64, digits: usize) -> InMemDicomObject {
    let measured = item([
        text(tags::NUMERIC_VALUE, VR::DS, &format!("{value:.digits$}")),
        sequence(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![coded(NO_UNITS)]),
    ]);
    with("CONTAINS", "NUM", name, [sequence(tags::MEASURED_VALUE_SEQUENCE, vec![measured])])
}
