//! The lights of `screen`: what is shown beside the rows, and which errors are printed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support;
use crate::support::program;

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("written");
    write("model.onnx", &support::model_bytes(|_| ()));
    write("black.pgm", &support::blocks_pgm(support::DARK));
    write("white.pgm", &support::blocks_pgm(support::BRIGHT));
    write("text.jpeg", b"Dear colleague");
    folder
}

fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = program::edge_runtime();
    command.current_dir(folder).args(arguments.split(' '));
    command
}

fn run(folder: &Path, arguments: &str) -> Output {
    command(folder, arguments).output().expect("the program runs")
}

/// The signals on the standard error, in order.
fn shown(output: &Output) -> Vec<String> {
    let notes = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    let signals = notes.lines().filter_map(|line| line.strip_prefix("lights: "));
    signals.map(|line| line.split(':').next().expect("a word").to_owned()).collect()
}

#[test]
fn each_verdict_is_shown_and_the_most_urgent_stands_at_the_end() {
    let folder = place();
    let screen = "screen --model model.onnx --board sim --hold 0";
    let output = run(folder.path(), &format!("{screen} white.pgm text.jpeg black.pgm"));
    assert_eq!(output.status.code(), Some(3));
    let expected = [
        "busy",
        "pneumonia suspected",
        "busy",
        "no result",
        "busy",
        "no sign of pneumonia",
        "pneumonia suspected",
    ];
    assert_eq!(shown(&output), expected);
    let output = run(folder.path(), &format!("{screen} black.pgm text.jpeg"));
    assert_eq!(shown(&output), ["busy", "no sign of pneumonia", "busy", "no result"]);
}

#[test]
fn rows_are_the_same_with_and_without_lights() {
    let folder = place();
    let rows = |extra: &str| {
        let output = run(folder.path(), &format!("screen --model model.onnx{extra} white.pgm text.jpeg"));
        let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
        let without_times = text.lines().map(|line| {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            if line.starts_with("NO RESULT") { words } else { [&words[..3], &words[4..]].concat() }
        });
        (without_times.collect::<Vec<_>>(), shown(&output).len())
    };
    let (plain, none) = rows("");
    let (lit, some) = rows(" --board sim --hold 0");
    assert_eq!(plain, lit);
    assert_eq!((none, some), (0, 5));
}

#[test]
fn a_model_that_cannot_be_loaded_is_a_fault() {
    let folder = place();
    let output = run(folder.path(), "screen --model text.jpeg --board sim --hold 0 black.pgm");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(shown(&output), ["busy", "fault"]);
}

#[test]
fn a_board_that_is_none_is_said_before_anything_is_screened() {
    let folder = place();
    std::fs::write(folder.path().join("half.toml"), "name = 'half'\n").expect("written");
    for (board, words) in [
        ("pi9", "pi9: no such board; give pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim"),
        ("half.toml", "half.toml: not a board file: "),
    ] {
        for command in ["screen --model model.onnx black.pgm", "selftest"] {
            let output = run(folder.path(), &format!("{command} --board {board}"));
            assert_eq!(output.status.code(), Some(1));
            assert!(output.stdout.is_empty());
            let notes = String::from_utf8(output.stderr).expect("UTF-8");
            assert!(notes.contains(words), "{notes}");
        }
    }
    let usage = run(folder.path(), "screen --model model.onnx --hold 3 black.pgm");
    assert_eq!(usage.status.code(), Some(2), "--hold is for lights");
}

#[cfg(unix)]
#[test]
fn a_process_that_is_told_to_end_ends_by_that_signal() {
    use std::os::unix::process::ExitStatusExt;
    let folder = place();
    let mut child = command(folder.path(), "screen --model model.onnx --board sim --hold 60 black.pgm")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let notes = BufReader::new(child.stderr.take().expect("a stream"));
    let verdict = notes.lines().map_while(Result::ok).find(|line| line.contains("no sign of pneumonia: "));
    assert!(verdict.is_some());
    // It holds the last signal for a minute now.
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    assert_eq!(child.wait().expect("it ends").signal(), Some(15));
}
