#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
//! DICOM files that someone damaged or made to do damage: they end in a problem or an image, never in a panic, and
//! take no more memory than their bounds allow.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::PathBuf;

use proptest::prelude::*;
use xray_intake::{IntakeProblem, Radiograph, decode};
use xray_testkit::dicom::{DicomFile, Value};

/// Counts what the thread holds; tests run on several.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: hands everything on to the system's allocator and only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What decoding gave, and the most that it held on the way, in bytes.
fn measured(bytes: &[u8]) -> (Result<Radiograph, IntakeProblem>, isize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = decode(bytes);
    (result, PEAK.get() - before)
}

/// One file of each way that pixels are coded.
const KINDS: [&str; 10] = [
    "explicit-m1-u10-linear",
    "implicit-m2-s12-table16",
    "big-m1-u12-table16",
    "deflated-m2-u12-linear",
    "explicit-rgb-planes",
    "rle-m2-u16",
    "jpeg-m1-u8-fragments",
    "jpeg-sv1-m1-u12-linear",
    "j2k-lossless-m1-u12-linear",
    "j2k-ict",
];

/// Fixtures have 68 × 64 pixels and 20 KB; no damage to one may take more than this.
const BOUND: isize = 4 << 20;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dicom");
    std::fs::read(folder.join(format!("{name}.dcm"))).expect("a fixture")
}

#[test]
fn a_file_cut_anywhere_is_refused_or_whole() {
    for name in KINDS {
        let bytes = fixture(name);
        let whole = decode(&bytes).expect(name);
        for end in 0..bytes.len() {
            let (result, peak) = measured(&bytes[..end]);
            assert!(peak < BOUND, "{name} cut at {end}: {peak} bytes");
            match result {
                Err(_) => {}
                // What follows the pixels, or pads them, is not needed; a pixel is.
                Ok(image) => assert!(image == whole && end + 32 > bytes.len(), "{name} cut at {end}"),
            }
        }
    }
}

/// The size in a frame header of a JPEG (SOF) or in the size marker of JPEG 2000 (SIZ), image and tile.
fn set_stream_size(bytes: &mut [u8], width: u16, height: u16) {
    if let Some(at) = bytes.windows(4).position(|w| w == [0xff, 0x4f, 0xff, 0x51]) {
        for (offset, side) in [(8, width), (12, height), (24, width), (28, height)] {
            bytes[at + offset..at + offset + 4].copy_from_slice(&u32::from(side).to_be_bytes());
        }
        return;
    }
    let sof = |w: &[u8]| w[0] == 0xff && matches!(w[1], 0xc0 | 0xc1 | 0xc3) && w[2] == 0 && w[3] == 11;
    let at = bytes.windows(4).position(sof).expect("a frame header");
    bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
}

fn set_header_size(bytes: &mut [u8], width: u16, height: u16) {
    for (number, side) in [(0x10, height), (0x11, width)] {
        let header = [0x28, 0, number, 0, b'U', b'S', 2, 0];
        let at = bytes.windows(8).position(|w| w == header).expect("a size");
        bytes[at + 8..at + 10].copy_from_slice(&side.to_le_bytes());
    }
}

#[test]
fn a_size_that_stream_and_header_disagree_about_is_refused() {
    for name in ["jpeg-m2-u8", "jpeg-sv1-m2-u16", "j2k-lossless-m2-u16"] {
        let mut bytes = fixture(name);
        set_header_size(&mut bytes, 4000, 4000);
        let (result, peak) = measured(&bytes);
        assert!(matches!(result, Err(IntakeProblem::Damaged { .. })), "{name}: {result:?}");
        assert!(peak < BOUND, "{name}: {peak} bytes");
    }
}

#[test]
fn a_small_file_that_names_a_large_image_is_bounded() {
    // Twelve million pixels; each coding's bytes a pixel are those of its decoder's buffers.
    let (width, height) = (4000, 3000);
    let table = [("rle-m2-u16", 1), ("jpeg-m2-u8", 8), ("jpeg-sv1-m2-u16", 16), ("j2k-lossless-m2-u16", 32)];
    for (name, bytes_a_pixel) in table {
        let mut bytes = fixture(name);
        set_header_size(&mut bytes, width, height);
        if !name.starts_with("rle") {
            set_stream_size(&mut bytes, width, height);
        }
        let (result, peak) = measured(&bytes);
        assert!(result.is_err(), "{name}");
        println!("{name}: {:.1} bytes a pixel", peak as f64 / 12e6);
        assert!(peak < 12_000_000 * bytes_a_pixel, "{name}: {peak} bytes");
    }
}

#[test]
fn lengths_and_nesting_that_lie_take_no_memory() {
    let plain = DicomFile::plain();
    let pixels = |bytes: Vec<u8>| plain.clone().with(0x7fe0, 0x10, Value::new("OW", bytes)).bytes();
    let mut long = pixels(vec![0; 64]);
    let at = long.len() - 68;
    long[at..at + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    // Sequences within sequences, none of which ends.
    let start = plain.clone().without(0x7fe0, 0x10).bytes();
    let opening =
        [0xfe, 0xff, 0, 0xe0, 255, 255, 255, 255, 0x40, 0, 1, 0, b'S', b'Q', 0, 0, 255, 255, 255, 255];
    let deep = [&start[..], &opening[8..], &opening.repeat(200_000)].concat();
    let implicit = [0xfe, 0xff, 0, 0xe0, 255, 255, 255, 255].repeat(500_000);
    let unknown = [&start[..], &[0x41, 0, 1, 0, b'U', b'N', 0, 0, 255, 255, 255, 255], &implicit].concat();
    // An item that ends where a sequence should.
    let end = [0x40, 0, 1, 0, b'S', b'Q', 0, 0, 255, 255, 255, 255, 0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0];
    let misplaced = [&start[..], &end, &opening].concat();
    for (name, bytes) in [("long", long), ("deep", deep), ("unknown", unknown), ("misplaced", misplaced)] {
        let (result, peak) = measured(&bytes);
        assert!(matches!(result, Err(IntakeProblem::Truncated | IntakeProblem::Damaged { .. })), "{name}");
        assert!(peak < 1 << 16, "{name}: {peak} bytes");
    }
}

#[test]
fn a_deflated_file_may_not_grow_beyond_a_file() {
    // Zeros deflate a thousandfold: 100 MB of them in one element.
    let plain = DicomFile::plain().with(0x40, 1, Value::new("UN", vec![0; 100_000_000])).bytes();
    let syntax = plain.windows(2).position(|w| w == b"UI").expect("a syntax");
    let data = syntax + 24;
    let head = DicomFile::plain().syntax("1.2.840.10008.1.2.1.99").bytes();
    let at = head.windows(4).position(|w| w == [8, 0, 0x16, 0]).expect("the first element");
    let mut deflated = flate2::write::DeflateEncoder::new(head[..at].to_vec(), flate2::Compression::fast());
    std::io::Write::write_all(&mut deflated, &plain[data..]).expect("deflated");
    let (result, peak) = measured(&deflated.finish().expect("deflated"));
    assert!(matches!(result, Err(IntakeProblem::FileTooLarge { .. })), "{result:?}");
    assert!(peak < 256 << 20, "{peak} bytes");
}

/// An image whose lower half is missing, but whose end marker is not: decoders would fill it with grey.
#[test]
fn a_stream_without_its_second_half_is_cut_off_whatever_its_end_says() {
    let names =
        ["jpeg-m2-u8", "jpeg-m2-u8-restart", "jpeg-ybr-422", "jpeg-sv1-m2-u16", "j2k-lossless-m2-u16"];
    for name in names {
        let bytes = fixture(name);
        let start = [[0xff, 0xd8, 0xff], [0xff, 0x4f, 0xff]];
        let start = bytes.windows(3).position(|w| start.iter().any(|s| w == s)).expect("a start");
        let end = bytes.windows(2).rposition(|w| w == [0xff, 0xd9]).expect("an end");
        let half = [&bytes[start..(start + end) / 2], &[0xff, 0xd9]].concat();
        let half = if half.len() % 2 == 1 { [&half[..], &[0]].concat() } else { half };
        let length = (half.len() as u32).to_le_bytes();
        let delimiter = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
        let cut = [&bytes[..start - 4], &length, &half, &delimiter].concat();
        let result = decode(&cut).map(|_| ());
        let refused = matches!(result, Err(IntakeProblem::Truncated | IntakeProblem::Damaged { .. }));
        assert!(refused, "{name}: {result:?}");
    }
}

/// A stream of `side` × `side` pixels whose markers are these; its one tile is empty.
fn jpeg_2000(side: u32, tile: u32, main: &[(u8, Vec<u8>)], tile_part: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let segment = |(marker, body): &(u8, Vec<u8>)| {
        [&[0xff, *marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
    };
    let sizes = [side, side, 0, 0, tile, tile, 0, 0].map(u32::to_be_bytes).concat();
    let size = (0x51, [&[0, 0][..], &sizes, &[0, 1, 7, 1, 1]].concat());
    let header: Vec<u8> = main.iter().flat_map(segment).collect();
    let inner: Vec<u8> = tile_part.iter().flat_map(segment).collect();
    let length = (14 + inner.len() as u32).to_be_bytes();
    let part = (0x90, [&[0, 0][..], &length, &[0, 1]].concat());
    [&[0xff, 0x4f][..], &segment(&size), &header, &segment(&part), &inner, &[0xff, 0x93, 0xff, 0xd9]].concat()
}

/// COD: layers, levels of the wavelet, precincts of this size at each.
fn coding(layers: u16, levels: u8, precinct: Option<u8>) -> (u8, Vec<u8>) {
    let mut body = vec![u8::from(precinct.is_some()), 0];
    body.extend(layers.to_be_bytes());
    body.extend([0, levels, 4, 4, 0, 1]);
    body.extend(precinct.map_or(Vec::new(), |size| vec![size; usize::from(levels) + 1]));
    (0x52, body)
}

#[test]
fn jpeg_2000_that_names_many_parts_takes_neither_memory_nor_time() {
    let quantisation = || (0x5c, vec![0x40; 2]);
    let plain = || coding(1, 0, None);
    let small_blocks = (0x53, vec![0, 1, 0, 0, 0, 0, 1, 0]);
    let cases = [
        ("tiles", jpeg_2000(4472, 1, &[plain(), quantisation()], &[])),
        ("tiles of 16", jpeg_2000(4472, 16, &[plain(), quantisation()], &[])),
        ("precincts", jpeg_2000(4472, 4472, &[coding(32, 0, Some(0)), quantisation()], &[])),
        ("precincts of 4", jpeg_2000(4472, 4472, &[coding(32, 0, Some(0x22)), quantisation()], &[])),
        ("layers", jpeg_2000(4472, 4472, &[coding(65_535, 0, None), quantisation()], &[])),
        ("no layer", jpeg_2000(4472, 4472, &[coding(0, 0, None), quantisation()], &[])),
        ("component", jpeg_2000(4472, 4472, &[plain(), small_blocks.clone(), quantisation()], &[])),
        ("twice", jpeg_2000(4472, 4472, &[plain(), plain(), quantisation()], &[])),
        ("tile", jpeg_2000(4472, 4472, &[plain(), quantisation()], &[coding(1, 0, Some(0))])),
        ("tile's component", jpeg_2000(4472, 4472, &[plain(), quantisation()], &[small_blocks])),
        ("tiles missing", jpeg_2000(4472, 2236, &[plain(), quantisation()], &[])),
        ("no quantisation", jpeg_2000(4472, 4472, &[plain()], &[])),
    ];
    for (name, stream) in cases {
        let header = DicomFile::plain().syntax("1.2.840.10008.1.2.4.90");
        let side = Value::us(&[4472]);
        let header = header.with(0x28, 0x10, side.clone()).with(0x28, 0x11, side);
        let stream = if stream.len() % 2 == 1 { [&stream[..], &[0]].concat() } else { stream };
        let started = std::time::Instant::now();
        let bytes = header.with(0x7fe0, 0x10, Value::fragments(&[&stream])).bytes();
        let (result, peak) = measured(&bytes);
        assert!(
            matches!(result, Err(IntakeProblem::Damaged { .. } | IntakeProblem::Truncated)),
            "{name}: {result:?}"
        );
        assert!(peak < 1 << 16, "{name}: {peak} bytes");
        assert!(started.elapsed().as_millis() < 100, "{name}: {:?}", started.elapsed());
    }
}

/// Profiles and texts that inflate to sixteen megabytes.
#[test]
fn chunks_of_a_png_beside_its_pixels_take_no_memory() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    for name in ["profile.png", "text.png"] {
        let (result, peak) = measured(&std::fs::read(folder.join(name)).expect("a fixture"));
        assert!(result.is_ok(), "{name}: {result:?}");
        assert!(peak < 1 << 19, "{name}: {peak} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn damaged_files_never_panic_nor_take_memory(
        which in 0..KINDS.len(),
        // Half of the changes hit the elements before the pixels and the stream's own headers.
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..12),
        removed in prop::option::of((any::<prop::sample::Index>(), 1_usize..12)),
    ) {
        let mut bytes = fixture(KINDS[which]);
        for (at, early, value) in changes {
            let end = if early { 1200.min(bytes.len()) } else { bytes.len() };
            bytes[132 + at.index(end - 132)] = value;
        }
        if let Some((at, count)) = removed {
            let at = 132 + at.index(bytes.len() - 132);
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        let (_, peak) = measured(&bytes);
        prop_assert!(peak < BOUND, "{peak} bytes");
    }

    #[test]
    fn arbitrary_elements_never_panic(
        syntax in prop::sample::select(vec!["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"]),
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        let head = DicomFile::plain().syntax(syntax).bytes();
        let at = head.windows(4).position(|w| w == [8, 0, 0x16, 0]).expect("the first element");
        let (_, peak) = measured(&[&head[..at], &bytes].concat());
        prop_assert!(peak < BOUND, "{peak} bytes");
    }
}
