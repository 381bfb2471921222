//! JPEG and PNG files as cameras, archives and damaged sticks leave them (`scripts/oracle/intake_pictures.py` made them):
//! what is read alike, and what is refused with a reason that says what to do.

use std::path::PathBuf;

use serde::Deserialize;
use xray_intake::{Radiograph, decode, read_file};

#[derive(Deserialize)]
struct Case {
    file: String,
    /// `read`, `refused`, or the file that it must equal.
    expected: String,
    /// Largest difference of a level.
    within: u8,
    /// What the reason must hold.
    reason: String,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures").join(name)
}

/// The largest difference of a level; none if the sizes differ.
fn difference(one: &Radiograph, other: &Radiograph) -> Option<u8> {
    let same_size = (one.width(), one.height()) == (other.width(), other.height());
    let (one, other) = (one.pixels().grey(), other.pixels().grey());
    let worst = one.iter().zip(other.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    worst.filter(|_| same_size)
}

#[test]
fn every_picture_is_what_it_should_be() {
    let text = std::fs::read(fixture("cases.json")).expect("cases.json");
    let cases: Vec<Case> = serde_json::from_slice(&text).expect("cases");
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let result = read_file(&fixture(&case.file));
        let failure = match (&result, case.expected.as_str()) {
            (Ok(_), "read") => None,
            (Err(error), "refused") => {
                let said = error.to_string();
                (!said.contains(&case.reason)).then(|| format!("says {said:?}, not {:?}", case.reason))
            }
            (Ok(_), "refused") => Some("was read".to_owned()),
            (Ok(image), other) => {
                let other = read_file(&fixture(other)).expect("the other");
                let worst = difference(image, &other);
                worst.is_none_or(|worst| worst > case.within).then(|| format!("differs by {worst:?}"))
            }
            (Err(error), _) => Some(error.to_string()),
        };
        failures.extend(failure.map(|failure| format!("{}: {failure}", case.file)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A change of one byte gives a picture of the same size, or a reason; a cut always gives a reason.
#[test]
fn no_cut_is_read() {
    for name in ["base.jpg", "progressive.jpg", "progressive-restart.jpg", "colour-2.jpg", "scans.jpg"] {
        let bytes = std::fs::read(fixture(name)).expect("a fixture");
        for end in (2..bytes.len() - 2).step_by(11) {
            assert!(decode(&bytes[..end]).is_err(), "{name} cut at {end}");
            let closed = [&bytes[..end], &[0xff, 0xd9]].concat();
            assert!(decode(&closed).is_err(), "{name} cut at {end} and closed");
        }
    }
}
