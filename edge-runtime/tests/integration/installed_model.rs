//! The daemon with installed models: trial, rollback, a model from a stick.

mod press;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use edge_runtime::config::StickConfig;
use edge_runtime::daemon::{
    Daemon, DaemonParts, DisplayTimes, Fault, FirstModelWait, InstalledModel, ModelIdentity, Worker,
};
use edge_runtime::gpio::button::Press;
use edge_runtime::inputs::{StickInput, StickOptions};
use edge_runtime::models::{ModelFolder, ModelStore, State, StickPolicy};
use edge_runtime::records::{RecordReader, RecordStore, StoreLimits, VerifyDepth};
use edge_runtime::status::{Signal, StatusPublisher};
use edge_runtime::ui::lights::SignalOutput;
use xray_core::engine::{EngineChoice, EngineOptions};
use xray_core::package::{PackageFile, TrustedKeys, signature_of};
use xray_core::screening::Screener;
use xray_signing::{NewKeys, Password, SecretKey, sign, stamp};

use crate::support;
use crate::support::device::{Device, picture};
use crate::support::program;

struct Board {
    device: Device,
    secret: SecretKey,
}

impl Board {
    /// A device that runs what is installed, with a key and version 2 installed.
    fn new() -> Self {
        let board = Board::without_a_model();
        board.model("first.onnx", 2, true);
        board.install("first.onnx");
        board
    }

    /// The same with nothing installed.
    fn without_a_model() -> Self {
        let device = Device::new();
        let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
        let file = format!("file = '{}'", device.at("model.onnx").display());
        let (models, keys) = (device.at("models"), device.at("keys"));
        let store =
            format!("store = '{}'\nkeys = '{}'\nfrom_stick = 'always'", models.display(), keys.display());
        device.write("config.toml", config.replace(&file, &store).as_bytes());
        let made = NewKeys::make(Password::None, "tests").unwrap();
        device.write("keys/2026.pub", made.public.as_bytes());
        let secret = SecretKey::from_text(Path::new("k"), &made.secret, Password::None).unwrap();
        Board { device, secret }
    }

    /// A signed model. One that is not `sound` is right on the test pattern and fails on a white image.
    fn model(&self, name: &str, version: u64, sound: bool) -> String {
        let bytes = support::model_bytes(|model| {
            if !sound {
                let graph = model.graph.as_mut().unwrap();
                graph.node[4] = support::node("Abs", &["score"], "probability");
                graph.initializer[1] = support::tensor("bias", &[1], &[-0.5]);
            }
        });
        let path = self.device.at(name);
        let file = stamp(PackageFile::from_bytes(&path, bytes), Some(version)).unwrap();
        let text = sign(&file, &self.secret, "test").unwrap();
        self.device.write(name, file.bytes());
        std::fs::write(signature_of(&path), text).unwrap();
        file.sha256().to_owned()
    }

    fn install(&self, name: &str) {
        assert!(self.try_install(name));
    }

    fn try_install(&self, name: &str) -> bool {
        let mut command = program::edge_runtime();
        command.args(["model", "install"]).arg(self.device.at(name));
        command.arg("--store").arg(self.device.at("models")).arg("--keys").arg(self.device.at("keys"));
        command.output().unwrap().status.success()
    }

    /// What the record says of the models, as JSON, oldest first; the chain must hold.
    fn events(&self) -> Vec<String> {
        let reader = RecordReader::open(&self.device.store()).unwrap();
        assert_eq!(reader.verify(VerifyDepth::Chain, None).unwrap().problems, []);
        reader.model_events().unwrap().into_iter().map(|event| event.event).collect()
    }

    /// With another answer to a model on a stick.
    fn set_from_stick(&self, policy: &str) {
        let config = std::fs::read_to_string(self.device.at("config.toml")).unwrap();
        let config = config.replace("from_stick = 'always'", &format!("from_stick = '{policy}'"));
        self.device.write("config.toml", config.as_bytes());
    }

    fn store(&self) -> ModelStore<ModelFolder> {
        let keys = TrustedKeys::read(&self.device.at("keys")).unwrap();
        ModelStore::new(ModelFolder::new(&self.device.at("models")), keys)
    }

    fn command(&self) -> Command {
        let mut command = program::edge_runtime();
        command.arg("run").arg("--config").arg(self.device.at("config.toml"));
        command
    }

    /// Runs until it ends by itself, which must be to be started again; gives what it said.
    fn until_restart(&self) -> String {
        let output = self.command().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        said
    }

    /// Runs until it says these words; gives what it said.
    fn until(&self, words: &str) -> String {
        use std::io::{BufRead, BufReader};
        let mut child = self.command().stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            said += &(line.unwrap() + "\n");
            if said.contains(words) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(said.contains(words), "{said}");
        said
    }

    fn state(&self) -> State {
        State::read(&ModelFolder::new(&self.device.at("models"))).unwrap()
    }

    fn active(&self) -> String {
        self.state().active().unwrap().sha256.clone()
    }
}

#[test]
fn good_screenings_count_for_a_model_on_trial() {
    let board = Board::new();
    let second = board.model("second.onnx", 3, true);
    board.install("second.onnx");
    assert!(board.command().arg("--check").status().unwrap().success());
    assert_eq!(board.state().trial().unwrap().starts, 0, "a check is no start");
    board.device.write("watched/a", &picture(1));
    board.device.write("watched/b", b"no picture");
    board.until("lights: no result");
    assert_eq!(board.active(), second);
    assert_eq!(board.state().trial().unwrap().screenings_left, 19);
}

#[test]
fn a_model_that_fails_on_trial_is_taken_out_of_use_and_the_one_before_screens_the_image() {
    let board = Board::new();
    let first = board.active();
    board.model("second.onnx", 3, false);
    board.install("second.onnx");
    board.device.write("watched/a", &picture(1));
    let said = board.until_restart();
    assert!(said.contains("the model failed: ") && !said.contains("lights: fault"), "{said}");
    assert_eq!(board.active(), first);
    board.until("lights: pneumonia suspected");
    let records = board.device.records();
    let reader = edge_runtime::records::RecordReader::open(&board.device.store()).unwrap();
    let events: Vec<_> = reader.model_events().unwrap().into_iter().map(|e| (e.record, e.event)).collect();
    let said: Vec<_> = events.iter().map(|(_, event)| event.split('"').nth(3).unwrap()).collect();
    assert_eq!(said, ["installed", "confirmed", "installed", "rolled-back"], "{events:?}");
    assert!(events.iter().all(|(record, _)| *record == 0), "before the first record: {events:?}");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].entry.model.to_string(), first);
}

#[test]
fn a_signed_model_on_a_stick_is_installed_and_the_next_start_runs_it() {
    let board = Board::new();
    let second = board.model("media/stick/second.onnx", 3, true);
    board.device.plug(1);
    let said = board.until_restart();
    let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("not {words}: {said}"));
    assert!(at("lights: model found") < at("installed from a stick"), "{said}");
    assert!(at("installed from a stick") < at("lights: model installed"), "{said}");
    assert_eq!(board.active(), second);
    let said = board.until("lights: stick may be pulled");
    assert!(said.contains("in use already") && said.contains(&second), "{said}");
}

#[test]
fn a_board_that_takes_no_model_from_a_stick_leaves_it_there() {
    let board = Board::new();
    board.set_from_stick("never");
    let first = board.active();
    board.model("media/stick/second.onnx", 3, true);
    board.device.write("media/stick/a.pgm", &picture(1));
    board.device.plug(1);
    let said = board.until("lights: pneumonia suspected");
    assert!(said.contains("it stays there") && !said.contains("lights: model"), "{said}");
    assert_eq!(board.active(), first);
}

#[test]
fn a_board_without_a_button_says_how_a_model_gets_onto_it() {
    let board = Board::new();
    board.set_from_stick("press");
    let first = board.active();
    let second = board.model("media/stick/second.onnx", 3, true);
    board.device.plug(1);
    let said = board.until("lights: model refused");
    assert!(said.contains("this board has no button"), "{said}");
    assert_eq!(board.active(), first);
    let refused = board.events().pop().unwrap();
    assert!(refused.contains(&second) && refused.contains("has no button"), "{refused}");
}

#[test]
fn a_model_without_a_version_or_with_that_of_another_is_refused() {
    let board = Board::new();
    let first = board.active();
    let bytes = support::model_bytes_with_known_answer(0.0);
    let path = board.device.at("media/stick/none.onnx");
    let file = PackageFile::from_bytes(&path, bytes);
    board.device.write("media/stick/none.onnx", file.bytes());
    std::fs::write(signature_of(&path), sign(&file, &board.secret, "test").unwrap()).unwrap();
    board.device.plug(1);
    let said = board.until("lights: model refused");
    assert!(said.contains("it has no version"), "{said}");
    std::fs::remove_file(&path).unwrap();
    board.model("media/stick/same.onnx", 2, false);
    let said = board.until("lights: model refused");
    assert!(said.contains("another model of version 2 was on this board"), "{said}");
    assert_eq!(board.active(), first);
}

#[test]
fn the_version_floor_is_found_again_in_the_record() {
    let board = Board::new();
    // Recorded, then the state of the models is lost.
    board.until("lights: ready");
    assert!(board.events().iter().any(|event| event.contains("confirmed")));
    std::fs::remove_file(board.device.at("models/state.json")).unwrap();
    board.model("media/stick/old.onnx", 1, true);
    board.device.plug(1);
    let said = board.until("lights: model refused");
    assert!(said.contains("version 1 is lower than 2"), "{said}");
    board.device.unplug();
    let install = |name: &str, more: &[&str]| {
        let mut command = program::edge_runtime();
        command.args(["model", "install"]).arg(board.device.at(name)).args(more);
        command.arg("--store").arg(board.device.at("models")).arg("--keys").arg(board.device.at("keys"));
        command.arg("--records").arg(board.device.store()).output().unwrap()
    };
    let refused = install("media/stick/old.onnx", &[]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("version 1 is lower than 2"));
    // The very model that was lost may come back.
    let again = install("first.onnx", &["--dry-run"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    board.model("media/stick/other.onnx", 2, false);
    assert_eq!(install("media/stick/other.onnx", &[]).status.code(), Some(4), "another of the same version");
    // By hand it may be meant; the floor stays.
    assert!(install("media/stick/old.onnx", &["--allow-downgrade"]).status.success());
    assert_eq!((board.state().active().unwrap().version, board.state().floor()), (1, 2));
}

#[test]
fn names_on_a_stick_reach_the_log_escaped() {
    let board = Board::new();
    let name = format!("media/stick/{}.onnx", support::HOSTILE_NAME);
    board.model(&name, 3, true);
    std::fs::write(signature_of(&board.device.at(&name)), "no signature").unwrap();
    board.device.plug(1);
    for form in ["text", "json"] {
        let config = std::fs::read_to_string(board.device.at("config.toml")).unwrap();
        let config = config.split("[log]").next().unwrap().to_owned() + &format!("[log]\nform = '{form}'\n");
        board.device.write("config.toml", config.as_bytes());
        let said = board.until("lights: model refused");
        support::assert_obeys_nothing(&said);
        assert!(said.contains("2Jx\\nno sign"), "{said}");
    }
}

#[test]
fn an_older_model_and_several_on_a_stick_are_refused() {
    let board = Board::new();
    let first = board.active();
    let old = board.model("media/stick/old.onnx", 1, true);
    board.device.plug(1);
    let said = board.until("lights: model refused");
    assert!(said.contains("version 1 is lower than 2") && said.contains("lights: model found"), "{said}");
    let new = board.model("media/stick/new.onnx", 3, true);
    let said = board.until("lights: model refused");
    assert!(said.contains("the stick carries 2 signed models"), "{said}");
    assert_eq!(board.active(), first);
    let refused: Vec<_> = board.events().into_iter().filter(|event| event.contains("refused")).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].contains("version 1 is lower than 2"), "{refused:?}");
    for (event, model) in refused[1..].iter().zip([&new, &old]) {
        assert!(event.contains(model.as_str()) && event.contains("carries 2 signed models"), "{refused:?}");
    }
}

#[test]
fn a_board_without_a_model_takes_its_first_from_a_stick() {
    let board = Board::without_a_model();
    board.device.write("watched/a", &picture(1));
    let said = board.until("lights: fault");
    assert!(said.contains("no model is installed on this board"), "{said}");
    // One that nobody trusts.
    let first = board.model("media/stick/first.onnx", 1, true);
    let signature = board.device.at("media/stick/first.onnx.minisig");
    let text = std::fs::read_to_string(&signature).unwrap();
    std::fs::write(&signature, text.replace("timestamp", "timestomp").replace("test", "tost")).unwrap();
    board.device.plug(1);
    let said = board.until("lights: model refused");
    assert!(said.contains("lights: model found") && said.contains("does not hold"), "{said}");
    assert!(board.state().active().is_none());
    // The right signature.
    std::fs::write(&signature, text).unwrap();
    let said = board.until_restart();
    let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("not {words}: {said}"));
    assert!(at("lights: model found") < at("installed from a stick"), "{said}");
    assert!(at("installed from a stick") < at("lights: model installed"), "{said}");
    assert_eq!(board.active(), first);
    assert!(board.state().trial().is_none(), "there is nothing to go back to");
    board.until("lights: pneumonia suspected");
    assert_eq!(board.device.records().len(), 1);
    let events = board.events();
    let said: Vec<_> = events.iter().map(|event| event.split('"').nth(3).unwrap()).collect();
    assert_eq!(said, ["refused", "installed", "confirmed"], "{events:?}");
}

#[test]
fn a_board_without_a_model_goes_on_when_one_is_installed_by_hand() {
    let board = Board::without_a_model();
    board.model("first.onnx", 1, true);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| board.until_restart());
        while !board.device.at("store").exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        board.install("first.onnx");
        let said = waits.join().unwrap();
        assert!(said.contains("lights: fault"), "{said}");
    });
}

/// As a deployment reads it: with the word that it is ready there is a status, and it is a fault.
#[test]
fn a_board_without_a_model_tells_the_service_manager_of_a_fault() {
    let board = Board::without_a_model();
    let socket = board.device.at("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut child = board.command().env("NOTIFY_SOCKET", &socket).spawn().unwrap();
    let next = || {
        let mut buffer = [0; 4096];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    let sent = [next(), next()];
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(sent[0].starts_with("STATUS=fault: no model is installed on this board"), "{sent:?}");
    assert_eq!(sent[1], "READY=1");
}

#[test]
fn without_a_model_and_without_sticks_there_is_nothing_to_wait_for() {
    let board = Board::without_a_model();
    let config = std::fs::read_to_string(board.device.at("config.toml")).unwrap();
    let (config, _) = config.split_once("[stick]").unwrap();
    board.device.write("config.toml", config.as_bytes());
    let output = board.command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no model is installed on this board"));
}

#[test]
fn events_that_were_lost_before_the_daemon_ran_are_counted_in_the_record() {
    let board = Board::new();
    let old = board.model("old.onnx", 1, true);
    for _ in 0..70 {
        board.try_install("old.onnx");
    }
    board.until("lights: ready");
    let events = board.events();
    // Of 72 the last 64 were kept: 0 to 7 are said to be lost.
    assert_eq!(events.len(), 65, "{events:?}");
    assert_eq!(events[0], r#"{"event":"dropped","first":0,"last":7}"#);
    assert!(events[1..].iter().all(|event| event.contains(&old)), "{events:?}");
    let count = events.len();
    board.until("lights: ready");
    assert_eq!(board.events().len(), count, "it is said once");
}

#[test]
fn starts_that_ended_on_an_image_do_not_use_up_those_of_a_model_on_trial() {
    let board = Board::new();
    let second = board.model("second.onnx", 3, true);
    board.install("second.onnx");
    assert_eq!(board.active(), second);
    let image = edge_runtime::records::Hash256::of(b"an image");
    let store = board.device.store();
    std::fs::create_dir_all(&store).unwrap();
    for attempt in [1, 2, 1, 2, 1, 2] {
        // As a program leaves it that ends while it screens.
        std::fs::write(store.join("trying"), format!("{image} {attempt}\n")).unwrap();
        board.until("ready. ");
        assert_eq!(board.active(), second, "{attempt}");
    }
    // Starts that end on no image count. The last one above did, as nothing is said of an image at the next.
    board.until("ready. ");
    board.until("ready. ");
    assert_eq!(board.active(), second);
    let said = board.until("ready. ");
    assert_ne!(board.active(), second, "{said}");
}
