//! Pictures that name a patient wherever a file can hold a text, whole and damaged.

use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use image::codecs::jpeg::JpegEncoder;
use xray_testkit::dicom::{DicomFile, Value};

/// Name, number and date of birth of a patient who does not exist.
const NAME: &str = "Canarysky^Zoe";
const NUMBER: &str = "KN7731904";
const BORN: &str = "19470811";

/// What must be found nowhere, in small letters.
const MARKS: [&str; 3] = ["canarysky", "kn7731904", "19470811"];

/// Groups of the standard with texts, but for the pixels' own (0028), of which those that hold texts are in [`READ`].
const GROUPS: [u16; 16] = [
    0x0008, 0x0010, 0x0012, 0x0014, 0x0018, 0x0020, 0x0022, 0x0032, 0x0038, 0x003a, 0x0040, 0x0042, 0x0048,
    0x0054, 0x0088, 0x4008,
];

/// Texts that decide whether and how a picture is shown: with a name in them, most of them refuse the file.
const READ: [(u16, u16, &str); 17] = [
    (0x0002, 0x0010, "UI"),
    (0x0008, 0x0016, "UI"),
    (0x0008, 0x0060, "CS"),
    (0x0008, 0x0068, "CS"),
    (0x0018, 0x0015, "CS"),
    (0x0018, 0x1164, "DS"),
    (0x0018, 0x5101, "CS"),
    (0x0020, 0x0020, "CS"),
    (0x0028, 0x0004, "CS"),
    (0x0028, 0x0008, "IS"),
    (0x0028, 0x0030, "DS"),
    (0x0028, 0x0034, "IS"),
    (0x0028, 0x1050, "DS"),
    (0x0028, 0x1051, "DS"),
    (0x0028, 0x1052, "DS"),
    (0x0028, 0x1056, "CS"),
    (0x2050, 0x0020, "CS"),
];

/// A name is found nowhere in it.
pub fn assert_names_nobody(what: &str, bytes: &[u8]) {
    let small = bytes.to_ascii_lowercase();
    for mark in MARKS {
        // As it is, and with a zero behind each letter.
        let wide: Vec<u8> = mark.bytes().flat_map(|byte| [byte, 0]).collect();
        for mark in [mark.as_bytes(), &wide] {
            let at = small.windows(mark.len()).position(|part| part == mark);
            let around = |at: usize| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(80)..(at + 40).min(bytes.len())])
            };
            assert_eq!(at.map(around), None, "{what} names the patient");
        }
    }
}

/// Every picture, with a name that says what was done to it. The first is a DICOM file that can be screened.
pub fn pictures() -> Vec<(String, Vec<u8>)> {
    let whole = everywhere().bytes();
    let mut all = vec![("whole.dcm".to_owned(), whole.clone())];
    for part in 1..24 {
        all.push((format!("cut-{part}.dcm"), whole[..whole.len() * part / 24].to_vec()));
    }
    // Headers of elements: tag, kind, length. The canary's own are found by its kind and what stands behind it.
    let headers: Vec<usize> = (140..whole.len() - 20)
        .filter(|at| whole[*at..].starts_with(b"LO") && whole[at + 4..].starts_with(NAME.as_bytes()))
        .collect();
    assert!(headers.len() > 50, "{} elements", headers.len());
    for (number, at) in headers.iter().step_by(headers.len() / 8).enumerate() {
        for (how, bytes) in [
            ("kind", &b"??"[..]),
            ("long", b"LO\xff\x7f"),
            ("odd", b"LO\x03\0"),
            ("text", b"UN\0\0\xff\xff\xff\xff"),
        ] {
            let mut broken = whole.clone();
            broken[*at..at + bytes.len()].copy_from_slice(bytes);
            all.push((format!("{how}-{number}.dcm"), broken));
        }
    }
    for (group, element, kind) in READ {
        let file = match group {
            2 => DicomFile::plain().syntax(NAME),
            _ => DicomFile::plain().with(group, element, Value::text(kind, NAME)),
        };
        all.push((format!("read-{group:04x}-{element:04x}.dcm"), file.bytes()));
    }
    for (name, bytes) in [("photo.jpg", jpeg()), ("scan.png", png())] {
        all.push((format!("cut-{name}"), bytes[..bytes.len() - 40].to_vec()));
        all.push((format!("head-{name}"), bytes[..120].to_vec()));
        all.push((name.to_owned(), bytes));
    }
    all
}

/// A radiograph with a name in every text of the standard that does not decide how it is shown.
fn everywhere() -> DicomFile {
    let mut file = DicomFile::plain();
    for group in GROUPS {
        for element in 1..=0xffff_u16 {
            let read = READ.iter().any(|(g, e, _)| (*g, *e) == (group, element));
            let Some(entry) = StandardDataDictionary.by_tag(dicom_core::Tag(group, element)) else {
                continue;
            };
            if read || (group, element) == (8, 5) {
                continue;
            }
            let text = match (group, element) {
                (0x10, 0x20) => NUMBER,
                (0x10, 0x30) => BORN,
                _ => NAME,
            };
            let kind = entry.vr().relaxed();
            if matches!(
                kind,
                VR::AE
                    | VR::AS
                    | VR::CS
                    | VR::DA
                    | VR::DS
                    | VR::DT
                    | VR::IS
                    | VR::LO
                    | VR::LT
                    | VR::PN
                    | VR::SH
                    | VR::ST
                    | VR::TM
                    | VR::UC
                    | VR::UI
                    | VR::UR
                    | VR::UT
            ) {
                file = file.with(group, element, Value::text(kind.to_string(), text));
            }
        }
    }
    let item = [((0x0010, 0x0010), Value::text("PN", NAME)), ((0x0008, 0x0104), Value::text("LO", NAME))];
    let blocks =
        (0..66 * 64_u16).flat_map(|i| if (i / 8 + i / 512) % 2 == 0 { [0xff, 0x0e] } else { [0xff, 1] });
    // A sequence, a private element, and a comment behind the pixels' description.
    file.with(0x0040, 0x0275, Value::sequence(&[&item]))
        .with(0x0029, 0x0010, Value::text("LO", NAME))
        .with(0x0029, 0x1010, Value::text("UN", NAME))
        .with(0x0028, 0x4000, Value::text("LT", NAME))
        .with(0x7fe0, 0x0010, Value::new("OW", blocks.collect()))
}

/// A grey picture with blocks, as 64 × 64 samples.
fn samples() -> Vec<u8> {
    (0..64 * 64).map(|i| if (i / 8 + i / 512) % 2 == 0 { 220_u8 } else { 40 }).collect()
}

/// With Exif (TIFF 6.0: ImageDescription 270, Artist 315), XMP and a comment.
fn jpeg() -> Vec<u8> {
    let mut picture = Vec::new();
    JpegEncoder::new(&mut picture).encode(&samples(), 64, 64, image::ExtendedColorType::L8).expect("encoded");
    let texts = [(270_u16, format!("{NAME} {NUMBER}\0")), (315, format!("{NAME} {BORN}\0"))];
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02".to_vec();
    let mut at = 8 + 2 + 12 * 2 + 4_u32;
    for (tag, text) in &texts {
        exif.extend([tag.to_be_bytes(), 2_u16.to_be_bytes()].concat());
        exif.extend([(text.len() as u32).to_be_bytes(), at.to_be_bytes()].concat());
        at += text.len() as u32;
    }
    exif.extend([0; 4]);
    texts.iter().for_each(|(_, text)| exif.extend(text.as_bytes()));
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x>{NAME}</x>").into_bytes();
    let mut file = picture[..2].to_vec();
    for (marker, body) in [(0xe1, exif), (0xe1, xmp), (0xfe, format!("{NAME} {NUMBER} {BORN}").into_bytes())]
    {
        file.extend([0xff, marker]);
        file.extend((body.len() as u16 + 2).to_be_bytes());
        file.extend(body);
    }
    file.extend(&picture[2..]);
    file
}

/// With texts of all three kinds.
fn png() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Author".into(), format!("{NAME} {BORN}")).expect("a text");
    encoder.add_itxt_chunk("Title".into(), format!("{NAME} {NUMBER}")).expect("a text");
    encoder.add_ztxt_chunk("Comment".into(), NAME.into()).expect("a text");
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&samples()).expect("encoded");
    writer.finish().expect("an end");
    file
}
