//! Requests and ports that are refused.

use super::*;

#[test]
fn hostile_requests_get_nothing() {
    let served = ServedPage::filled();
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
        let answer = get(&served, path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text().contains("root:"));
    }
    let raw = |request: &str| local(served.address, request).status;
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
    assert_eq!(get(&served, "/healthz").status, 200, "and it still answers");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let served = ServedPage::filled();
    let options = PageOptions { listen: served.address, ..PageOptions::default() };
    let error = web::start(&options, served.device()).unwrap_err();
    assert_eq!(error, PageError::Taken { listen: served.address });
    let foreign = PageOptions { listen: "0.0.0.0:0".parse().unwrap(), ..PageOptions::default() };
    let error = web::start(&foreign, served.device()).unwrap_err();
    assert!(error.to_string().contains("name a `token_file`"), "{error}");
}

#[test]
fn one_client_cannot_take_all_connections() {
    let served = ServedPage::filled();
    // Twelve are what two browsers open.
    let held: Vec<_> = (0..12).map(|_| std::net::TcpStream::connect(served.address).unwrap()).collect();
    let request = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let refused =
        http::until(Duration::from_secs(5), || http::reach(served.address, request).is_none().then_some(()));
    assert!(refused.is_some());
    drop(held);
    let answered = http::until(Duration::from_secs(5), || http::reach(served.address, request));
    assert!(answered.is_some_and(|answer| answer.status == 200));
}
