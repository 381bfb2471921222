//! DICOM against pydicom (`scripts/oracle/dicom.py` wrote the fixtures), and what is refused, by exact error.

use std::path::PathBuf;

use serde::Deserialize;
use xray_intake::{DicomProblem, IntakeProblem, Pixels, decode, read_file};
use xray_testkit::dicom::{DicomFile, Value};

#[derive(Deserialize)]
struct Case {
    file: String,
    width: u32,
    height: u32,
    colour: bool,
    /// Largest difference of a level; other than 0 for lossy coding and rounded colours only.
    within: u8,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dicom").join(name)
}

fn cases() -> Vec<Case> {
    let text = std::fs::read(fixture("cases.json")).expect("cases.json");
    serde_json::from_slice(&text).expect("cases")
}

#[test]
fn every_fixture_is_shown_as_pydicom_shows_it() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let expected = std::fs::read(fixture(&format!("{}.levels", case.file))).expect("levels");
        let image = match read_file(&fixture(&format!("{}.dcm", case.file))) {
            Ok(image) => image,
            Err(error) => {
                failures.push(error.to_string());
                continue;
            }
        };
        assert_eq!((image.width(), image.height()), (case.width, case.height), "{}", case.file);
        let (found, colour) = match image.pixels() {
            Pixels::Grey(levels) => (levels, false),
            Pixels::Rgb(colours) => (colours, true),
        };
        assert_eq!((found.len(), colour), (expected.len(), case.colour), "{}", case.file);
        let differences = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b));
        let worst = differences.clone().max().expect("pixels");
        if worst > case.within {
            let count = differences.filter(|difference| *difference > case.within).count();
            failures.push(format!("{}: {count} pixels differ, by up to {worst}", case.file));
        } else if worst > 0 {
            println!("{}: differs by up to {worst}", case.file);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_plain_file_of_the_tests_is_read() {
    let image = decode(&DicomFile::plain().bytes()).expect("plain");
    let Pixels::Grey(levels) = image.pixels() else { panic!("grey") };
    // 12 bits, no window: round(v · 255 / 4095), v = 16·(x + y).
    assert_eq!((image.width(), image.height()), (64, 66));
    assert_eq!((levels[0], levels[1], levels[64 * 66 - 1]), (0, 1, 128));
}

#[test]
fn what_is_refused_and_how() {
    let missing = |element| DicomProblem::Missing { element };
    let invalid = |element, reason| DicomProblem::Invalid { element, reason };
    let subject = |what| DicomProblem::NotARadiograph { what };
    let photometric = |name| DicomProblem::Photometric { name };
    let bits = |allocated, stored, high| DicomProblem::Bits { allocated, stored, high };
    let plain = DicomFile::plain;
    let storage = |end: &str| Value::text("UI", &format!("1.2.840.10008.5.1.4.1.1.{end}"));
    let us = |value: u16| Value::us(&[value]);
    let table = |descriptor: &[u16], entries: &[u16]| {
        Value::sequence(&[&[((0x28, 0x3002), Value::us(descriptor)), ((0x28, 0x3006), Value::us(entries))]])
    };
    let kind = "it is of another kind than the standard says";
    let size = "it does not go with the Photometric Interpretation";
    let entries = "it holds another number of entries than its descriptor says";
    let cases: Vec<(DicomFile, DicomProblem)> = vec![
        (plain().with(8, 0x16, storage("2")), subject("a CT image")),
        (plain().with(8, 0x60, Value::text("CS", "CT")), subject("a CT image")),
        (plain().with(8, 0x60, Value::text("CS", "ZZ")), subject("an image of another modality")),
        (plain().with(8, 0x16, storage("1.2")), subject("a mammogram")),
        (plain().with(8, 0x16, storage("88.11")), subject("a structured report")),
        (plain().with(8, 0x16, Value::text("UI", "1.2.3")), subject("another kind of object")),
        (plain().without(8, 0x16), missing("SOP Class UID")),
        (plain().with(8, 0x16, storage("7")).without(8, 0x60), missing("Modality")),
        (plain().with(8, 0x16, storage("1.1.1")), DicomProblem::ForProcessing),
        (plain().with(8, 0x68, Value::text("CS", "FOR PROCESSING")), DicomProblem::ForProcessing),
        (plain().with(0x28, 8, Value::text("IS", "2")), DicomProblem::Frames { frames: 2 }),
        (plain().with(0x28, 8, Value::text("IS", "-1")), invalid("Number of Frames", "it is no count")),
        (plain().with(0x28, 8, Value::text("IS", "1e3")), invalid("Number of Frames", "it is no count")),
        (plain().without(0x28, 0x10), missing("Rows")),
        (plain().without(0x28, 0x11), missing("Columns")),
        (plain().with(0x28, 0x10, Value::text("LO", "66")), invalid("Rows", "it is not of the kind US")),
        (plain().with(0x28, 0x10, Value::us(&[66, 66])), invalid("Rows", "it is not one number")),
        (plain().with(0x28, 0x1053, us(1)), invalid("Rescale Slope", kind)),
        (plain().with(0x28, 0x1053, Value::text("DS", "0")), invalid("Rescale Slope", "it is zero")),
        (
            plain().with(0x28, 0x1053, Value::text("DS", "NaN")),
            invalid("Rescale Slope", "it is no usable number"),
        ),
        (
            plain().with(0x28, 0x1052, Value::text("DS", "1e300")),
            invalid("Rescale Intercept", "it is no usable number"),
        ),
        (plain().with(0x28, 0x1050, Value::text("DS", "100")), missing("Window Width")),
        (plain().with(0x28, 0x1051, Value::text("DS", "100")), missing("Window Center")),
        (plain().window("100", "0.5", "LINEAR"), invalid("Window Width", "it is too small")),
        (plain().window("100", "0", "SIGMOID"), invalid("Window Width", "it is too small")),
        (plain().window("100", "-5", "LINEAR_EXACT"), invalid("Window Width", "it is too small")),
        (plain().window("1", "9", "CURVE"), invalid("VOI LUT Function", "the standard does not know it")),
        (plain().without(0x28, 4), missing("Photometric Interpretation")),
        (plain().with(0x28, 4, Value::text("CS", "PALETTE COLOR")), photometric("indices into a palette")),
        (plain().with(0x28, 4, Value::text("CS", "YBR_FULL_422")), photometric("subsampled colours")),
        (plain().with(0x28, 4, Value::text("CS", "SECRET")), photometric("of an unknown kind")),
        (plain().with(0x28, 4, Value::text("CS", "RGB")), invalid("Samples per Pixel", size)),
        (plain().with(0x28, 2, us(3)), invalid("Samples per Pixel", size)),
        (
            plain().with(0x28, 2, us(3)).with(0x28, 4, Value::text("CS", "RGB")),
            photometric("colours that are not of 8 unsigned bits"),
        ),
        (plain().with(0x28, 0x100, us(32)), bits(32, 12, 11)),
        (plain().with(0x28, 0x100, us(8)), bits(8, 12, 11)),
        (plain().with(0x28, 0x101, us(1)), bits(16, 1, 11)),
        (plain().with(0x28, 0x101, us(17)), bits(16, 17, 11)),
        (plain().with(0x28, 0x102, us(10)), bits(16, 12, 10)),
        (plain().with(0x28, 0x102, us(u16::MAX)), bits(16, 12, u16::MAX)),
        (plain().with(0x28, 0x103, us(2)), invalid("Pixel Representation", "it is neither 0 nor 1")),
        (
            plain().with(0x2050, 0x20, Value::text("CS", "INVERSE")),
            invalid(
                "Presentation LUT Shape",
                "it contradicts the Photometric Interpretation about what is black",
            ),
        ),
        (plain().with(0x28, 0x3010, table(&[4, 0, 12], &[1, 2, 3])), invalid("VOI LUT Sequence", entries)),
        (plain().with(0x28, 0x3010, table(&[0, 0, 12], &[1, 2, 3])), invalid("VOI LUT Sequence", entries)),
        (
            plain().with(0x28, 0x3010, table(&[3, 0, 9], &[1, 2, 3])),
            invalid("VOI LUT Sequence", "its entries are of a width that the standard does not know"),
        ),
        (
            plain().with(0x28, 0x3000, table(&[3, 0], &[1, 2, 3])),
            invalid("Modality LUT Sequence", "its descriptor does not hold three numbers"),
        ),
        (
            plain().with(0x28, 0x3000, Value::sequence(&[&[((0x28, 0x3002), Value::us(&[1, 0, 8]))]])),
            missing("Modality LUT Sequence"),
        ),
        (plain().without(0x7fe0, 0x10), missing("Pixel Data")),
        (
            plain().syntax("1.2.840.10008.1.2.4.50"),
            invalid("Pixel Data", "it is not coded as the Transfer Syntax UID says"),
        ),
        (plain().syntax("1.2.840.10008.1.2.4.80"), DicomProblem::Coding { name: "JPEG-LS" }),
        (plain().syntax("1.2.3"), DicomProblem::Coding { name: "an unknown transfer syntax" }),
    ];
    for (index, (file, expected)) in cases.into_iter().enumerate() {
        assert_eq!(decode(&file.bytes()), Err(IntakeProblem::Dicom(expected)), "case {index}");
    }
}

#[test]
fn sizes_are_bounded_before_pixels_are_looked_at() {
    let sized = |rows: u16, columns: u16| {
        let file = DicomFile::plain().with(0x28, 0x10, Value::us(&[rows]));
        file.with(0x28, 0x11, Value::us(&[columns])).bytes()
    };
    let table = [
        (sized(65_535, 65_535), IntakeProblem::TooManyPixels { width: 65_535, height: 65_535 }),
        (sized(12_001, 64), IntakeProblem::TooManyPixels { width: 64, height: 12_001 }),
        (sized(63, 64), IntakeProblem::TooSmall { width: 64, height: 63 }),
        (sized(0, 0), IntakeProblem::TooSmall { width: 0, height: 0 }),
        (sized(67, 64), IntakeProblem::Truncated),
        (sized(6000, 6000), IntakeProblem::Truncated),
        (
            sized(65, 64),
            IntakeProblem::Damaged {
                format: "DICOM",
                reason: "Pixel Data holds more than the one image that the header describes".to_owned(),
            },
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(decode(&bytes), Err(expected));
    }
}

#[test]
fn an_element_that_stands_there_twice_is_damage() {
    let mut bytes = DicomFile::plain().bytes();
    let rows = [0x28, 0, 0x10, 0, b'U', b'S', 2, 0];
    let at = bytes.windows(8).position(|w| w == rows).expect("Rows");
    let copy = bytes[at..at + 10].to_vec();
    bytes.splice(at..at, copy);
    let reason = "an element stands there twice".to_owned();
    assert_eq!(decode(&bytes), Err(IntakeProblem::Damaged { format: "DICOM", reason }));
}

#[test]
fn no_problem_names_the_patient() {
    for case in cases() {
        let bytes = std::fs::read(fixture(&format!("{}.dcm", case.file))).expect("a fixture");
        assert!(
            bytes.windows(6).any(|w| w == b"SECRET") || case.file.starts_with("deflated"),
            "{}",
            case.file
        );
        for cut in (132..bytes.len()).step_by(97) {
            if let Err(problem) = decode(&bytes[..cut]) {
                let said = format!("{problem} {problem:?}").to_lowercase();
                assert!(!said.contains("secret"), "{}: {said}", case.file);
            }
        }
    }
}
