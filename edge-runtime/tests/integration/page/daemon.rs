//! The page of a running daemon.

use super::*;

#[test]
fn the_daemon_serves_it_and_ends_if_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let model = crate::support::model_bytes_with_known_answer(0.0);
    let device = device::Device::with(&model, &format!("[page]\nlisten = '127.0.0.1:{port}'\n"));
    let run = || {
        let mut command = program::edge_runtime();
        command.arg("run").arg("--config").arg(device.at("config.toml"));
        command
    };
    let ended = run().output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("is taken by another program") && said.contains("lights: fault"), "{said}");
    drop(taken);
    device.write("watched/a", &device::picture(2));
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
