use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;

use super::*;

/// A picture without flat parts, so that every byte of the scan matters.
fn levels(side: u32, channels: u32) -> Vec<u8> {
    (0..side * side * channels).map(|at| (at.wrapping_mul(2_654_435_761) >> 25) as u8 + 60).collect()
}

fn encoded(channels: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(&levels(64, channels), 64, 64, colour).expect("encoded");
    bytes
}

/// Where the entropy-coded data begin.
fn data_at(bytes: &[u8]) -> usize {
    let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).expect("a scan");
    scan + 2 + usize::from(u16::from_be_bytes([bytes[scan + 2], bytes[scan + 3]]))
}

#[test]
fn a_whole_stream_is_read_with_anything_behind_its_end() {
    for channels in [1, 3] {
        let bytes = encoded(channels);
        let whole = decode(&bytes).expect("whole");
        assert_eq!(check(&bytes).expect("whole").length, bytes.len());
        for rest in [&[0; 4096][..], b"trailing bytes of a camera", &bytes] {
            assert_eq!(decode(&[&bytes, rest].concat()), Ok(whole.clone()));
        }
    }
}

#[test]
fn every_shorter_prefix_is_cut_off_also_with_an_end_marker() {
    for channels in [1, 3] {
        let bytes = encoded(channels);
        for end in (2..bytes.len() - 2).step_by(channels as usize * 5) {
            assert!(decode(&bytes[..end]).is_err(), "prefix of {end} bytes");
            let closed = [&bytes[..end], &[0xff, 0xd9]].concat();
            assert!(decode(&closed).is_err(), "prefix of {end} bytes, closed");
        }
    }
}

#[test]
fn bytes_too_many_before_the_end_are_damage() {
    let bytes = encoded(1);
    let end = bytes.len() - 2;
    for extra in [&[0x12, 0x34][..], &[0, 0, 0]] {
        let longer = [&bytes[..end], extra, &bytes[end..]].concat();
        assert!(matches!(decode(&longer), Err(IntakeProblem::Damaged { .. })), "{extra:?}");
    }
    // Bytes of 0xff may stand before a marker.
    let filled = [&bytes[..end], &[0xff, 0xff], &bytes[end..]].concat();
    assert_eq!(decode(&filled), decode(&bytes));
}

#[test]
fn an_end_marker_of_a_thumbnail_does_not_count() {
    let bytes = encoded(1);
    let thumbnail = [&[0xff, 0xe1, 0x00, 0x06][..], &[0xff, 0xd8, 0xff, 0xd9]].concat();
    let with = [&bytes[..2], &thumbnail, &bytes[2..]].concat();
    assert_eq!(decode(&with), decode(&bytes));
    let cut = &with[..with.len() - 40];
    assert_eq!(decode(cut), Err(IntakeProblem::Truncated));
}

#[test]
fn zeros_in_the_middle_are_damage() {
    let bytes = encoded(1);
    let start = data_at(&bytes);
    for length in [16, 64, 512] {
        let mut hole = bytes.clone();
        let at = start + (bytes.len() - start) / 3;
        hole[at..at + length].fill(0);
        assert!(decode(&hole).is_err(), "{length} zeros");
    }
}

#[test]
fn adobes_marker_says_nothing_of_a_grey_picture() {
    let bytes = encoded(1);
    let adobe = [&[0xff, 0xee, 0, 14][..], b"Adobe", &[0, 100, 0, 0, 0, 0, 1]].concat();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    let behind = frame + 2 + usize::from(u16::from_be_bytes([bytes[frame + 2], bytes[frame + 3]]));
    for at in [2, frame, behind] {
        let with = [&bytes[..at], &adobe, &bytes[at..]].concat();
        assert_eq!(check(&with).expect("whole").adobe, Some(1));
        assert_eq!(decode(&with), decode(&bytes), "at {at}");
    }
}

#[test]
fn a_frame_of_motion_jpeg_has_the_usual_tables() {
    let bytes = encoded(3);
    let mut without = bytes[..2].to_vec();
    let mut at = 2;
    while bytes[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        if bytes[at + 1] != 0xc4 {
            without.extend(&bytes[at..end]);
        }
        at = end;
    }
    without.extend(&bytes[at..]);
    assert!(without.len() < bytes.len() - 300, "the encoder writes its tables");
    assert!(check(&without).expect("whole").without_tables);
    assert_eq!(decode(&without), decode(&bytes));
}

#[test]
fn other_processes_are_named() {
    let bytes = encoded(1);
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    for (marker, precision, word) in [
        (0xc0, 12, "12 bits"),
        (0xc1, 12, "12 bits"),
        (0xc3, 8, "lossless"),
        (0xc5, 8, "hierarchical"),
        (0xc9, 8, "arithmetic"),
        (0xca, 8, "arithmetic"),
        (0xf7, 8, "JPEG-LS"),
    ] {
        let mut other = bytes.clone();
        (other[frame + 1], other[frame + 4]) = (marker, precision);
        let problem = decode(&other).expect_err("not read");
        assert!(matches!(problem, IntakeProblem::OtherFormat { .. }), "{marker:x}: {problem}");
        assert!(problem.to_string().contains(word), "{problem}");
    }
    let mut flat = bytes;
    flat[frame + 5..frame + 7].fill(0);
    assert!(decode(&flat).expect_err("no height").to_string().contains("DNL"));
}

#[test]
fn large_pictures_whose_coefficients_are_kept_are_bounded() {
    let bytes = encoded(1);
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    let mut large = bytes;
    large[frame + 5..frame + 9].copy_from_slice(&[0x18, 0xb4, 0x18, 0xb4]);
    // Cut off rather than too large: a grey picture of 40 megapixels may be read.
    assert_eq!(decode(&large), Err(IntakeProblem::Truncated));
    let inks: Vec<u8> = (1..=4).flat_map(|id| [id, 0x11, 0]).collect();
    let header = [&[0xff, 0xc2, 0, 20, 8, 0x18, 0xb4, 0x18, 0xb4, 4][..], &inks].concat();
    let four = [&large[..frame], &header, &large[frame + 13..]].concat();
    assert!(matches!(decode(&four), Err(IntakeProblem::OtherFormat { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A cut, closed or not, or a run of one value: never a picture with another size, never a panic.
    #[test]
    fn damage_never_panics(
        colour: bool,
        at in any::<prop::sample::Index>(),
        length in 1_usize..200,
        value: u8,
        removed: bool,
    ) {
        let mut bytes = encoded(if colour { 3 } else { 1 });
        let at = 2 + at.index(bytes.len() - 4);
        let end = (at + length).min(bytes.len() - 2);
        if removed {
            bytes.drain(at..end);
        } else {
            bytes[at..end].fill(value);
        }
        if let Ok(radiograph) = decode(&bytes) {
            prop_assert!(radiograph.width() >= 64 && radiograph.height() >= 64);
        }
    }
}
