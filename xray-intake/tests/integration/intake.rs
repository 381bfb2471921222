//! What is taken in and what is refused, by exact error.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb};
use proptest::prelude::*;
use xray_intake::{
    IntakeProblem, ListingError, MAX_FILE_BYTES, Pixels, decode, list_all, list_images, read_file,
};

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn grey(width: u32, height: u32) -> DynamicImage {
    ImageBuffer::from_fn(width, height, |x, y| Luma([(x * 3 + y * 2) as u8])).into()
}

fn rgb(width: u32, height: u32) -> DynamicImage {
    ImageBuffer::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8])).into()
}

fn be(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

/// CRC-32 of a PNG chunk (ISO 3309, PNG specification annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A PNG of nothing but a header, which names this size.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let body = [b"IHDR".as_slice(), &be(width), &be(height), &[8, 0, 0, 0, 0]].concat();
    let data = [be(0).as_slice(), b"IDAT", &be(crc(b"IDAT"))].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &be(13), &body, &be(crc(&body)), &data].concat()
}

/// A JPEG whose frame header (SOF0) names another size.
fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = encoded(&grey(64, 64), ImageFormat::Jpeg);
    let at = bytes.windows(2).position(|w| w == [0xff, 0xc0]).expect("a frame header");
    bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

fn pgm_header(width: u32, height: u32) -> Vec<u8> {
    format!("P5 {width} {height} 255\n").into_bytes()
}

#[test]
fn bad_input_has_exact_errors() {
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    let vast = IntakeProblem::TooManyPixels { width: 40_000, height: 40_000 };
    let dot = IntakeProblem::TooSmall { width: 1, height: 1 };
    let table = [
        ("empty", Vec::new(), IntakeProblem::Empty),
        ("text", b"Dear colleague, please find enclosed".to_vec(), IntakeProblem::UnknownFormat),
        (
            "a GIF",
            b"GIF89a\x40\x00\x40\x00\x00\x00\x00;".to_vec(),
            IntakeProblem::OtherFormat {
                name: "a GIF picture",
                remedy: "open it in an image viewer and save it as PNG or JPEG",
            },
        ),
        ("cut JPEG", cut(encoded(&grey(128, 128), ImageFormat::Jpeg)), IntakeProblem::Truncated),
        ("cut PNG", cut(encoded(&grey(128, 128), ImageFormat::Png)), IntakeProblem::Truncated),
        ("cut PGM", cut(encoded(&grey(128, 128), ImageFormat::Pnm)), IntakeProblem::Truncated),
        ("1 × 1 PNG", encoded(&grey(1, 1), ImageFormat::Png), dot.clone()),
        ("1 × 1 JPEG", encoded(&grey(1, 1), ImageFormat::Jpeg), dot.clone()),
        ("1 × 1 PGM", encoded(&grey(1, 1), ImageFormat::Pnm), dot),
        ("vast PNG", png_header(40_000, 40_000), vast.clone()),
        ("vast JPEG", jpeg_header(40_000, 40_000), vast.clone()),
        ("vast PGM", pgm_header(40_000, 40_000), vast),
        ("long", pgm_header(12_001, 100), IntakeProblem::TooManyPixels { width: 12_001, height: 100 }),
        ("too many", pgm_header(8000, 5001), IntakeProblem::TooManyPixels { width: 8000, height: 5001 }),
        ("narrow", pgm_header(63, 64), IntakeProblem::TooSmall { width: 63, height: 64 }),
    ];
    for (what, bytes, expected) in table {
        assert_eq!(decode(&bytes), Err(expected), "{what}");
    }
}

#[test]
fn files_that_are_none_have_exact_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = read_file(folder.path()).expect_err("a folder is no image");
    assert_eq!(error.file, folder.path());
    assert_eq!(error.problem, IntakeProblem::Unreadable { reason: "not a regular file".to_owned() });

    let missing = read_file(&folder.path().join("gone.png")).expect_err("not there");
    assert_eq!(missing.problem.code(), "unreadable");

    let large = folder.path().join("large.jpeg");
    std::fs::File::create(&large).and_then(|f| f.set_len(MAX_FILE_BYTES + 1)).expect("a sparse file");
    let error = read_file(&large).expect_err("too large");
    assert_eq!(error.problem, IntakeProblem::FileTooLarge { bytes: MAX_FILE_BYTES + 1 });
    assert!(error.to_string().contains("67108864"), "the message names the limit: {error}");
}

#[test]
fn grey_stays_grey_and_colour_stays_colour() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Pnm] {
        let image = decode(&encoded(&grey(80, 64), format)).expect("grey");
        assert_eq!((image.width(), image.height()), (80, 64));
        assert!(matches!(image.pixels(), Pixels::Grey(p) if p.len() == 80 * 64), "{format:?}");
    }
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let image = decode(&encoded(&rgb(80, 64), format)).expect("colour");
        assert!(matches!(image.pixels(), Pixels::Rgb(p) if p.len() == 3 * 80 * 64), "{format:?}");
    }
}

#[test]
fn sixteen_bits_become_eight_by_rounding() {
    // round(v / 257): 128 / 257 = 0.498, 129 / 257 = 0.502.
    let levels: [(u16, u8); 6] = [(0, 0), (128, 0), (129, 1), (257, 1), (32_896, 128), (65_535, 255)];
    for (deep, shallow) in levels {
        let image = DynamicImage::from(ImageBuffer::from_pixel(64, 64, Luma([deep])));
        for format in [ImageFormat::Png, ImageFormat::Pnm] {
            let found = decode(&encoded(&image, format)).expect("16 bit");
            assert_eq!(found.pixels(), &Pixels::Grey(vec![shallow; 64 * 64]), "{deep} {format:?}");
        }
    }
}

#[test]
fn pgm_of_all_kinds() {
    let ascii = |maximum: u32, level: u32| {
        format!("P2\n# a comment\n64 64\n{maximum}\n{}", format!("{level} ").repeat(64 * 64)).into_bytes()
    };
    let binary = |maximum: u32, level: &[u8]| {
        [format!("P5\n64 64\n{maximum}\n").as_bytes(), &level.repeat(64 * 64)].concat()
    };
    let table = [
        ("ASCII 8 bit", ascii(255, 100), 100),
        ("ASCII 16 bit", ascii(65_535, 25_700), 100),
        ("binary 8 bit", binary(255, &[100]), 100),
        ("binary 16 bit", binary(65_535, &[0x64, 0x64]), 100),
        // Detectors of twelve bits: 4095 is white.
        ("binary 12 bit", binary(4095, &[0x0f, 0xff]), 255),
    ];
    for (what, bytes, level) in table {
        let image = decode(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(image.pixels(), &Pixels::Grey(vec![level; 64 * 64]), "{what}");
    }
}

#[test]
fn folders_are_listed_in_order_without_what_is_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    assert_eq!(list_images(folder.path()), Err(ListingError::NoImages { path: folder.path().to_owned() }));
    assert_eq!(list_images(Path::new("no/such")), Err(ListingError::NotFound { path: "no/such".into() }));
    std::fs::create_dir_all(at("b/.hidden")).expect("folders");
    for name in ["c.png", "b/x.jpeg", "a.txt", ".DS_Store", "b/.hidden/y.png"] {
        std::fs::write(at(name), b"").expect("a file");
    }
    let expected = vec![at("a.txt"), at("b/x.jpeg"), at("c.png")];
    assert_eq!(list_images(folder.path()), Ok(expected.clone()));
    assert_eq!(list_all(folder.path()), expected.into_iter().map(Ok).collect::<Vec<_>>());
}

fn valid() -> [Vec<u8>; 4] {
    [
        encoded(&grey(64, 64), ImageFormat::Png),
        encoded(&grey(64, 64), ImageFormat::Jpeg),
        encoded(&rgb(64, 64), ImageFormat::Jpeg),
        encoded(&grey(64, 64), ImageFormat::Pnm),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048), start in 0usize..5) {
        let magic: [&[u8]; 5] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P5 ", b"P2 64 64 255 "];
        let _ = decode(&[magic[start], &bytes].concat());
    }

    #[test]
    fn mutated_files_never_panic(
        which in 0usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = valid()[which].clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = decode(&bytes);
    }
}

#[test]
fn every_shorter_jpeg_and_pgm_is_refused() {
    for bytes in &valid()[1..] {
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
        }
    }
}
