//! A patient's name in a picture, or in the name of its file, is found in nothing that the daemon writes or shows.

use super::*;
use crate::support::canary::{assert_names_nobody, pictures};
use crate::support::http;

#[test]
fn neither_log_nor_record_nor_page_names_the_patient() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let model = support::model_bytes_with_known_answer(0.0);
    let device = Device::with(&model, &format!("[page]\nlisten = '{address}'\n[log]\nform = 'json'\n"));
    let pictures = pictures();
    for (name, bytes) in &pictures {
        device.write(&format!("watched/Canarysky Zoe KN7731904 {name}"), bytes);
    }
    let mut running = Running::start(&device);
    let count = pictures.len();
    running.until(&format!("\"record\":{count},"));
    let get = |path: &str| {
        http::local(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    };
    let pages = ["/", "/records", "/about", "/healthz", "/metrics"].map(str::to_owned);
    let of_records =
        (1..=count).flat_map(|number| ["", "/report"].map(|what| format!("/records/{number}{what}")));
    for path in pages.into_iter().chain(of_records) {
        let answer = get(&path);
        assert_eq!(answer.status, 200, "{path}");
        assert_names_nobody(&path, &answer.body);
    }
    for number in 1..=count {
        let path = format!("/records/{number}/image.jpg");
        assert_names_nobody(&path, &get(&path).body);
    }
    for asked in ["list", "list --json", "export --csv", "export --json", "refusals", "events", "verify"] {
        let output = records(&device, asked);
        assert!(output.status.success(), "{asked}");
        assert_names_nobody(asked, &[output.stdout, output.stderr].concat());
    }
    let said = running.end();
    assert_names_nobody("the log", said.join("\n").as_bytes());
    assert!(said.iter().any(|line| line.contains("\"outcome\":\"no-sign\"") || line.contains("suspected")));
    for entry in std::fs::read_dir(device.store()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert_names_nobody(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    }
}
