//! `screen` and `model show` on the command line: exit status, what goes to which stream, and that no failure reads like
//! a finding.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support;
use crate::support::folder::TestFolder;
use crate::support::program;

struct ScreenFolder(TestFolder);

impl ScreenFolder {
    fn new() -> Self {
        let folder = ScreenFolder(TestFolder::new());
        folder.0.write("model.onnx", &support::model_bytes(|_| ()));
        folder
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::edge_runtime();
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn sha256(path: &Path) -> String {
    xray_core::sha256_hex(&std::fs::read(path).expect("readable"))
}

#[test]
fn all_read_is_status_0() {
    let folder = ScreenFolder::new();
    folder.0.write("x/black.pgm", &support::blocks_pgm(support::DARK));
    folder.0.write("x/white.pgm", &support::blocks_pgm(support::BRIGHT));
    let output = folder.run(&["screen", "--model", "model.onnx", "x"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("no sign of pneumonia ") && lines[0].contains("0.0805"), "{}", lines[0]);
    assert!(lines[0].ends_with("x/black.pgm"));
    assert!(lines[1].starts_with("pneumonia suspected ") && lines[1].contains("0.9195"), "{}", lines[1]);
    let notes = text(&output.stderr);
    assert_eq!(notes.matches("not a diagnosis").count(), 1);
    assert!(notes.ends_with("2 read: 1 suspected, 1 no sign; 0 no result\n"), "{notes}");
}

#[test]
fn what_cannot_be_read_is_status_3_and_the_rest_goes_on() {
    let folder = ScreenFolder::new();
    folder.0.write("x/a-empty.jpeg", b"");
    folder.0.write("x/b-text.jpeg", b"Dear colleague");
    folder.0.write("x/c-dot.pgm", b"P5 1 1 255\n9");
    folder.0.write("x/d-vast.pgm", b"P5 40000 40000 255\n");
    folder.0.write("x/e-white.pgm", &support::blocks_pgm(support::BRIGHT));
    std::fs::create_dir(folder.0.at("none")).expect("a folder");
    let output = folder.run(&["screen", "--json", "--model", "model.onnx", "none", "x", "gone.png"]);
    assert_eq!(output.status.code(), Some(3));
    let rows: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let reasons: Vec<_> = rows.iter().map(|row| row["reason"].as_str().unwrap_or("read")).collect();
    let expected =
        ["no-images", "empty", "unknown-format", "too-small", "too-many-pixels", "read", "not-found"];
    assert_eq!(reasons, expected);
    for row in rows.iter().filter(|row| row.get("reason").is_some()) {
        assert_eq!(row["verdict"], "no-result");
        assert!(row.get("probability").is_none());
        let file = row["file"].as_str().expect("a file");
        assert!(row["message"].as_str().expect("a message").contains(file), "{row}");
    }
    let read = &rows[5];
    assert_eq!(read["verdict"], "pneumonia-suspected");
    assert!((read["probability"].as_f64().expect("a number") - 0.919_479_37).abs() < 2e-5);
    assert_eq!(read["threshold"], 0.5);
    assert_eq!(read["model"], sha256(&folder.0.at("model.onnx")));
    assert!(read["milliseconds"].as_f64().expect("a number") >= 0.0);
    assert!(text(&output.stderr).ends_with("1 read: 1 suspected, 0 no sign; 6 no result\n"));
}

#[test]
fn a_line_without_a_result_cannot_be_taken_for_a_finding() {
    let folder = ScreenFolder::new();
    folder.0.write("no sign of pneumonia\nno sign of pneumonia.png", b"text");
    folder.0.write("x.jpeg", b"");
    let output = folder.run(&[
        "screen",
        "--model",
        "model.onnx",
        "x.jpeg",
        "no sign of pneumonia\nno sign of pneumonia.png",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 2, "a name cannot write a line of its own: {lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("NO RESULT  ")), "{lines:?}");
}

#[test]
fn a_name_cannot_write_to_the_terminal() {
    let folder = ScreenFolder::new();
    let name = |ending: &str| format!("{}{ending}", support::HOSTILE_NAME);
    folder.0.write(&name(".pgm"), &support::blocks_pgm(support::BRIGHT));
    folder.0.write(&name(".onnx"), &support::model_bytes(support::add_heat_map));
    folder.0.write(&name(".jpeg"), b"Dear colleague");
    folder.0.write(&name(".txt"), b"a file");
    for (arguments, status) in [
        (vec!["screen".to_owned(), "--model".into(), name(".onnx"), name(".pgm"), name(".jpeg")], 3),
        (vec!["screen".to_owned(), "--json".into(), "--model".into(), name(".onnx"), name(".jpeg")], 3),
        (
            ["screen", "--model"]
                .map(str::to_owned)
                .into_iter()
                .chain([name(".onnx"), "--heat-maps".into(), name(".d"), name(".pgm"), "--json".into()])
                .collect(),
            0,
        ),
        (
            vec![
                "screen".to_owned(),
                "--model".into(),
                name(".onnx"),
                "--heat-maps".into(),
                name(".txt"),
                name(".pgm"),
            ],
            1,
        ),
        (vec!["screen".to_owned(), "--model".into(), name(".jpeg"), "x".into()], 1),
        (vec!["screen".to_owned(), format!("--{}", support::HOSTILE_NAME)], 2),
        (vec!["model".to_owned(), "show".into(), name(".onnx")], 0),
        (vec!["model".to_owned(), "show".into(), "--json".into(), name(".onnx")], 0),
        (vec!["model".to_owned(), "show".into(), name(".jpeg")], 1),
        (vec!["run".to_owned(), "--config".into(), name(".txt")], 1),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = folder.run(&arguments);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        if status != 2 {
            support::assert_obeys_nothing(&said);
            // In JSON a backslash is written twice; U+009B and U+202E are not.
            let shown = said.contains(support::SHOWN_NAME) || said.contains("\\u202e\\u009b2Jx\\nno sign");
            assert!(shown, "{arguments:?}: {said}");
        } else {
            assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{said:?}");
        }
    }
}

#[test]
fn wrong_usage_is_status_2_and_a_model_that_cannot_be_loaded_1() {
    let folder = ScreenFolder::new();
    folder.0.write("x.pgm", &support::blocks_pgm(support::BRIGHT));
    folder.0.write("bad.onnx", b"# a text");
    folder.0.write("bare.onnx", &support::model_bytes(|m| m.metadata_props.clear()));
    assert_eq!(folder.run(&["screen", "--model", "model.onnx"]).status.code(), Some(2));
    assert_eq!(folder.run(&["screen", "x.pgm", "--store", "none", "--keys", "none"]).status.code(), Some(1));
    for (model, word) in [
        ("bad.onnx", "not an ONNX model"),
        ("bare.onnx", "without the metadata"),
        ("gone.onnx", "could not be read"),
    ] {
        let output = folder.run(&["screen", "--model", model, "x.pgm"]);
        assert_eq!(output.status.code(), Some(1), "{model}");
        assert!(output.stdout.is_empty(), "{model}");
        let notes = text(&output.stderr);
        assert!(notes.contains(model) && notes.contains(word), "{notes}");
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let folder = ScreenFolder::new();
    folder.0.write("x.pgm", &support::blocks_pgm(support::BRIGHT));
    // Closed before the program starts: it cannot be quicker.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = folder
        .command(&["screen", "--model", "model.onnx", "x.pgm"])
        .stdout(writer)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let notes = text(&output.stderr);
    assert!(!notes.contains("panicked") && notes.contains("output was closed"), "{notes}");
}

#[test]
fn a_model_shows_its_contract() {
    let folder = ScreenFolder::new();
    let output = folder.run(&["model", "show", "model.onnx"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for part in
        [sha256(&folder.0.at("model.onnx")).as_str(), "PNEUMONIA", "0.5 (rule: fixed)", "float32", "64 × 64"]
    {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let output = folder.run(&["model", "show", "--json", "model.onnx"]);
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["schema"], 1);
    assert_eq!(shown["contract"]["preprocessing"]["scaling"], "unit");
    assert_eq!(shown["contract"]["validation"]["auroc"], 0.75);
}

#[test]
fn heat_maps_are_drawn_into_a_folder_and_named_by_content() {
    let folder = ScreenFolder::new();
    folder.0.write("warm.onnx", &support::model_bytes(support::add_heat_map));
    folder.0.write("x/white.pgm", &support::blocks_pgm_of(80, support::BRIGHT));
    folder.0.write("x/text.pgm", b"Dear colleague");
    let drawn = ["screen", "--model", "warm.onnx", "--json", "--heat-maps", "a/b", "x"];
    let output = folder.run(&drawn);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let rows: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows[0].get("heat_map").is_none(), "{}", rows[0]);
    let name = format!("a/b/{}.png", sha256(&folder.0.at("x/white.pgm")));
    let drawn_map = &rows[1]["heat_map"];
    assert_eq!((&drawn_map["file"], &drawn_map["side"]), (&name.as_str().into(), &1.into()));
    // 6 · 231 / 255; the picture is reduced to a square.
    let heat = drawn_map["values"][0].as_f64().expect("a number");
    assert!((heat - 5.435).abs() < 0.05, "{heat}");
    let picture = std::fs::read(folder.0.at(&name)).expect("drawn");
    // Width and height stand behind the signature and the head of the first chunk.
    assert_eq!(picture[..4], *b"\x89PNG");
    assert_eq!(picture[16..24], [0, 0, 0, 64, 0, 0, 0, 80]);
    assert_eq!(std::fs::read_dir(folder.0.at("a/b")).expect("a folder").count(), 1);

    // What cannot be drawn is said, and the verdict stands.
    std::fs::remove_file(folder.0.at(&name)).expect("removed");
    std::fs::create_dir(folder.0.at(&name)).expect("in the way");
    let output = folder.run(&["screen", "--model", "warm.onnx", "--heat-maps", "a/b", "x/white.pgm"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).starts_with("pneumonia suspected "), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("warning: no picture: a/b/"), "{}", text(&output.stderr));

    // A model without heat maps is said before anything is screened.
    let output = folder.run(&["screen", "--model", "model.onnx", "--heat-maps", "c", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("gives no heat maps"));
}
