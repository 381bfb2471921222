//! The page of a running daemon.

use super::*;

#[test]
fn the_daemon_serves_it_and_screens_without_it_if_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let model = crate::support::model_bytes_with_known_answer(0.0);
    let device = device::Device::with(&model, &format!("[page]\nlisten = '127.0.0.1:{port}'\n"));
    let run = || {
        let mut command = program::edge_runtime();
        command.arg("run").arg("--config").arg(device.at("config.toml"));
        command
    };
    let socket = device.at("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let stderr = std::process::Stdio::piped();
    let mut child = run().env("NOTIFY_SOCKET", &socket).stderr(stderr).spawn().unwrap();
    let stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = std::io::BufRead::lines(stderr).map_while(Result::ok);
    let taken_by = lines.find(|line| line.contains("is taken by another program"));
    let fault = lines.find(|line| line.contains("lights: fault"));
    device.write("watched/a", &device::picture(2));
    let screened = lines.find(|line| line.contains("lights: no sign"));
    let mut buffer = [0; 4096];
    let sent =
        manager.recv(&mut buffer).map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(taken_by.is_some_and(|line| line.contains("screening goes on")));
    assert!(fault.is_some() && screened.is_some());
    let sent = sent.unwrap();
    assert!(sent.starts_with("STATUS=fault: page: ") && sent.contains("is taken by"), "{sent}");
    drop(taken);
    let mut child =
        run().stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let address = ([127, 0, 0, 1], port).into();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let seen = http::until(Duration::from_secs(120), || {
        http::reach(address, request).filter(|answer| answer.text().contains("No sign of pneumonia"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.is_some());
}

#[test]
fn a_fault_stays_on_the_page_of_a_device_without_lights() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let more = format!("[page]\nlisten = '{address}'\n");
    let device = device::Device::with(&crate::support::model_bytes_with_known_answer(0.2), &more);
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    let config = config.replace("board = 'sim'\n", "").replace("fault_s = 0", "fault_s = 3600");
    device.write("config.toml", config.as_bytes());
    let mut command = program::edge_runtime();
    let stderr = std::process::Stdio::piped();
    let mut child =
        command.arg("run").arg("--config").arg(device.at("config.toml")).stderr(stderr).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let said = lines.map_while(Result::ok).find(|line| line.contains("is off by 0.2000"));
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let seen = http::until(Duration::from_secs(5), || {
        http::reach(address, request).filter(|answer| answer.text().contains("is off by 0.2000"))
    });
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.is_some() && seen.is_some_and(|answer| answer.text().contains("FAULT")));
    assert_eq!(ended, None);
}
