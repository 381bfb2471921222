//! Finding records, marking them, and their metrics.

use super::*;

#[test]
fn records_are_found_by_study_day_and_origin() {
    let served = ServedPage::filled();
    let found = |question: &str| {
        let text = get(&served, &format!("/records?{question}")).text();
        (1..=3).filter(|n| text.contains(&format!(">#{n}<"))).collect::<Vec<_>>()
    };
    assert_eq!(found("study=2"), [2]);
    assert_eq!(found(&format!("study={}", &served.contents[0][..9])), [1]);
    assert_eq!(found("from=stick"), [2]);
    assert_eq!(found("from=nowhere"), [1, 2, 3]);
    assert_eq!(found("day=2026-11-23"), [1, 2, 3]);
    assert!(found("day=2026-11-22").is_empty());
    assert_eq!(found("before=2"), [1]);
    let unclear = get(&served, "/records?study=%27+OR+1%3D1--").text();
    assert!(unclear.contains("Not a record number") && unclear.contains("value=\"' OR 1=1--\""), "{unclear}");
    let script = get(&served, "/records?study=%3Cscript%3Ealert(1)%3C/script%3E").text();
    assert!(script.contains("&lt;script&gt;") && !script.contains("<script>alert"), "{script}");
    let csv = get(&served, "/records.csv?day=2026-11-23");
    assert_eq!(csv.text().lines().count(), 4);
    assert!(csv.header("content-disposition").unwrap().contains("xray-edge-2026-11-23.csv"));
}

#[test]
fn a_store_that_cannot_be_read_is_said() {
    let served = ServedPage::filled();
    std::fs::write(
        served.store.join("records.sqlite"),
        b"not a database, for many bytes more than a header has",
    )
    .unwrap();
    for path in ["/records", "/records/1", "/records/1/report", "/records.csv?day=2026-11-23"] {
        let answer = get(&served, path);
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.text().contains("The records cannot be read"), "{path}");
    }
    let home = get(&served, "/");
    assert!(home.status == 200 && home.text().contains("The records cannot be read"));
    assert!(!home.text().contains("Nothing was recorded yet"));
}

#[test]
fn a_record_is_marked_as_reported_only_when_asked_from_our_own_page() {
    let served = ServedPage::filled();
    let reported = || RecordReader::open(&served.store).unwrap().is_reported(2).unwrap();
    assert_eq!(get(&served, "/records/2/report").status, 200);
    assert_eq!(get(&served, "/records/2/reported").status, 405);
    assert_eq!(post(&served, "/records/2/reported", "Origin: http://evil.example\r\n").status, 403);
    assert_eq!(post(&served, "/records/2/reported", "Sec-Fetch-Site: cross-site\r\n").status, 403);
    assert!(!reported());
    assert_eq!(post(&served, "/records/9/reported", "").status, 404);
    let marked =
        post(&served, "/records/2/reported", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!((marked.status, marked.header("location")), (303, Some("/records/2")));
    assert!(reported());
    assert!(!RecordReader::open(&served.store).unwrap().is_reported(1).unwrap(), "no other");
    assert!(get(&served, "/records/2").text().contains("Marked as reported"));
}

#[test]
fn metrics_count_what_was_done() {
    let served = ServedPage::filled();
    served.counters.recorded(Signal::NoSign, Duration::from_millis(120));
    let text = get(&served, "/metrics").text();
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
