//! The page over a real socket: what people see, and what others must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

#[path = "../device/mod.rs"]
mod device;
#[path = "../http/mod.rs"]
mod http;
#[path = "../program/mod.rs"]
mod program;
#[path = "../shelf/mod.rs"]
mod shelf;
mod status;
#[path = "../../../xray-core/tests/support/mod.rs"]
mod support;

use std::time::Duration;

use edge_runtime::records::RecordReader;
use edge_runtime::status::Signal;
use edge_runtime::ui::lights::{Pattern, Patterns, Rhythm};
use edge_runtime::ui::web::{self, DeviceContext, PageError, PageOptions};

use http::{Answer, local};
use shelf::Shelf;

const DISCLAIMER: &str = "A screening aid, not a diagnosis: a clinician decides.";

fn get(shelf: &Shelf, path: &str) -> Answer {
    local(shelf.address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

fn post(shelf: &Shelf, path: &str, more: &str) -> Answer {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}");
    local(shelf.address, &format!("{head}Content-Length: 0\r\n\r\n"))
}

#[test]
fn every_page_has_its_type_the_disclaimer_and_the_headers() {
    let shelf = Shelf::filled();
    let html = "text/html; charset=utf-8";
    for (path, status, kind) in [
        ("/", 200, html),
        ("/records", 200, html),
        ("/records?study=1&day=&from=", 200, html),
        ("/records?study=zz", 200, html),
        ("/records?day=2026-02-31", 200, html),
        ("/records/1", 200, html),
        ("/records/3", 200, html),
        ("/records/1/report", 200, html),
        ("/about", 200, html),
        ("/records/99", 404, html),
        ("/nothing", 404, html),
        ("/login", 404, html),
        ("/records.csv?day=x", 400, html),
        ("/status", 200, "text/plain; charset=utf-8"),
        ("/records/1/image.jpg", 200, "image/jpeg"),
        ("/records/1/heat.png", 200, "image/png"),
        ("/records/3/heat.png", 404, html),
        ("/records/1/image.dcm", 200, "application/dicom"),
        ("/records/1/report.dcm", 200, "application/dicom"),
        ("/records/3/image.dcm", 400, html),
        ("/records.csv?day=2026-11-23", 200, "text/csv; charset=utf-8"),
        ("/healthz", 200, "application/json"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/records/abc", 400, "text/plain; charset=utf-8"),
    ] {
        let answer = get(&shelf, path);
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(kind)), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        if kind == html {
            assert!(answer.text().contains(DISCLAIMER), "{path}");
            assert!(!answer.text().contains("http://") && !answer.text().contains("https://"), "{path}");
        }
    }
    assert_eq!(post(&shelf, "/records", "").status, 405);
    let report = get(&shelf, "/records/1/report").text();
    assert!(
        report.contains("data:image/jpeg;base64,") && report.contains("data:image/png;base64,"),
        "{report}"
    );
    assert!(report.contains("Reading by the clinician") && !report.contains(" src=\"/"), "nothing beside it");
}

#[test]
fn what_is_shown_is_what_was_recorded() {
    let shelf = Shelf::filled();
    let suspected = get(&shelf, "/records/1").text();
    assert!(suspected.contains("Pneumonia suspected") && !suspected.contains("No sign"), "{suspected}");
    let record = RecordReader::open(&shelf.store).unwrap().by_sequence(1).unwrap().unwrap();
    let probability = format!("<dd>{:.3}</dd>", record.entry.outcome.probability().unwrap());
    assert!(suspected.contains(&probability), "{probability} in {suspected}");
    assert!(suspected.contains("0.500 (suspected from here on)"), "{suspected}");
    assert!(suspected.contains(&shelf.contents[0]));
    let clear = get(&shelf, "/records/2").text();
    assert!(clear.contains("No sign of pneumonia") && !clear.contains("suspected</strong>"));
    let none = get(&shelf, "/records/3").text();
    assert!(none.contains("NO RESULT") && none.contains("This is not an image that can be read."));
    assert!(!none.contains("No sign") && none.contains("The image cannot be shown."));
    assert!(!none.contains("<img"), "its bytes are not served");
    assert_eq!(get(&shelf, "/records/3/image.jpg").status, 404);
    let list = get(&shelf, "/records").text();
    let at = |number: u8| list.find(&format!(">#{number}<")).unwrap_or_else(|| panic!("{number} in {list}"));
    assert!(at(3) < at(2) && at(2) < at(1), "newest first");
}

#[test]
fn pictures_are_encoded_anew() {
    let shelf = Shelf::filled();
    let page = get(&shelf, "/records/1").text();
    assert!(page.contains("type=\"range\"") && page.contains("src=\"/records/1/heat.png\""), "{page}");
    let answer = get(&shelf, "/records/1/image.jpg");
    assert_eq!(&answer.body[..3], b"\xff\xd8\xff", "a JPEG, whatever the stick held");
    let stored = std::fs::read(shelf.image(0)).unwrap();
    assert_eq!(&stored[..2], b"P5");
    // A file that was changed in the store is not shown beside a verdict that is not its own.
    std::fs::write(shelf.image(1), device::picture(7)).unwrap();
    assert_eq!(get(&shelf, "/records/2/image.jpg").status, 404);
    assert!(get(&shelf, "/records/2").text().contains("was changed since it was recorded"));
}

#[test]
fn records_are_found_by_study_day_and_origin() {
    let shelf = Shelf::filled();
    let found = |question: &str| {
        let text = get(&shelf, &format!("/records?{question}")).text();
        (1..=3).filter(|n| text.contains(&format!(">#{n}<"))).collect::<Vec<_>>()
    };
    assert_eq!(found("study=2"), [2]);
    assert_eq!(found(&format!("study={}", &shelf.contents[0][..9])), [1]);
    assert_eq!(found("from=stick"), [2]);
    assert_eq!(found("from=nowhere"), [1, 2, 3]);
    assert_eq!(found("day=2026-11-23"), [1, 2, 3]);
    assert!(found("day=2026-11-22").is_empty());
    assert_eq!(found("before=2"), [1]);
    let unclear = get(&shelf, "/records?study=%27+OR+1%3D1--").text();
    assert!(unclear.contains("Not a record number") && unclear.contains("value=\"' OR 1=1--\""), "{unclear}");
    let script = get(&shelf, "/records?study=%3Cscript%3Ealert(1)%3C/script%3E").text();
    assert!(script.contains("&lt;script&gt;") && !script.contains("<script>alert"), "{script}");
    let csv = get(&shelf, "/records.csv?day=2026-11-23");
    assert_eq!(csv.text().lines().count(), 4);
    assert!(csv.header("content-disposition").unwrap().contains("xray-edge-2026-11-23.csv"));
}

#[test]
fn a_store_that_cannot_be_read_is_said() {
    let shelf = Shelf::filled();
    std::fs::write(
        shelf.store.join("records.sqlite"),
        b"not a database, for many bytes more than a header has",
    )
    .unwrap();
    for path in ["/records", "/records/1", "/records/1/report", "/records.csv?day=2026-11-23"] {
        let answer = get(&shelf, path);
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.text().contains("The records cannot be read"), "{path}");
    }
    let home = get(&shelf, "/");
    assert!(home.status == 200 && home.text().contains("The records cannot be read"));
    assert!(!home.text().contains("Nothing was recorded yet"));
}

#[test]
fn the_reader_gets_a_language() {
    let shelf = Shelf::filled();
    let french = get(&shelf, "/?lang=fr");
    assert!(french.text().contains("<html lang=\"fr\">") && french.text().contains("pas un diagnostic"));
    assert_eq!(
        french.header("set-cookie"),
        Some("lang=fr; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict")
    );
    let with = |header: &str| {
        local(
            shelf.address,
            &format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n"),
        )
    };
    assert!(with("Accept-Language: sw-KE,en;q=0.5").text().contains("si utambuzi"));
    assert!(with("Cookie: a=b; lang=zh\r\nAccept-Language: sw").text().contains("不是诊断"));
    assert!(with("Cookie: lang=xx").text().contains(DISCLAIMER));
    assert_eq!(get(&shelf, "/?lang=xx%0d%0aSet-Cookie:x").header("set-cookie"), None);
}

#[test]
fn hostile_requests_get_nothing() {
    let shelf = Shelf::filled();
    for path in [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/records/..%2f..%2frecords.sqlite",
        "/records/1/../../images",
        "/records/-1",
        "/records/99999999999999999999999",
        "/records/1%00/image.jpg",
        "/records/1/image.jpg/x",
        "//records",
        "/records?before=-1",
        "/records?before=x",
        "/records.csv",
        "/records/18446744073709551615",
    ] {
        let answer = get(&shelf, path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text().contains("root:"));
    }
    let raw = |request: &str| local(shelf.address, request).status;
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.168.0.1", ""] {
        assert_eq!(
            raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")),
            421,
            "{host}"
        );
    }
    assert_eq!(raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), 421);
    assert_eq!(raw("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 421);
    let long = "x".repeat(40_000);
    assert_eq!(raw(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n")), 431);
    let many = "X: y\r\n".repeat(100);
    assert_eq!(raw(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")), 431);
    assert!(matches!(raw(&format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n")), 414 | 431));
    assert_eq!(raw("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), 400);
    assert_eq!(get(&shelf, "/healthz").status, 200, "and it still answers");
}

#[test]
fn a_record_is_marked_as_reported_only_when_asked_from_our_own_page() {
    let shelf = Shelf::filled();
    let reported = || RecordReader::open(&shelf.store).unwrap().is_reported(2).unwrap();
    assert_eq!(get(&shelf, "/records/2/report").status, 200);
    assert_eq!(get(&shelf, "/records/2/reported").status, 405);
    assert_eq!(post(&shelf, "/records/2/reported", "Origin: http://evil.example\r\n").status, 403);
    assert_eq!(post(&shelf, "/records/2/reported", "Sec-Fetch-Site: cross-site\r\n").status, 403);
    assert!(!reported());
    assert_eq!(post(&shelf, "/records/9/reported", "").status, 404);
    let marked =
        post(&shelf, "/records/2/reported", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!((marked.status, marked.header("location")), (303, Some("/records/2")));
    assert!(reported());
    assert!(!RecordReader::open(&shelf.store).unwrap().is_reported(1).unwrap(), "no other");
    assert!(get(&shelf, "/records/2").text().contains("Marked as reported"));
}

#[test]
fn metrics_count_what_was_done() {
    let shelf = Shelf::filled();
    shelf.counters.recorded(Signal::NoSign, Duration::from_millis(120));
    let text = get(&shelf, "/metrics").text();
    for line in [
        "xray_edge_records_total{verdict=\"no-sign\"} 1",
        "xray_edge_records_total{verdict=\"no-result\"} 0",
        "xray_edge_screening_seconds_bucket{le=\"0.1\"} 0",
        "xray_edge_screening_seconds_bucket{le=\"0.2\"} 1",
        "xray_edge_screening_seconds_count 1",
        "xray_edge_store_unreported_records 3",
        "xray_edge_healthy 1",
        "# TYPE xray_edge_screening_seconds histogram",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
    }
    assert!(text.contains("xray_edge_model_info{sha256="));
}

#[test]
fn what_the_lights_mean_is_told_as_this_board_shows_it() {
    let shelf = Shelf::filled();
    let (red, buzzer) = (Rhythm::Blink { on: 200, off: 1500 }, Rhythm::Times { count: 3, on: 50 });
    let own = [(Signal::Suspected, Pattern { red, buzzer, ..Pattern::default() })];
    let patterns = Patterns::with(&own.into()).unwrap();
    let options = PageOptions { listen: "127.0.0.1:0".parse().unwrap(), ..PageOptions::default() };
    let address = page::start(&options, DeviceContext { patterns, ..shelf.device() }).unwrap();
    let asked = "GET /about HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (board, standard) = (local(address, asked).text(), get(&shelf, "/about").text());
    let (own, sentence) =
        ("Red: 0.2 s on, 1.5 s off; Beep: 3 × 0.05 s", "Red blinks slowly; three short beeps.");
    assert_eq!((board.contains(own), board.contains(sentence)), (true, false), "{board}");
    assert_eq!((standard.contains(own), standard.contains(sentence)), (false, true), "{standard}");
    assert!(board.contains("Red and yellow blink fast; four long beeps."), "{board}");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let shelf = Shelf::filled();
    let options = PageOptions { listen: shelf.address, ..PageOptions::default() };
    let error = page::start(&options, shelf.device()).unwrap_err();
    assert_eq!(error, PageError::Taken { listen: shelf.address });
    let foreign = PageOptions { listen: "0.0.0.0:0".parse().unwrap(), ..PageOptions::default() };
    let error = page::start(&foreign, shelf.device()).unwrap_err();
    assert!(error.to_string().contains("name a `token_file`"), "{error}");
}

#[test]
fn the_daemon_serves_it_and_ends_if_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let model = device::model_bytes(0.0);
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
    let device = device::Device::with(&device::model_bytes(0.2), &more);
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
