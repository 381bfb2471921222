//! DICOM files as machines and archives write them: what is read all the same, what is turned, and what is refused.

use xray_intake::{DicomProblem, IntakeProblem, Pixels, Radiograph, decode};
use xray_testkit::dicom::{DicomFile, Value};

const WIDTH: usize = 64;
const HEIGHT: usize = 66;

fn read(file: &DicomFile) -> Radiograph {
    decode(&file.bytes()).expect("read")
}

fn grey(radiograph: &Radiograph) -> &[u8] {
    match radiograph.pixels() {
        Pixels::Grey(levels) => levels,
        Pixels::Rgb(_) => panic!("grey"),
    }
}

fn problem(file: &DicomFile) -> DicomProblem {
    match decode(&file.bytes()) {
        Err(IntakeProblem::Dicom(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn cs(text: &str) -> Value {
    Value::text("CS", text)
}

fn ds(text: &str) -> Value {
    Value::text("DS", text)
}

fn words(values: impl Iterator<Item = u16>) -> Value {
    Value::new("OW", values.flat_map(u16::to_le_bytes).collect())
}

#[test]
fn the_picture_is_turned_as_patient_orientation_says() {
    let upright = read(&DicomFile::plain());
    let at = |radiograph: &Radiograph, column: usize, row: usize| {
        grey(radiograph)[row * radiograph.width() as usize + column]
    };
    for (text, transposed, mirrored, upside_down) in [
        ("L\\F", false, false, false),
        ("R\\F", false, true, false),
        ("L\\H", false, false, true),
        ("R\\H", false, true, true),
        ("F\\L", true, false, false),
        ("F\\R", true, true, false),
        ("H\\L", true, false, true),
        ("LP\\FP", false, false, false),
        ("", false, false, false),
    ] {
        let turned = read(&DicomFile::plain().with(0x20, 0x20, cs(text)));
        let (width, height) = if transposed { (HEIGHT, WIDTH) } else { (WIDTH, HEIGHT) };
        assert_eq!((turned.width() as usize, turned.height() as usize), (width, height), "{text}");
        for (column, row) in [(0, 0), (5, 0), (0, 9), (width - 1, height - 1)] {
            let column_from = if mirrored { width - 1 - column } else { column };
            let row_from = if upside_down { height - 1 - row } else { row };
            let expected = if transposed {
                at(&upright, row_from, column_from)
            } else {
                at(&upright, column_from, row_from)
            };
            assert_eq!(at(&turned, column, row), expected, "{text} at {column}, {row}");
        }
    }
}

#[test]
fn views_that_are_not_frontal_are_refused() {
    let code = |value: &str, meaning: &str| {
        let item: &[_] = &[((8, 0x100), Value::text("SH", value)), ((8, 0x104), Value::text("LO", meaning))];
        DicomFile::plain().with(0x54, 0x220, Value::sequence(&[item]))
    };
    let refused = [
        DicomFile::plain().with(0x18, 0x5101, cs("LL")),
        DicomFile::plain().with(0x18, 0x5101, cs("rl")),
        DicomFile::plain().with(0x18, 0x5101, cs("LATERAL")),
        DicomFile::plain().with(0x18, 0x5101, cs("RLD")),
        DicomFile::plain().with(0x18, 0x5101, cs("LAO")),
        DicomFile::plain().with(0x20, 0x20, cs("P\\F")),
        DicomFile::plain().with(0x20, 0x20, cs("A\\F")),
        DicomFile::plain().with(0x20, 0x20, cs("L\\P")),
        code("R-10236", "left lateral"),
        code("399198007", ""),
        code("1", "Right lateral"),
        code("R-10220", ""),
        code("399061009", "axial"),
    ];
    for file in &refused {
        let problem = problem(file);
        assert!(matches!(problem, DicomProblem::OtherView { .. }), "{problem}");
        assert!(problem.to_string().contains("choose the frontal image"), "{problem}");
    }
    for file in [
        DicomFile::plain().with(0x18, 0x5101, cs("PA")),
        DicomFile::plain().with(0x18, 0x5101, cs("AP")),
        DicomFile::plain().with(0x18, 0x5101, cs("")),
        code("R-10206", "antero-posterior"),
        code("272479007", "postero-anterior"),
        code("R-40888", ""),
        code("399033003", "frontal"),
    ] {
        read(&file);
    }
}

#[test]
fn other_parts_of_the_body_are_refused() {
    for part in ["HAND", "ABDOMEN", "Pelvis", "KNEE", "LSPINE", "C-SPINE", "SKULL"] {
        let problem = problem(&DicomFile::plain().with(0x18, 0x15, cs(part)));
        assert!(matches!(problem, DicomProblem::OtherBodyPart { .. }), "{part}: {problem}");
        assert!(problem.to_string().contains("Body Part Examined"), "{problem}");
    }
    for part in ["CHEST", "THORAX", "TORAX", "LUNG", "CHEST PA", "RIBS", "", "UNKNOWN"] {
        read(&DicomFile::plain().with(0x18, 0x15, cs(part)));
    }
}

#[test]
fn modality_words_of_whole_countries_are_known() {
    for modality in ["DR", "RX", "XR"] {
        assert_eq!(read(&DicomFile::plain().with(8, 0x60, cs(modality))), read(&DicomFile::plain()));
    }
}

#[test]
fn pixels_that_are_not_square_are_refused() {
    for (group, number, value) in [
        (0x28, 0x34, Value::text("IS", "2\\1")),
        (0x28, 0x30, ds("0.2\\0.1")),
        (0x18, 0x1164, ds("0.1\\0.2")),
    ] {
        let problem = problem(&DicomFile::plain().with(group, number, value));
        assert!(problem.to_string().contains("not square"), "{problem}");
    }
    read(&DicomFile::plain().with(0x28, 0x34, Value::text("IS", "1\\1")).with(
        0x28,
        0x30,
        ds("0.143\\0.1430"),
    ));
}

#[test]
fn padding_is_black_whatever_the_polarity() {
    let plain = |x: u16, y: u16| 16 * (x + y) + 100;
    let border = |x: u16| !(8..56).contains(&x);
    let pixels = |inverted: bool| {
        let value = move |x, y| match (border(x), inverted) {
            (true, _) => 0,
            (false, true) => 4095 - plain(x, y),
            (false, false) => plain(x, y),
        };
        words((0..66_u16).flat_map(move |y| (0..64_u16).map(move |x| value(x, y))))
    };
    let mono2 = read(&DicomFile::plain().with(0x7fe0, 0x10, pixels(false)));
    let mono1 = DicomFile::plain().with(0x28, 4, cs("MONOCHROME1")).with(0x7fe0, 0x10, pixels(true));
    assert_eq!(grey(&read(&mono1))[0], 255);
    let padded = mono1.with(0x28, 0x120, Value::us(&[0]));
    assert_eq!(read(&padded), mono2);
    let wide = padded.with(0x28, 0x121, Value::us(&[4000]));
    assert!(problem(&wide).to_string().contains("Pixel Padding Range Limit"));
}

#[test]
fn values_that_use_a_quarter_of_their_range_need_a_window() {
    let twelve_in_sixteen =
        DicomFile::plain().with(0x28, 0x101, Value::us(&[16])).with(0x28, 0x102, Value::us(&[15]));
    let result = decode(&twelve_in_sixteen.bytes());
    assert_eq!(result, Err(IntakeProblem::ValueRange { lowest: 0, highest: 2048, white: 65_535 }));
    let shown = read(&twelve_in_sixteen.clone().window("1024", "2048", "LINEAR"));
    assert!(grey(&shown).contains(&0) && grey(&shown).contains(&255));
    // Signed values around zero use the middle of the codes.
    let signed = twelve_in_sixteen.with(0x28, 0x103, Value::us(&[1]));
    assert!(matches!(decode(&signed.bytes()), Err(IntakeProblem::ValueRange { .. })));
}

#[test]
fn a_window_that_leaves_few_levels_is_refused() {
    let below = problem(&DicomFile::plain().window("-5000", "100", "LINEAR"));
    assert!(matches!(below, DicomProblem::Invalid { element: "Window Center", .. }), "{below}");
    // A window for sixteen bits over values of twelve, of which half are used.
    let wide = problem(&DicomFile::plain().window("32768", "65536", "LINEAR"));
    assert!(matches!(wide, DicomProblem::Invalid { element: "Window Center", .. }), "{wide}");
}

#[test]
fn a_table_whose_descriptor_says_too_many_bits_is_read_by_its_entries() {
    let table = |bits: u16| {
        let entries: Vec<u16> = (0..4096).collect();
        let item: &[_] =
            &[((0x28, 0x3002), Value::us(&[4096, 0, bits])), ((0x28, 0x3006), Value::us(&entries))];
        read(&DicomFile::plain().with(0x28, 0x3010, Value::sequence(&[item])))
    };
    assert_eq!(table(16), table(12));
}

#[test]
fn windows_in_functional_groups_count() {
    let window: &[_] = &[((0x28, 0x1050), ds("1000")), ((0x28, 0x1051), ds("500"))];
    let group: &[_] = &[((0x28, 0x9132), Value::sequence(&[window]))];
    for number in [0x9229, 0x9230] {
        let file = DicomFile::plain().with(0x5200, number, Value::sequence(&[group]));
        assert_eq!(read(&file), read(&DicomFile::plain().window("1000", "500", "LINEAR")));
    }
}

#[test]
fn numbers_as_machines_write_them() {
    let expected = read(&DicomFile::plain().window("1000.5", "500", "LINEAR"));
    for (centre, width, function) in [
        ("1000,5", "500", "LINEAR"),
        ("0001000.50", "+500", "linear"),
        ("1000.5\0\\40", "500\0\\400", "LINEAR"),
    ] {
        assert_eq!(read(&DicomFile::plain().window(centre, width, function)), expected, "{centre}");
    }
    // Thousands, or a fraction?
    assert!(matches!(
        problem(&DicomFile::plain().window("1,000", "500", "LINEAR")),
        DicomProblem::Invalid { .. }
    ));
}

#[test]
fn known_elements_without_their_kind_are_looked_up() {
    let un = |bytes: &[u8]| Value::new("UN", bytes.to_vec());
    let file = DicomFile::plain().with(0x28, 0x10, un(&[66, 0])).with(0x28, 4, un(b"MONOCHROME2 "));
    assert_eq!(read(&file), read(&DicomFile::plain()));
    let window = DicomFile::plain().with(0x28, 0x1050, un(b"1000")).with(0x28, 0x1051, un(b"500 "));
    assert_eq!(read(&window), read(&DicomFile::plain().window("1000", "500", "LINEAR")));
}

#[test]
fn padding_behind_the_pixels_is_zeros_and_no_second_page() {
    let pixels: Vec<u16> = (0..66).flat_map(|y| (0..64).map(move |x| 16 * (x + y))).collect();
    let with = |excess: &[u16]| {
        DicomFile::plain().with(0x7fe0, 0x10, words(pixels.iter().chain(excess).copied())).bytes()
    };
    let plain = read(&DicomFile::plain());
    for excess in [&[0][..], &[0; 500]] {
        assert_eq!(decode(&with(excess)), Ok(plain.clone()));
    }
    for excess in [&[7][..], &[0; WIDTH * HEIGHT], &pixels] {
        assert!(matches!(decode(&with(excess)), Err(IntakeProblem::Damaged { .. })), "{}", excess.len());
    }
}

#[test]
fn files_without_preamble_or_syntax_are_read_as_they_are_written() {
    let whole = DicomFile::plain().bytes();
    let expected = read(&DicomFile::plain());
    // Preamble and prefix have 132 bytes; the group length another 12.
    assert_eq!(decode(&whole[132..]), Ok(expected.clone()));
    let data_set = whole.windows(4).position(|w| w == [8, 0, 0x16, 0]).expect("the first element");
    assert_eq!(decode(&whole[data_set..]), Ok(expected.clone()));
    assert_eq!(decode(&[&whole[..132], &whole[data_set..]].concat()), Ok(expected.clone()));
    let lie = DicomFile::plain().syntax("1.2.840.10008.1.2").bytes();
    assert_eq!(decode(&lie), Ok(expected));
}

#[test]
fn a_directory_is_named() {
    let whole = DicomFile::plain().bytes();
    let class = [&[2, 0, 2, 0][..], b"UI", &[20, 0], b"1.2.840.10008.1.3.10"].concat();
    let result = decode(&[&whole[..144], &class, &whole[144..]].concat()).expect_err("a directory");
    assert!(result.to_string().contains("DICOMDIR"), "{result}");
}

#[test]
fn retired_codings_are_named() {
    for (uid, name) in [
        ("1.2.840.10008.1.2.4.55", "progressive JPEG"),
        ("1.2.840.10008.1.2.4.56", "JPEG with arithmetic coding"),
    ] {
        assert_eq!(problem(&DicomFile::plain().syntax(uid)), DicomProblem::Coding { name });
    }
}

#[test]
fn a_private_element_without_its_kind_is_stepped_over() {
    let whole = DicomFile::plain().bytes();
    let rows = whole.windows(4).position(|w| w == [0x28, 0, 2, 0]).expect("an element");
    let private = |kind: &[u8], length: &[u8]| {
        let element = [&[0x19, 0, 0x10, 0x10][..], kind, length, b"SECRET"].concat();
        decode(&[&whole[..rows], &element, &whole[rows..]].concat())
    };
    assert_eq!(private(&[], &[6, 0, 0, 0]), Ok(read(&DicomFile::plain())));
    // An unknown kind has a length of four bytes (PS3.5, section 7.1.2); what follows this one is out of step.
    assert!(private(b"??", &[6, 0]).is_err());
    assert!(private(&[], &[8, 0, 0, 0]).is_err());
}
