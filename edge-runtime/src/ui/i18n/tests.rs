//! Every language says everything, and nothing that could be taken for something else.

use std::collections::BTreeSet;

use xray_core::screening::ScreeningError;
use xray_intake::IntakeProblem;
use xray_intake::film::FilmProblem;

use super::*;
use crate::daemon::WorkerError;
use crate::records::Origin;
use crate::ui::lights::{Pattern, Patterns, Rhythm};

fn all() -> impl Iterator<Item = (Language, Translation)> {
    Language::ALL.into_iter().map(|language| (language, Translation::of(language).expect("words")))
}

fn keys(value: &toml::Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, value)| keys(value, &format!("{path}.{key}"), into));
        }
        toml::Value::String(text) => {
            assert!(!text.trim().is_empty(), "{path} is empty");
            into.insert(path.to_owned());
        }
        other => panic!("{path} is no text: {other:?}"),
    }
}

#[test]
fn all_languages_have_the_same_keys() {
    let of = |language: Language| {
        let mut found = BTreeSet::new();
        keys(&toml::from_str(language.file()).expect("TOML"), "", &mut found);
        found
    };
    let english = of(Language::English);
    for language in Language::ALL {
        assert_eq!(of(language), english, "{language:?}");
        assert!(Translation::of(language).is_ok(), "{:?}", Translation::of(language));
        assert_eq!(Language::from_code(language.code()), Some(language));
    }
}

/// One of each kind. The match has no wildcard: a kind that is added must be added here, and then has words.
fn intake_problems() -> Vec<IntakeProblem> {
    use IntakeProblem::*;
    let all = vec![
        Unreadable { reason: String::new() },
        Empty,
        FileTooLarge { bytes: 0 },
        UnknownFormat,
        OtherFormat { name: "", remedy: "" },
        ValueRange { lowest: 0, highest: 0, white: 0 },
        TooManyPixels { width: 0, height: 0 },
        TooSmall { width: 0, height: 0 },
        Truncated,
        Damaged { format: "", reason: String::new() },
    ];
    for problem in &all {
        match problem {
            Unreadable { .. } | Empty | FileTooLarge { .. } | UnknownFormat | TooManyPixels { .. } => {}
            OtherFormat { .. } | ValueRange { .. } | TooSmall { .. } | Truncated | Damaged { .. } => {}
            Film(_) => {}
            Dicom(_) => {}
        }
    }
    all
}

fn dicom_problems() -> Vec<IntakeProblem> {
    use xray_intake::DicomProblem::{self, *};
    let all: Vec<DicomProblem> = vec![
        NotARadiograph { what: "" },
        ForProcessing,
        OtherView { view: "", element: "" },
        OtherBodyPart { part: "" },
        Frames { frames: 0 },
        Missing { element: "" },
        Invalid { element: "", reason: "" },
        Coding { name: "" },
        Bits { allocated: 0, stored: 0, high: 0 },
        Photometric { name: "" },
    ];
    for problem in &all {
        match problem {
            NotARadiograph { .. } | ForProcessing | Frames { .. } | Missing { .. } => {}
            OtherView { .. } | OtherBodyPart { .. } => {}
            Invalid { .. } | Coding { .. } | Bits { .. } | Photometric { .. } => {}
        }
    }
    all.into_iter().map(IntakeProblem::from).collect()
}

fn codes() -> BTreeSet<&'static str> {
    let mut codes: BTreeSet<&'static str> =
        intake_problems().iter().chain(&dicom_problems()).map(IntakeProblem::code).collect();
    let (file, reason) = (String::new(), String::new());
    let prepared = xray_core::preprocess::PreprocessError::Resize {
        width: 0,
        height: 0,
        size: 0,
        reason: reason.clone(),
    };
    let failed = xray_core::engine::EngineError::Run { reason };
    codes.insert(ScreeningError::Preprocess { file: file.clone(), source: prepared }.code());
    codes.insert(ScreeningError::Engine { file, source: failed }.code());
    codes.extend(
        xray_core::quality_gate::RejectionReason::ALL.map(xray_core::quality_gate::RejectionReason::code),
    );
    codes.extend(FilmProblem::ALL.map(FilmProblem::code));
    // What has no record, and has a text all the same.
    codes.extend([
        "camera-failed",
        "camera-late",
        "camera-format",
        "camera-damaged",
        "writable",
        "too-many-files",
        "too-many-in-folder",
        "too-many-refused",
        "stick-unreadable",
        "no-images",
        "ended-the-program",
    ]);
    codes.extend([WorkerError::Late, WorkerError::Ended].map(WorkerError::code));
    codes
}

#[test]
fn every_reason_and_every_origin_has_words() {
    for (language, words) in all() {
        for code in codes() {
            assert!(words.reason.contains_key(code), "{language:?} has no words for {code}");
        }
        for origin in Origin::ALL {
            assert!(words.origin.contains_key(origin.code()), "{language:?}: {origin:?}");
        }
        assert_eq!(words.reason("not-known"), words.other_reason);
    }
}

#[test]
fn no_title_can_be_read_as_another() {
    for (language, words) in all() {
        let titles: Vec<String> =
            Signal::ALL.iter().skip(1).map(|signal| words.signal(*signal).title.to_lowercase()).collect();
        for (at, one) in titles.iter().enumerate() {
            for other in titles.iter().skip(at + 1) {
                assert!(
                    !one.contains(other.as_str()) && !other.contains(one.as_str()),
                    "{language:?}: {one}, {other}"
                );
            }
        }
        // At a glance people read the first word.
        let first = |message: &Message| message.title.to_lowercase().chars().take(2).collect::<String>();
        if language != Language::English {
            assert_ne!(first(&words.outcome.no_sign), first(&words.outcome.no_result), "{language:?}");
            assert_ne!(first(&words.outcome.no_sign), first(&words.state.fault), "{language:?}");
        }
        // In every script that has capitals, a result that is missing is in them.
        let missing = &words.outcome.no_result.title;
        assert!(!missing.chars().any(char::is_lowercase), "{language:?}: {missing}");
        assert!(!words.state.fault.title.chars().any(char::is_lowercase), "{language:?}");
    }
}

#[test]
fn the_english_words_are_those_of_the_lights() {
    let words = Translation::of(Language::English).expect("words");
    assert_eq!(words.disclaimer, xray_core::decision::DISCLAIMER);
    for finding in Finding::ALL {
        assert_eq!(words.finding(finding).title.to_lowercase(), finding.words().to_lowercase());
    }
    assert_eq!(words.outcome.no_result.title, "NO RESULT");
}

#[test]
fn a_pattern_of_a_board_is_told_in_every_language_and_a_standard_one_in_its_sentence() {
    let (off, beeps) = (Rhythm::Off, Rhythm::Times { count: 3, on: 50 });
    let (red, yellow) = (Rhythm::Blink { on: 200, off: 1500 }, Rhythm::On);
    let own = [(Signal::Suspected, Pattern { red, yellow, green: off, buzzer: beeps })];
    let patterns = Patterns::with(&own.into()).expect("patterns");
    let words = Translation::of(Language::English).expect("words");
    let message = |signal| words.light(signal, &patterns);
    assert_eq!(message(Signal::Suspected), "Red: 0.2 s on, 1.5 s off; Yellow: on; Beep: 3 × 0.05 s");
    assert_eq!(message(Signal::Fault), "Red and yellow blink fast; four long beeps.");
    assert_eq!(message(Signal::Off), "");
    for (language, words) in all() {
        let said = words.light(Signal::Suspected, &patterns);
        assert!(
            ["0.2", "1.5", "3 × ", "0.05"].iter().all(|number| said.contains(number)),
            "{language:?}: {said}"
        );
        assert_eq!(said.split("; ").count(), 3, "{language:?}: {said}");
        assert!(!said.contains(['{', '}']), "{language:?}: {said}");
    }
}
