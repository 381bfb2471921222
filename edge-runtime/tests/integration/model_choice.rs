//! Which model screens when none is named: the installed one, else the newest at hand, never an unsigned one on a board
//! with trusted keys.

use std::process::Output;
use std::time::{Duration, SystemTime};

use xray_signing::{NewKeys, Password};

use crate::support;
use crate::support::folder::TestFolder;
use crate::support::program;

/// A folder in which the program is started, with an image.
struct Folder(TestFolder);

impl Folder {
    fn new() -> Self {
        let folder = Folder(TestFolder::new());
        folder.0.write("white.pgm", &support::blocks_pgm(support::BRIGHT));
        folder
    }

    /// A model of this threshold, modified so many seconds ago.
    fn model(&self, name: &str, threshold: f64, age: u64) {
        let mut contract = support::contract();
        contract.threshold = threshold;
        let text = serde_json::to_string(&contract).expect("JSON");
        let bytes = support::model_bytes(|model| {
            let key = xray_core::package::CONTRACT_KEY;
            for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == key) {
                entry.value.clone_from(&text);
            }
        });
        self.0.write(name, &bytes);
        let file = std::fs::File::options().append(true).open(self.0.at(name)).expect("opened");
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("set");
    }

    fn trust_a_key(&self) {
        let made = NewKeys::make(Password::None, "tests").expect("keys");
        self.0.write("keys/2026.pub", made.public.as_bytes());
    }

    fn screen(&self, more: &[&str]) -> Output {
        let mut command = program::edge_runtime();
        command.current_dir(self.0.path()).args(["screen", "--json", "--store", "store", "--keys", "keys"]);
        command.args(more).arg("white.pgm").output().expect("the program runs")
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn threshold(output: &Output) -> f64 {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a row");
    row["threshold"].as_f64().expect("a number")
}

#[test]
fn without_an_installed_model_and_keys_the_newest_in_models_screens_and_is_named() {
    let folder = Folder::new();
    folder.model("models/old.onnx", 0.25, 100);
    folder.model("models/new.onnx", 0.75, 10);
    folder.model("elsewhere.onnx", 0.5, 1);
    let output = folder.screen(&[]);
    assert_eq!(threshold(&output), 0.75);
    let notes = text(&output.stderr);
    let named: Vec<_> = notes.lines().filter(|line| line.starts_with("model ")).collect();
    let expected = "model models/new.onnx: the newest model file at hand; none is installed in store, and no key is \
                    trusted here";
    assert_eq!(named, [expected]);
}

#[test]
fn a_model_that_is_named_screens_whatever_else_is_there() {
    let folder = Folder::new();
    folder.model("models/new.onnx", 0.75, 10);
    folder.model("mine.onnx", 0.25, 1000);
    folder.trust_a_key();
    let output = folder.screen(&["--model", "mine.onnx"]);
    assert_eq!(threshold(&output), 0.25);
    assert!(!text(&output.stderr).contains("newest"), "{}", text(&output.stderr));
}

#[test]
fn a_board_with_trusted_keys_runs_no_unsigned_model_and_says_what_to_do() {
    let folder = Folder::new();
    folder.model("models/new.onnx", 0.75, 10);
    folder.trust_a_key();
    let output = folder.screen(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let notes = text(&output.stderr);
    for words in [
        "models/new.onnx: it may not run here: this board has trusted keys (keys)",
        "`edge-runtime model install models/new.onnx`",
        "no model is installed on this board",
    ] {
        assert!(notes.contains(words), "{notes}");
    }
}

#[test]
fn where_there_is_no_model_at_all_the_places_are_named() {
    let folder = Folder::new();
    let output = folder.screen(&[]);
    assert_eq!(output.status.code(), Some(1));
    let notes = text(&output.stderr);
    assert!(
        notes.contains("no model is installed on this board (store), and there is no *.onnx file in ")
            && notes.contains(" or models; name one with --model"),
        "{notes}"
    );
}
