//! Nothing in this crate decodes in its own process.

use std::path::Path;

/// What decodes bytes of unknown origin, or does so for its caller. The child is in `xray_decode`.
const DECODERS: [&str; 13] = [
    "intake::decode",
    "decode_whole_image",
    "decode_film_photograph",
    "intake::read_file",
    "film::find",
    "dicom_identity",
    "Identity::of",
    "screener.decode(",
    "screener.screen(",
    "screen_paths(",
    "load_from_memory",
    "ImageReader",
    "from_decoder",
];

/// The code of a file without its tests, which stand at its end.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn nothing_is_decoded_in_this_process() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for entry in walkdir::WalkDir::new(&src) {
        let path = entry.expect("an entry").into_path();
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs")
            || path.components().any(|part| part.as_os_str() == "tests");
        if is_test || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        for (at, line) in code(&text).lines().enumerate() {
            let statement = line.split("//").next().unwrap_or(line);
            // The heat map was encoded by this program.
            let statement = statement.replace("load_from_memory(heat)", "");
            for decoder in DECODERS {
                assert!(
                    !statement.contains(decoder),
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
