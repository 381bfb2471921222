//! What was written, read back.

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject, from_reader};
use xray_decode::Identity;

use super::super::ReportData;
use super::*;
use crate::records::{Durations, Entry, Hash256, Origin, Outcome, Record, Timestamp, chain};
use crate::ui::picture::PictureError;

const STUDY: &str = "1.2.3.4";
const INSTANCE: &str = "1.2.3.4.6";

/// A small X-ray as a DICOM file, as a detector may have given it.
fn detector() -> Vec<u8> {
    detector_of(STUDY)
}

fn detector_of(study: &str) -> Vec<u8> {
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, value) in [
        (tags::SOP_CLASS_UID, VR::UI, uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION),
        (tags::SOP_INSTANCE_UID, VR::UI, INSTANCE),
        (tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.4.5"),
        (tags::STUDY_INSTANCE_UID, VR::UI, study),
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100"),
        (tags::PATIENT_ID, VR::LO, "0042"),
        (tags::STUDY_DATE, VR::DA, "20261123"),
        (tags::MODALITY, VR::CS, "DX"),
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
    ] {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
    // "Müller^Zoë" in Latin-1.
    let name: &[u8] = b"M\xfcller^Zo\xeb";
    object.put(DataElement::new(tags::PATIENT_NAME, VR::PN, PrimitiveValue::U8(name.into())));
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1_u16),
        (tags::ROWS, 64),
        (tags::COLUMNS, 80),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(vec![77; 64 * 80].into())));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let mut file = Vec::new();
    object.with_meta(meta).expect("whole").write_all(&mut file).expect("written");
    file
}

fn data(bytes: Vec<u8>, outcome: Outcome, trusted: bool) -> ReportData {
    let entry = Entry {
        image_id: Hash256::of(&bytes),
        bytes: bytes.len() as u64,
        origin: Origin::Stick,
        recorded: Timestamp { unix_ms: 1_795_459_341_500, trusted },
        model: Hash256::of(b"model"),
        threshold: 0.5,
        outcome,
        durations: Durations::default(),
    };
    let record: Record = chain::append(None, entry);
    let image = xray_intake::decode(&bytes).map_err(|problem| PictureError::Image(problem.into()));
    ReportData { record, identity: Identity::of(&bytes), image, heat: None, model: None }
}

fn no_result() -> Outcome {
    Outcome::no_result("blurred")
}

fn read(file: &[u8]) -> DefaultDicomObject {
    from_reader(file).expect("a DICOM file")
}

fn text(object: &InMemDicomObject, tag: Tag) -> String {
    object.element(tag).expect("there").to_str().expect("text").trim_end_matches(['\0', ' ']).to_owned()
}

/// A 64 × 64 PGM.
fn plain() -> Vec<u8> {
    [b"P5 64 64 255\n".as_slice(), &[40; 64 * 64]].concat()
}

#[test]
fn an_identity_is_not_shown_in_a_log() {
    let identity = Identity::of(&detector());
    assert_eq!(identity.text(tags::PATIENT_ID).as_deref(), Some("0042"));
    assert_eq!(identity.text(tags::PATIENT_NAME), None, "not plain ASCII");
    let shown = format!("{identity:?}");
    assert!(!shown.contains("0042") && !shown.contains("ller"), "{shown}");
    assert_eq!(Identity::of(b"Dear colleague"), Identity::default());
    for length in 0..detector().len().min(600) {
        Identity::of(&detector()[..length]);
    }
}

#[test]
fn both_files_go_back_to_patient_and_study_of_a_dicom_x_ray() {
    let data = data(detector(), no_result(), true);
    for file in [capture(&data), structured(&data)] {
        let object = read(&file.expect("a file"));
        assert_eq!(text(&object, tags::STUDY_INSTANCE_UID), STUDY);
        assert_eq!(text(&object, tags::PATIENT_ID), "0042");
        assert_eq!(text(&object, tags::PATIENT_NAME), "Müller^Zoë");
        assert_eq!(text(&object, tags::STUDY_DATE), "20261123");
        assert_eq!(text(&object, tags::CONTENT_DATE), "20261123");
        assert_eq!(text(&object, tags::CONTENT_TIME), "184221.500");
    }
    let capture = read(&capture(&data).expect("a file"));
    let source = capture.element(tags::SOURCE_IMAGE_SEQUENCE).expect("there").items().expect("items");
    assert_eq!(text(&source[0], tags::REFERENCED_SOP_INSTANCE_UID), INSTANCE);
    let report = read(&structured(&data).expect("a file"));
    let evidence = report.element(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE).expect("there");
    let series =
        evidence.items().expect("items")[0].element(tags::REFERENCED_SERIES_SEQUENCE).expect("there");
    assert_eq!(text(&series.items().expect("items")[0], tags::SERIES_INSTANCE_UID), "1.2.3.4.5");
}

/// What no standard allows, as devices write it: a zero before a number, and more than 64 characters.
#[test]
fn a_study_goes_back_as_it_came() {
    let long = "1.2.826.0.1.3680043.8.498.1234567890123456789012345678901234567890123";
    assert_eq!(long.len(), 69);
    for study in ["1.2.3.010", long] {
        let data = data(detector_of(study), no_result(), true);
        for file in [capture(&data), structured(&data)] {
            assert_eq!(text(&read(&file.expect("a file")), tags::STUDY_INSTANCE_UID), study);
        }
    }
    let data = data(detector_of("1.2.3 or 4"), no_result(), true);
    let made_up = text(&read(&capture(&data).expect("a file")), tags::STUDY_INSTANCE_UID);
    assert!(made_up.starts_with("2.25."), "{made_up}");
}

#[test]
fn a_capture_shows_the_x_ray_and_words_under_it() {
    let object = read(&capture(&data(plain(), no_result(), false)).expect("a file"));
    assert_eq!(text(&object, tags::SOP_CLASS_UID), uids::SECONDARY_CAPTURE_IMAGE_STORAGE);
    let number = |tag| object.element(tag).expect("there").to_int::<usize>().expect("a number");
    let (rows, columns) = (number(tags::ROWS), number(tags::COLUMNS));
    let pixels = object.element(tags::PIXEL_DATA).expect("there").to_bytes().expect("bytes");
    assert_eq!(pixels.len(), rows * columns * 3);
    assert!(rows > 64 && columns > 64, "{rows} {columns}");
    let middle = (32 * columns + columns / 2) * 3;
    assert_eq!(pixels[middle..middle + 3], [40; 3]);
    let comments = text(&object, tags::IMAGE_COMMENTS);
    let head = format!("1:{}", data(plain(), no_result(), false).record.hash);
    assert!(comments.contains("not a diagnosis") && comments.ends_with(&head), "{comments}");
    assert_eq!(text(&object, tags::PATIENT_NAME), "");
}

#[test]
fn a_report_without_a_result_has_its_reason_and_no_probability() {
    let object = read(&structured(&data(plain(), no_result(), false)).expect("a file"));
    assert_eq!(text(&object, tags::SOP_CLASS_UID), uids::COMPREHENSIVE_SR_STORAGE);
    assert_eq!(text(&object, tags::VERIFICATION_FLAG), "UNVERIFIED");
    let items = object.element(tags::CONTENT_SEQUENCE).expect("there").items().expect("items");
    let value = |code: &str| {
        items.iter().find_map(|item| {
            let name = &item.element(tags::CONCEPT_NAME_CODE_SEQUENCE).ok()?.items()?[0];
            (text(name, tags::CODE_VALUE) == code).then(|| text(item, tags::TEXT_VALUE))
        })
    };
    assert_eq!(value("result").as_deref(), Some("NO RESULT: blurred"));
    assert_eq!(value("reason").as_deref(), Some("blurred"));
    assert_eq!(value("content"), Some(Hash256::of(&plain()).to_string()));
    assert_eq!(value("chain"), Some(format!("1:{}", data(plain(), no_result(), false).record.hash)));
    assert!(value("recorded").is_some_and(|text| text.ends_with("(the clock was not set)")));
    assert!(value("121106").is_some_and(|text| text.contains("not a diagnosis")));
    let numbers = items.iter().filter(|item| text(item, tags::VALUE_TYPE) == "NUM").count();
    assert_eq!(numbers, 1, "the threshold");
    assert!(items.iter().all(|item| text(item, tags::VALUE_TYPE) != "IMAGE"));
}

#[test]
fn the_same_record_gives_the_same_bytes_and_uids_of_its_own() {
    let (one, other) = (data(plain(), no_result(), true), data(detector(), no_result(), true));
    assert_eq!(structured(&one), structured(&one));
    assert_eq!(capture(&one), capture(&one));
    let files = [capture(&one), structured(&one), capture(&other), structured(&other)];
    let mut uids: Vec<String> =
        files.into_iter().map(|file| text(&read(&file.expect("a file")), tags::SOP_INSTANCE_UID)).collect();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 4);
}

#[test]
fn what_cannot_be_shown_has_no_capture_but_a_report() {
    let data = data(b"Dear colleague".to_vec(), Outcome::no_result("unknown-format"), true);
    assert!(matches!(capture(&data), Err(DicomError::Image(_))));
    assert!(structured(&data).is_ok());
}

#[test]
fn what_a_test_model_said_is_called_so() {
    let report_of = |random| {
        let mut data = data(plain(), no_result(), true);
        data.model = Some(crate::status::ModelFacts {
            hash: data.record.entry.model,
            version: 1,
            file: "model.onnx".into(),
            threshold: 0.5,
            abstain: None,
            engine: "tract",
            random,
            checked: true,
        });
        let rows = read(&capture(&data).expect("a file")).element(tags::ROWS).expect("there").to_int::<u32>();
        let report = read(&structured(&data).expect("a file"));
        let items = report.element(tags::CONTENT_SEQUENCE).expect("there").items().expect("items").to_vec();
        let warned = items.iter().any(|item| {
            item.get(tags::TEXT_VALUE)
                .is_some_and(|value| value.to_str().is_ok_and(|text| text.starts_with("TEST MODEL")))
        });
        (warned, rows.expect("a number"))
    };
    let ((warned, rows), (silent, fewer)) = (report_of(true), report_of(false));
    assert!(warned && !silent);
    assert_eq!(rows, fewer + 22, "one more line under the picture");
}
