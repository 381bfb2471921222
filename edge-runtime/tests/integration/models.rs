//! The models of a board on the command line: installing, screening on trial, rollback.

use std::path::Path;
use std::process::Output;

use edge_runtime::models::{Installed, ModelFolder, ModelRefusal, ModelStore};
use serde_json::Value;
use xray_core::package::{PackageFile, TrustedKeys, signature_of};
use xray_signing::{NewKeys, Password, SecretKey, sign, stamp};

use crate::support;
use crate::support::folder::TestFolder;
use crate::support::program;

struct Board {
    folder: TestFolder,
    secret: SecretKey,
}

impl Board {
    /// A board with a key, two pictures and no model.
    fn new() -> Self {
        let folder = TestFolder::new();
        let made = NewKeys::make(Password::None, "tests").expect("keys");
        let secret = SecretKey::from_text(Path::new("k"), &made.secret, Password::None).expect("a key");
        let board = Board { folder, secret };
        board.folder.write("keys/2026.pub", made.public.as_bytes());
        board.folder.write("x/black.pgm", &support::blocks_pgm(support::DARK));
        board.folder.write("x/white.pgm", &support::blocks_pgm(support::BRIGHT));
        board
    }

    /// A signed model of this version; gives its hash. A model that is not `sound` is right on the test pattern and
    /// gives no probability for a white image.
    fn model(&self, name: &str, version: u64, sound: bool) -> String {
        let bytes = support::model_bytes(|model| {
            if !sound {
                let graph = model.graph.as_mut().expect("a graph");
                graph.node[4] = support::node("Abs", &["score"], "probability");
                graph.initializer[1] = support::tensor("bias", &[1], &[-0.5]);
            }
        });
        let file =
            stamp(PackageFile::from_bytes(&self.folder.at(name), bytes), Some(version)).expect("stamped");
        self.folder.write(name, file.bytes());
        let text = sign(&file, &self.secret, &format!("version:{version}")).expect("signed");
        std::fs::write(signature_of(&self.folder.at(name)), text).expect("written");
        file.sha256().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = program::edge_runtime();
        command.current_dir(self.folder.path()).args(arguments).args(["--store", "store", "--keys", "keys"]);
        command.output().expect("the program runs")
    }

    /// Runs with `--json`, which must end with this status.
    fn json(&self, arguments: &[&str], status: i32) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn active(&self) -> String {
        let status = self.json(&["model", "status"], 0);
        let slot = status["active"].as_str().expect("a model").to_owned();
        status[slot]["sha256"].as_str().expect("a hash").to_owned()
    }

    fn store(&self) -> ModelStore<ModelFolder> {
        let keys = TrustedKeys::read(&self.folder.at("keys")).expect("keys");
        ModelStore::new(ModelFolder::new(&self.folder.at("store")), keys)
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_board_without_a_model_says_so() {
    let board = Board::new();
    let output = board.run(&["screen", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no model is installed on this board"), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    assert_eq!(board.json(&["model", "status"], 0)["active"], Value::Null);
    assert_eq!(board.run(&["model", "rollback"]).status.code(), Some(1));
}

#[test]
fn the_first_model_is_kept_and_screens() {
    let board = Board::new();
    let sha256 = board.model("one.onnx", 1, true);
    let dry = board.json(&["model", "install", "--dry-run", "one.onnx"], 0);
    assert_eq!(
        (&dry["outcome"], &dry["model"]["sha256"]),
        (&"would-install".into(), &sha256.as_str().into())
    );
    assert!(!board.folder.at("store").exists(), "a dry run writes nothing");
    let done = board.json(&["model", "install", "one.onnx"], 0);
    assert_eq!(
        (&done["outcome"], &done["trial"], &done["comment"]),
        (&"installed".into(), &0.into(), &"version:1".into())
    );
    assert_eq!(done["model"]["key"], "2026");
    assert_eq!(board.json(&["model", "install", "one.onnx"], 0)["outcome"], "already-in-use");
    let output = board.run(&["screen", "--json", "x/white.pgm"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&row["model"], &row["verdict"]), (&sha256.into(), &"pneumonia-suspected".into()));
    assert!(board.json(&["model", "status", "--check"], 0)["checked"].is_string());
}

#[test]
fn a_model_on_trial_is_kept_after_its_screenings_and_lower_versions_are_refused() {
    let board = Board::new();
    let (one, two) = (board.model("one.onnx", 1, true), board.model("two.onnx", 2, true));
    board.json(&["model", "install", "one.onnx"], 0);
    assert_eq!(board.json(&["model", "install", "--trial", "3", "two.onnx"], 0)["trial"], 3);
    board.model("three.onnx", 3, true);
    let refused = board.json(&["model", "install", "three.onnx"], 4);
    assert!(refused["reason"].as_str().expect("a reason").contains("on trial, with 3 screenings to go"));
    assert_eq!(board.run(&["screen", "x"]).status.code(), Some(0));
    assert_eq!(board.json(&["model", "status"], 0)["trial"]["screenings_left"], 1);
    // What cannot be read counts neither for nor against it, however often.
    board.folder.write("bad/empty.pgm", b"");
    for _ in 0..5 {
        assert_eq!(board.run(&["screen", "bad"]).status.code(), Some(3));
    }
    assert_eq!(board.run(&["screen", "x"]).status.code(), Some(0));
    let status = board.json(&["model", "status"], 0);
    assert_eq!((&status["trial"], &status["floor"]), (&Value::Null, &2.into()));
    assert_eq!(board.active(), two);

    let refused = board.run(&["model", "install", "one.onnx"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(text(&refused.stderr).contains("version 1 is lower than 2"), "{}", text(&refused.stderr));
    assert!(refused.stdout.is_empty());
    board.json(&["model", "install", "--allow-downgrade", "--trial", "0", "one.onnx"], 0);
    assert_eq!(board.active(), one);
    assert_eq!(board.json(&["model", "rollback", "--dry-run"], 0)["outcome"], "would-roll-back");
    assert_eq!(board.active(), one);
    assert_eq!(board.json(&["model", "rollback"], 0)["model"]["sha256"], two.as_str());
    assert_eq!(board.active(), two);
}

#[test]
fn what_is_not_signed_for_this_board_is_refused_and_listed() {
    let board = Board::new();
    let one = board.model("one.onnx", 1, true);
    board.json(&["model", "install", "one.onnx"], 0);
    board.model("two.onnx", 2, true);
    let mut changed = std::fs::read(board.folder.at("two.onnx")).expect("readable");
    changed[100] ^= 1;
    board.folder.write("changed.onnx", &changed);
    std::fs::copy(board.folder.at("two.onnx.minisig"), board.folder.at("changed.onnx.minisig"))
        .expect("copied");
    board.folder.write("bare.onnx", &changed);
    let stranger = Board::new();
    stranger.model("two.onnx", 2, true);
    for ending in ["", ".minisig"] {
        let name = format!("two.onnx{ending}");
        std::fs::copy(stranger.folder.at(&name), board.folder.at(&format!("other-key.onnx{ending}")))
            .expect("copied");
    }
    for (file, word) in [
        ("changed.onnx", "key `2026` does not hold"),
        ("bare.onnx", "its signature"),
        ("other-key.onnx", "by none of the keys"),
    ] {
        let reason = board.json(&["model", "install", file], 4)["reason"].to_string();
        assert!(reason.contains(word) && reason.contains(file), "{reason}");
    }
    assert_eq!(board.active(), one);
    let events = board.json(&["model", "status"], 0)["events"].clone();
    let events: Vec<_> =
        events.as_array().expect("events").iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["installed", "confirmed", "refused", "refused", "refused"]);
    assert_eq!(board.run(&["model", "install", "gone.onnx"]).status.code(), Some(4));
}

#[test]
fn the_name_of_a_model_cannot_write_to_the_terminal() {
    let board = Board::new();
    let name = format!("{}.onnx", support::HOSTILE_NAME);
    board.model(&name, 1, true);
    std::fs::write(signature_of(&board.folder.at(&name)), "no signature").expect("written");
    let refused = board.run(&["model", "install", &name]);
    assert_eq!(refused.status.code(), Some(4));
    support::assert_obeys_nothing(text(&refused.stderr));
    assert!(text(&refused.stderr).contains(support::SHOWN_NAME), "{}", text(&refused.stderr));
    for form in [&[][..], &["--json"]] {
        let output = board.run(&[&["model", "status"], form].concat());
        support::assert_obeys_nothing(text(&output.stdout));
        assert!(text(&output.stdout).contains("2Jx\\nno sign"), "{}", text(&output.stdout));
    }
    board.model(&name, 1, true);
    let installed = board.run(&["model", "install", &name]);
    assert_eq!(installed.status.code(), Some(0), "{}", text(&installed.stderr));
    support::assert_obeys_nothing(text(&installed.stdout));
}

#[test]
fn a_model_whose_engine_fails_on_trial_is_left_at_once() {
    let board = Board::new();
    let (one, bad) = (board.model("one.onnx", 1, true), board.model("bad.onnx", 2, false));
    board.json(&["model", "install", "one.onnx"], 0);
    board.json(&["model", "install", "bad.onnx"], 0);
    assert_eq!(board.active(), bad);
    let output = board.run(&["screen", "x/white.pgm", "x/black.pgm"]);
    assert_eq!(output.status.code(), Some(1));
    let notes = text(&output.stderr);
    assert!(notes.contains("another model is in use on this board from now on"), "{notes}");
    assert_eq!(text(&output.stdout).lines().count(), 1, "the rest is not screened with it");
    assert!(text(&output.stdout).starts_with("NO RESULT"));
    assert_eq!(board.active(), one);
    assert_eq!(board.run(&["screen", "x"]).status.code(), Some(0));
    let again = board.json(&["model", "install", "bad.onnx"], 4)["reason"].to_string();
    assert!(again.contains("it failed on this board before"), "{again}");
    assert_eq!(board.run(&["model", "rollback"]).status.code(), Some(4));
    assert_eq!(board.json(&["model", "install", "--retry", "bad.onnx"], 0)["outcome"], "installed");
}

#[test]
fn a_program_that_crashes_again_and_again_on_trial_goes_back() {
    let board = Board::new();
    let (one, two) = (board.model("one.onnx", 1, true), board.model("two.onnx", 2, true));
    board.json(&["model", "install", "one.onnx"], 0);
    board.json(&["model", "install", "two.onnx"], 0);
    let store = board.store();
    // Starts that are followed by nothing, as when the process is killed.
    let start =
        || store.start(|signed| Ok::<_, ModelRefusal>(signed.file().sha256().to_owned())).expect("a model");
    for _ in 0..3 {
        assert_eq!(start().ready, two);
    }
    let started = start();
    assert_eq!(
        (started.ready, started.went_back.as_deref()),
        (one.clone(), Some("3 starts on trial and nothing done well"))
    );
    assert_eq!(start().ready, one);
    let Some(Installed { failed: Some(_), .. }) = store.state().expect("a state").other().cloned() else {
        panic!("it is not marked");
    };
}

#[test]
fn a_model_that_was_damaged_on_the_disk_is_not_run() {
    let board = Board::new();
    let (one, two) = (board.model("one.onnx", 1, true), board.model("two.onnx", 2, true));
    board.json(&["model", "install", "one.onnx"], 0);
    board.json(&["model", "install", "--trial", "0", "two.onnx"], 0);
    let damage = |sha256: &str| {
        let path = board.folder.at(&format!("store/{sha256}.onnx"));
        let mut bytes = std::fs::read(&path).expect("readable");
        bytes[50] ^= 1;
        std::fs::write(&path, bytes).expect("written");
    };
    damage(&two);
    assert_eq!(board.run(&["model", "status", "--check"]).status.code(), Some(1));
    let output = board.run(&["screen", "x"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("went back to the model before"), "{}", text(&output.stderr));
    assert_eq!(board.active(), one);
    damage(&one);
    let output = board.run(&["screen", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("was changed on the disk") && output.stdout.is_empty());
}

#[test]
fn a_model_whose_key_was_taken_away_is_not_run() {
    let board = Board::new();
    board.model("one.onnx", 1, true);
    board.json(&["model", "install", "one.onnx"], 0);
    std::fs::rename(board.folder.at("keys/2026.pub"), board.folder.at("keys/2026.old")).expect("renamed");
    board
        .folder
        .write("keys/2027.pub", NewKeys::make(Password::None, "new").expect("keys").public.as_bytes());
    let output = board.run(&["screen", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("by none of the keys that are trusted here (2027)"),
        "{}",
        text(&output.stderr)
    );
}
