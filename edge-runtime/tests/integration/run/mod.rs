//! The daemon as a technician meets it: what it takes in, what it shows, what it leaves behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

#[path = "../../xray-core/tests/support/mod.rs"]
mod support;

mod device;
mod program;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use device::{Device, picture};

/// An emulated processor is slow, and so is a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Running {
    fn start(device: &Device) -> Self {
        Running::of(command(device, "run"))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Running { child, lines, said: Vec::new() }
    }

    /// Waits for a line that holds these words.
    fn until(&mut self, words: &str) -> &str {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(_) => panic!("no {words:?} in\n{}", self.said.join("\n")),
            }
            if self.said.last().is_some_and(|line| line.contains(words)) {
                return self.said.last().unwrap();
            }
        }
    }

    fn signals(&self) -> Vec<&str> {
        let signals = self.said.iter().filter_map(|line| line.strip_prefix("lights: "));
        signals.map(|line| line.split(':').next().unwrap()).collect()
    }

    /// Ends it as the service manager does.
    fn end(mut self) -> Vec<String> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(self.child.wait().unwrap().signal(), Some(15));
        self.said.extend(self.lines.iter());
        self.said
    }
}

fn command(device: &Device, what: &str) -> Command {
    let mut command = program::edge_runtime();
    command.arg(what).arg("--config").arg(device.at("config.toml"));
    command
}

fn records(device: &Device, arguments: &str) -> Output {
    let mut command = program::edge_runtime();
    command.arg("records").args(arguments.split(' ')).arg("--store").arg(device.store()).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_watched_folder_is_screened_and_its_file_names_are_nowhere() {
    let device = Device::new();
    let mut running = Running::start(&device);
    running.until("lights: ready");
    device.write("watched/Amina Yusuf 2019.pgm", &picture(1));
    running.until("lights: pneumonia suspected");
    device.write("watched/Amina Yusuf.txt", b"Dear colleague");
    running.until("lights: no result");
    device.write("watched/copy of Amina Yusuf.pgm", &picture(1));
    running.until("lights: pneumonia suspected");
    let said = running.end();
    assert!(said.iter().all(|line| !line.contains("Amina")), "{said:?}");
    let all = device.records();
    let outcomes: Vec<_> = all.iter().map(|record| record.entry.outcome.code()).collect();
    assert_eq!(outcomes, ["pneumonia-suspected", "no-result"]);
    let probability = all[0].entry.outcome.probability().unwrap();
    // Means of 4080 pixels of 231 on average and 16 that spell the number 1: sigmoid(6·mean − 3).
    let mean = (4080.0 * f64::from(support::BRIGHT) + 15.0 * 5.0 + 250.0) / 4096.0 / 255.0;
    assert!((probability - 1.0 / (1.0 + f64::exp(3.0 - 6.0 * mean))).abs() < 1e-4, "{probability}");
    let database = std::fs::read(device.store().join("records.sqlite")).unwrap();
    assert!(!database.windows(5).any(|bytes| bytes == b"Amina"));
}

#[test]
fn a_stick_is_read_and_may_then_be_pulled() {
    let device = Device::new();
    for (name, at) in [("a", 2), ("b/c/d.txt", 1), ("z", 4)] {
        device.write(&format!("media/stick/{name}"), &picture(at));
    }
    device.write("media/stick/letter.txt", b"Dear colleague");
    let mut running = Running::start(&device);
    running.until("lights: ready");
    device.plug(1);
    running.until("read to its end");
    // Three results, the most urgent of which stands at the end.
    running.until("lights: pneumonia suspected");
    assert_eq!(device.records().len(), 3);
    let signals = running.signals().join(" ");
    assert!(!signals.contains("may be pulled"), "{signals}");
    running.end();
}

#[test]
fn a_hundred_replugs_of_one_stick_are_one_record_a_content() {
    let device = Device::with(&device::model_bytes(0.0), "");
    for at in 0..5 {
        device.write(&format!("media/stick/{at}"), &picture(at));
    }
    let mut running = Running::start(&device);
    running.until("lights: ready");
    for time in 0..100 {
        device.plug(time);
        running.until("read to its end");
        device.unplug();
        // The next one is not taken for this one: wait for a look at the empty table.
        std::thread::sleep(Duration::from_millis(60));
    }
    running.end();
    assert_eq!(device.records().len(), 5);
}

#[test]
fn a_model_that_gives_a_wrong_answer_does_not_screen() {
    let device = Device::with(&device::model_bytes(0.2), "");
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
    let device = Device::with(&device::model_bytes(0.0), "[camera]\n");
    let output = command(&device, "run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("config.toml: not a configuration: ") && said.contains("camera"), "{said}");
}

#[test]
fn a_board_whose_patterns_break_a_rule_is_found_by_the_check() {
    let device = Device::new();
    let board = include_str!("../boards/sim.toml").to_owned() + "\n[patterns.fault]\ngreen = 'on'\n";
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

#[test]
fn records_are_listed_shown_exported_and_verified() {
    let device = Device::new();
    device.write("watched/a", &picture(2));
    let mut running = Running::start(&device);
    running.until("lights: no sign");
    device.write("watched/b", b"text");
    running.until("lights: no result");
    // While the daemon runs, too.
    let listed = text(&records(&device, "list"));
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(lines[0].contains("no sign of pneumonia") && lines[0].contains("folder"), "{listed}");
    assert!(lines[1].contains("NO RESULT") && lines[1].ends_with("unknown-format"), "{listed}");
    running.end();

    let shown = text(&records(&device, "show 1"));
    assert!(shown.contains("not a diagnosis") && shown.contains("no sign of pneumonia"), "{shown}");
    let content = xray_core::sha256_hex(&picture(2));
    assert_eq!(text(&records(&device, &format!("show {content}"))), shown);
    assert!(shown.contains(&format!("images/{}/{content}", &content[..2])), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&text(&records(&device, "show 2 --json"))).unwrap();
    assert_eq!((&json["outcome"], &json["probability"]), (&"no-result".into(), &serde_json::Value::Null));

    let csv = text(&records(&device, "export --csv"));
    let header =
        "sequence,recorded,recorded_ms,time_trusted,outcome,probability,threshold,reasons,origin,content,";
    assert!(csv.starts_with(header), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(text(&records(&device, "export --json")).lines().count(), 2);
    assert_eq!(text(&records(&device, "export --json --day 1999-12-31")), "");
    assert_eq!(records(&device, "export").status.code(), Some(2));
    assert_eq!(records(&device, "list --day yesterday").status.code(), Some(2));

    assert_eq!(
        text(&records(&device, "mark-reported --up-to 1 --dry-run")),
        "1 records would be marked as reported\n"
    );
    assert_eq!(text(&records(&device, "mark-reported --up-to 1")), "1 records marked as reported\n");
    assert_eq!(text(&records(&device, "mark-reported --up-to 2")), "1 records marked as reported\n");

    let verified = text(&records(&device, "verify"));
    assert!(verified.starts_with("2 records and 2 images looked at\nnewest record 2:"), "{verified}");
    let newest = verified.trim().rsplit(' ').next().unwrap().to_owned();
    text(&records(&device, &format!("verify --holds {newest}")));
    let other = newest.replace("2:", "1:");
    assert_eq!(records(&device, &format!("verify --holds {other}")).status.code(), Some(1));
    std::fs::write(device.store().join("images").join(&content[..2]).join(&content), b"x").unwrap();
    let found = records(&device, "verify");
    assert_eq!(found.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&found.stdout).contains("record 1: its image was changed"));
    text(&records(&device, "verify --chain-only"));
}

#[test]
fn what_was_refused_without_a_record_is_listed() {
    let device = Device::new();
    device.write("media/stick/letter.txt", b"Dear colleague");
    device.plug(1);
    let mut running = Running::start(&device);
    running.until("lights: no result");
    // While the daemon runs, too.
    let listed = text(&records(&device, "refusals"));
    let words = "after record 0: stick: no-images: no image was found on the stick; 1 files are none\n";
    assert!(listed.starts_with("     1  2") && listed.ends_with(words), "{listed}");
    running.end();
    assert_eq!(text(&records(&device, "list")), "");
    let csv = text(&records(&device, "refusals --csv"));
    let (header, row) = csv.split_once('\n').unwrap();
    assert_eq!(header, "sequence,recorded,time_trusted,after_record,origin,code,reason");
    assert!(row.starts_with("1,2") && row.contains(",true,0,stick,no-images,no image was found"), "{row}");
    let json: serde_json::Value = serde_json::from_str(&text(&records(&device, "refusals --json"))).unwrap();
    assert_eq!((&json["code"], &json["after_record"]), (&"no-images".into(), &0.into()));
    assert_eq!(text(&records(&device, "refusals --csv --day 1999-12-31")), format!("{header}\n"));
    assert_eq!(records(&device, "refusals --csv --json").status.code(), Some(2));
}

#[test]
fn a_store_that_is_not_there_is_said() {
    let device = Device::new();
    let output = records(&device, "list");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no store is there"));
}

/// Needs the right to mount; says loudly where it is missing.
#[test]
fn a_full_disk_is_a_fault_and_nothing_is_lost() {
    let device = Device::new();
    let store = device.store();
    std::fs::create_dir(&store).unwrap();
    let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(&store).output();
    if !mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: a small disk cannot be mounted without root: a_full_disk_is_a_fault_and_nothing_is_lost"
        );
        return;
    }
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    device.write("config.toml", config.replace("reserve_mb = 0", "reserve_mb = 1").as_bytes());
    // A hundred pictures of 40 KB do not fit.
    for at in 0..100 {
        let mut large = picture(at);
        large.resize(40_000, 0);
        device.write(&format!("watched/{at:03}"), &large);
    }
    let mut running = Running::start(&device);
    running.until("the disk is full");
    running.until("lights: fault");
    let before = device.records().len();
    assert!((1..99).contains(&before), "{before}");
    // More room: everything goes on where it was.
    assert!(mount(&["-o", "remount,size=64m"]).unwrap().status.success());
    let end = Instant::now() + PATIENCE;
    while device.records().len() < 100 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = device.records();
    running.end();
    drop(Command::new("umount").arg("--lazy").arg(&store).output());
    assert_eq!(after.len(), 100);
}

#[test]
fn the_service_manager_is_told() {
    let device = Device::new();
    let socket = device.at("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut child = command(&device, "run")
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "400000")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    while told.len() < 4 {
        let mut buffer = [0; 512];
        let length = manager.recv(&mut buffer).unwrap();
        told.push(String::from_utf8_lossy(&buffer[..length]).trim().to_owned());
    }
    assert_eq!(told[0], "READY=1");
    assert!(told[1..].iter().any(|line| line == "WATCHDOG=1"), "{told:?}");
    child.kill().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    assert!(said.contains("raise WatchdogSec"), "a minute for an image, and a patience of 0.4 s: {said}");
}

#[test]
fn a_patience_that_is_shorter_than_a_turn_or_a_fault_is_said() {
    // A turn may take two deadlines of a minute, and some more.
    for (fault, patience) in [("fault_s = 0", "100000000"), ("fault_s = 200", "150000000")] {
        let device = Device::new();
        let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
        device.write("config.toml", config.replace("fault_s = 0", fault).as_bytes());
        let mut run = command(&device, "run");
        run.env("WATCHDOG_USEC", patience);
        let mut running = Running::of(run);
        running.until("raise WatchdogSec");
        running.until("lights: ready");
        running.end();
    }
}
