//! What the service manager is notified of.

use super::*;

#[test]
fn the_service_manager_is_sent() {
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
    let mut sent = Vec::new();
    while sent.len() < 4 {
        let mut buffer = [0; 512];
        let length = manager.recv(&mut buffer).unwrap();
        sent.push(String::from_utf8_lossy(&buffer[..length]).trim().to_owned());
    }
    assert_eq!(sent[0], "READY=1");
    assert!(sent[1..].iter().any(|line| line == "WATCHDOG=1"), "{sent:?}");
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
