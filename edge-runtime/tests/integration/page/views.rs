//! What the pages show, in which language.

use super::*;

#[test]
fn every_page_has_its_type_the_disclaimer_and_the_headers() {
    let served = ServedPage::filled();
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
        ("/live", 200, "text/plain; charset=utf-8"),
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
        let answer = get(&served, path);
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
    assert_eq!(post(&served, "/records", "").status, 405);
    let report = get(&served, "/records/1/report").text();
    assert!(
        report.contains("data:image/jpeg;base64,") && report.contains("data:image/png;base64,"),
        "{report}"
    );
    assert!(report.contains("Reading by the clinician") && !report.contains(" src=\"/"), "nothing beside it");
}

#[test]
fn what_is_shown_is_what_was_recorded() {
    let served = ServedPage::filled();
    let suspected = get(&served, "/records/1").text();
    assert!(suspected.contains("Pneumonia suspected") && !suspected.contains("No sign"), "{suspected}");
    let record = RecordReader::open(&served.store).unwrap().by_sequence(1).unwrap().unwrap();
    let probability = format!("<dd>{:.3}</dd>", record.entry.outcome.probability().unwrap());
    assert!(suspected.contains(&probability), "{probability} in {suspected}");
    assert!(suspected.contains("0.500 (suspected from here on)"), "{suspected}");
    assert!(suspected.contains(&served.contents[0]));
    let clear = get(&served, "/records/2").text();
    assert!(clear.contains("No sign of pneumonia") && !clear.contains("suspected</strong>"));
    let none = get(&served, "/records/3").text();
    assert!(none.contains("NO RESULT") && none.contains("This is not an image that can be read."));
    assert!(!none.contains("No sign") && none.contains("The image cannot be shown."));
    assert!(!none.contains("<img"), "its bytes are not served");
    assert_eq!(get(&served, "/records/3/image.jpg").status, 404);
    let list = get(&served, "/records").text();
    let at = |number: u8| list.find(&format!(">#{number}<")).unwrap_or_else(|| panic!("{number} in {list}"));
    assert!(at(3) < at(2) && at(2) < at(1), "newest first");
}

#[test]
fn pictures_are_encoded_anew() {
    let served = ServedPage::filled();
    let page = get(&served, "/records/1").text();
    assert!(page.contains("type=\"range\"") && page.contains("src=\"/records/1/heat.png\""), "{page}");
    let answer = get(&served, "/records/1/image.jpg");
    assert_eq!(&answer.body[..3], b"\xff\xd8\xff", "a JPEG, whatever the stick held");
    let stored = std::fs::read(served.image(0)).unwrap();
    assert_eq!(&stored[..2], b"P5");
    // A file that was changed in the store is not shown beside a verdict that is not its own.
    std::fs::write(served.image(1), device::picture(7)).unwrap();
    assert_eq!(get(&served, "/records/2/image.jpg").status, 404);
    assert!(get(&served, "/records/2").text().contains("was changed since it was recorded"));
}

#[test]
fn the_reader_gets_a_language() {
    let served = ServedPage::filled();
    let french = get(&served, "/?lang=fr");
    assert!(french.text().contains("<html lang=\"fr\">") && french.text().contains("pas un diagnostic"));
    assert_eq!(
        french.header("set-cookie"),
        Some("lang=fr; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict")
    );
    let with = |header: &str| {
        local(
            served.address,
            &format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n"),
        )
    };
    assert!(with("Accept-Language: sw-KE,en;q=0.5").text().contains("si utambuzi"));
    assert!(with("Cookie: a=b; lang=zh\r\nAccept-Language: sw").text().contains("不是诊断"));
    assert!(with("Cookie: lang=xx").text().contains(DISCLAIMER));
    assert_eq!(get(&served, "/?lang=xx%0d%0aSet-Cookie:x").header("set-cookie"), None);
}

#[test]
fn what_the_lights_mean_is_told_as_this_board_shows_it() {
    let served = ServedPage::filled();
    let (red, buzzer) = (Rhythm::Blink { on: 200, off: 1500 }, Rhythm::Times { count: 3, on: 50 });
    let own = [(Signal::Suspected, Pattern { red, buzzer, ..Pattern::default() })];
    let patterns = Patterns::with(&own.into()).unwrap();
    let options = PageOptions { listen: "127.0.0.1:0".parse().unwrap(), ..PageOptions::default() };
    let address = web::start(&options, DeviceContext { patterns, ..served.device() }).unwrap();
    let asked = "GET /about HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (board, standard) = (local(address, asked).text(), get(&served, "/about").text());
    let (own, sentence) =
        ("Red: 0.2 s on, 1.5 s off; Beep: 3 × 0.05 s", "Red blinks slowly; three short beeps.");
    assert_eq!((board.contains(own), board.contains(sentence)), (true, false), "{board}");
    assert_eq!((standard.contains(own), standard.contains(sentence)), (false, true), "{standard}");
    assert!(board.contains("Red and yellow blink fast; four long beeps."), "{board}");
}
