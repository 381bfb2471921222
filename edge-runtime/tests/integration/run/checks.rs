//! What is refused at the start: models, configurations, board files.

use super::*;

#[test]
fn a_model_that_gives_a_wrong_answer_does_not_screen() {
    let device = Device::with(&support::model_bytes_with_known_answer(0.2), "");
    device.write("watched/a", &picture(2));
    let output = command(&device, "run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("answer to the test pattern is off by 0.2000"), "{said}");
    assert!(said.contains("lights: fault: "), "{said}");
    assert!(!said.contains("no sign"), "{said}");
    assert!(!device.store().exists(), "nothing was taken in");
}

#[test]
fn a_model_that_cannot_be_checked_runs_only_if_told_to() {
    let device = Device::with(&support::model_bytes(|_| ()), "");
    let output = command(&device, "run").arg("--check").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("model.onnx: it holds no known answer"), "{said}");
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    device.write("config.toml", config.replace("threads = 1", "threads = 1\nunchecked = true").as_bytes());
    let output = command(&device, "run").arg("--check").output().unwrap();
    assert!(text(&output).ends_with("config.toml: all is well\n"));
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_with_its_line() {
    let device = Device::with(&support::model_bytes_with_known_answer(0.0), "[camera]\n");
    let output = command(&device, "run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("config.toml: not a configuration: line 20, column 1: missing field `kind`"),
        "{said}"
    );
}

#[test]
fn a_board_whose_patterns_break_a_rule_is_found_by_the_check() {
    let device = Device::new();
    let board = include_str!("../../../boards/sim.toml").to_owned() + "\n[patterns.fault]\ngreen = 'on'\n";
    device.write("board.toml", board.as_bytes());
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    let named = config.replace("'sim'", &format!("'{}'", device.at("board.toml").display()));
    device.write("config.toml", named.as_bytes());
    let output = command(&device, "run").arg("--check").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("board.toml: [patterns.fault]: green means no sign of pneumonia"), "{said}");
}

#[test]
fn a_second_process_does_not_touch_the_store_of_the_first() {
    let device = Device::new();
    let mut running = Running::start(&device);
    running.until("lights: ready");
    let second = command(&device, "run").output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another process of edge-runtime has this store"), "{said}");
    running.end();
}
