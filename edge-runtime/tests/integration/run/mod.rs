//! The daemon as a process: what it reads, what it shows, what it leaves behind.

mod canary;
mod checks;
mod disk_full;
mod inputs;
mod records;
mod service_manager;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::device::{Device, picture};
use crate::support::{self, program};

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
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
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
