//! Nothing in this crate decodes a foreign image in its own process.

use std::path::Path;

/// What decodes bytes of unknown origin, or does so for its caller.
const DECODERS: [&str; 16] = [
    "intake::decode",
    "intake::read_file",
    "decode_whole_image",
    "decode_film_photograph",
    "film::find",
    "intake::dicom_identity",
    "Identity::of",
    "screener.decode(",
    "screener.screen(",
    "screen_paths(",
    "load_from_memory",
    "ImageReader",
    "image::open",
    "from_decoder",
    "JpegDecoder",
    "PngDecoder",
];

/// What this program encoded itself a moment before.
const OWN_BYTES: [&str; 1] = ["data/corrupt/jpeg.rs"];

/// The code of a file without its tests, which stand at its end.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// A decoder that is called or imported on a line.
fn decoder_on(line: &str) -> Option<&'static str> {
    let statement = line.split("//").next().unwrap_or(line);
    let imported = statement.contains("use xray_intake") || statement.contains("use xray_decode");
    let words = ["decode,", "decode}", " decode;", "read_file", "dicom_identity"];
    let import = words.into_iter().find(|word| imported && statement.contains(word));
    DECODERS.into_iter().find(|decoder| statement.contains(decoder)).or(import)
}

#[test]
fn nothing_is_decoded_in_this_process() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for entry in walkdir::WalkDir::new(&src) {
        let path = entry.unwrap().into_path();
        let is_test = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"))
            || path.components().any(|part| part.as_os_str() == "tests");
        let own = OWN_BYTES.iter().any(|file| path.ends_with(file));
        if is_test || own || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        for (at, line) in code(&std::fs::read_to_string(&path).unwrap()).lines().enumerate() {
            if let Some(decoder) = decoder_on(line) {
                panic!(
                    "{}:{}: {decoder:?} decodes in this process; use crate::decoding",
                    path.display(),
                    at + 1
                );
            }
        }
        checked += 1;
    }
    assert!(checked > 100, "only {checked} files were searched");
}

#[test]
fn other_ways_would_be_found() {
    for line in [
        "let image = intake::read_file(path)?;",
        "let image = xray_intake::decode(&bytes)?;",
        "use xray_intake::{Radiograph, decode};",
        "use xray_intake::{Pixels, Radiograph, read_file};",
        "let outcome = self.screener.screen(&item.path);",
        "let picture = image::load_from_memory(&bytes)?;",
    ] {
        assert!(decoder_on(line).is_some(), "{line}");
    }
    for line in ["use xray_intake::Radiograph;", "let image = decoding::read_file(path)?;"] {
        assert_eq!(decoder_on(line), None, "{line}");
    }
}
