//! The status page: the picture beside a signal belongs to the signal.

use edge_runtime::inputs::MediaState;
use edge_runtime::records::{AgeDeletion, Timestamp};
use edge_runtime::status::{DisplayedSignal, Signal, Subject};

use super::get;
use crate::support::page::ServedPage;

#[test]
fn beside_the_most_urgent_of_several_stands_its_own_picture() {
    let served = ServedPage::filled();
    served.status.show(Signal::Suspected);
    let before = get(&served, "/live").text();
    served.status.display(DisplayedSignal { several: true, ..DisplayedSignal::record(Signal::Suspected, 1) });
    assert_ne!(get(&served, "/live").text(), before, "the page is loaded again");
    let page = get(&served, "/").text();
    assert!(
        page.contains("Several images were read.") && page.contains("<h2 class=\"gap\">Record 1</h2>"),
        "{page}"
    );
    assert!(page.contains("/records/1/image.jpg") && page.contains("href=\"/records/1/report\""), "{page}");
    assert!(!page.contains("NO RESULT") && !page.contains("/records/3"), "the newest is not the urgent one");
    // One alone is the latest.
    served.status.display(DisplayedSignal::record(Signal::Suspected, 1));
    assert!(get(&served, "/").text().contains("Latest result"));
}

/// Record 1 is suspected, record 2 shows no sign; both have a film, and record 3 is the newest.
#[test]
fn the_film_beside_a_signal_is_that_of_the_signal() {
    let served = ServedPage::filled();
    let states: std::collections::BTreeSet<_> = [
        DisplayedSignal::record(Signal::NoSign, 2),
        DisplayedSignal::record(Signal::NoSign, 1),
        DisplayedSignal::record(Signal::Suspected, 1),
        DisplayedSignal { several: true, ..DisplayedSignal::record(Signal::Suspected, 1) },
    ]
    .map(|shown| {
        served.status.display(shown);
        let Subject::Record(own) = shown.subject else { panic!("{shown:?}") };
        let text = get(&served, "/").text();
        for record in 1..=3 {
            let film = format!("src=\"/records/{record}/image.jpg\"");
            assert_eq!(text.contains(&film), record == own, "{record} in {text}");
            assert_eq!(text.contains(&format!("/records/{record}/report")), record == own, "{record}");
        }
        assert_eq!(text.contains("Several images were read"), shown.several, "{text}");
        get(&served, "/live").text()
    })
    .into();
    assert_eq!(states.len(), 4, "an open page hears of each: {states:?}");
    // Afterwards, too: the newest record is not what was read last.
    served.status.show(Signal::Ready);
    let text = get(&served, "/").text();
    assert!(text.contains("src=\"/records/1/image.jpg\"") && !text.contains("/records/3"), "{text}");
}

#[test]
fn what_has_no_record_has_no_film_and_no_result_of_another_beside_it() {
    let served = ServedPage::filled();
    served.status.display(DisplayedSignal::record(Signal::NoSign, 2));
    for shown in [DisplayedSignal::refused("unreadable"), DisplayedSignal::from(Signal::NoResult)] {
        served.status.display(shown);
        let text = get(&served, "/").text();
        assert!(text.contains("NO RESULT"), "{text}");
        assert!(
            !text.contains("No sign") && !text.contains("<img") && !text.contains("href=\"/records/"),
            "{text}"
        );
        assert_eq!(text.contains("The file could not be read."), shown.subject != Subject::Nothing, "{text}");
    }
    served.status.display(DisplayedSignal::refused("unreadable"));
    served.status.show(Signal::Busy);
    let text = get(&served, "/").text();
    assert!(text.contains("not the image being read") && text.contains("NO RESULT"), "{text}");
    assert!(text.contains("The file could not be read.") && !text.contains("<img"), "{text}");
    assert!(!text.contains("No sign"), "{text}");
}

#[test]
fn beside_a_result_it_is_said_whether_the_stick_may_be_pulled() {
    let served = ServedPage::filled();
    let says = |signal, medium| {
        served.status.display(DisplayedSignal::record(signal, 2));
        served.status.set_media_state(medium);
        let text = get(&served, "/").text();
        (text.contains("The stick may be pulled"), text.contains("Leave the stick in."))
    };
    assert_eq!(says(Signal::NoSign, MediaState::Absent), (false, false));
    assert_eq!(says(Signal::NoSign, MediaState::InUse), (false, true));
    let before = get(&served, "/live").text();
    assert_eq!(says(Signal::NoSign, MediaState::MayBePulled), (true, false));
    assert_ne!(get(&served, "/live").text(), before);
    assert_eq!(says(Signal::NoSign, MediaState::Refused("writable")), (false, false));
}

#[test]
fn a_fault_is_shown_as_one_and_hides_results() {
    let served = ServedPage::filled();
    served.status.show(Signal::NoSign);
    let well = get(&served, "/").text();
    assert!(well.contains("No sign of pneumonia"));
    let before = get(&served, "/live").text();
    served.status.set_error(Some("/srv/x: cannot be listed".into()));
    served.status.show(Signal::Fault);
    let faulty = get(&served, "/").text();
    assert!(faulty.contains("FAULT") && faulty.contains("/srv/x: cannot be listed"), "{faulty}");
    assert!(!faulty.contains("No sign of pneumonia") && !faulty.contains("<img"), "{faulty}");
    assert_ne!(get(&served, "/live").text(), before, "an open page hears of it");
    let health = get(&served, "/healthz");
    assert_eq!(health.status, 503);
    let said: serde_json::Value = serde_json::from_slice(&health.body).unwrap();
    assert_eq!((&said["status"], &said["reasons"][0]), (&"fault".into(), &"/srv/x: cannot be listed".into()));
}

#[test]
fn a_deletion_by_age_is_said_before_it_begins() {
    let served = ServedPage::filled();
    let words = "Images that were reported and are older than the limit are deleted from this day on";
    assert!(!get(&served, "/").text().contains(words));
    let from = Timestamp { unix_ms: 1_795_459_341_000, trusted: true };
    served.status.set_age_deletion(Some(AgeDeletion { images: 7, from }));
    let page = get(&served, "/").text();
    assert!(page.contains(&format!("{words}: 2026-11-23 (7)")), "{page}");
}
