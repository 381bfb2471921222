//! What is shown of images, and when.

use super::*;
use Signal::{Busy, NoResult, NoSign, Ready, Suspected};

#[test]
fn a_result_is_shown_after_it_is_recorded_and_the_most_urgent_last() {
    let seen = Bench::new().run(vec![picture(1), picture(2), image(b"text", true)], healthy);
    let shown = [(Busy, 0), (Suspected, 1), (Busy, 1), (NoSign, 2), (Busy, 2), (NoResult, 3), (Suspected, 3)];
    assert_eq!(seen.shown[..7], shown);
    assert_eq!(seen.signals()[7..], [Ready]);
    let none = Vec::new;
    let expected = [
        ("pneumonia-suspected", none(), "stick"),
        ("no-sign", none(), "stick"),
        ("no-result", vec!["unknown-format".to_owned()], "stick"),
    ];
    assert_eq!(seen.outcomes, expected);
}

#[test]
fn a_content_that_is_known_is_told_again_only_to_whoever_waits() {
    let bench = Bench::new();
    bench.run(vec![picture(1), picture(2)], healthy);
    let again = bench.run(vec![picture(2), picture(1)], healthy);
    assert_eq!(again.signals(), [Busy, Suspected, Ready]);
    assert_eq!(again.outcomes.len(), 2);
    let unasked = bench.run(vec![image(&device::picture(1), false)], healthy);
    assert_eq!(unasked.signals(), [Ready]);
    assert_eq!(
        bench.counters.to_string(),
        "1 suspected, 0 uncertain, 1 no sign, 0 no result; 3 known, 0 unreadable"
    );
}

#[test]
fn a_page_knows_of_the_stick_before_it_is_told_of_a_result() {
    for medium in [MediaState::InUse, MediaState::MayBePulled] {
        let seen = Bench { media_state: medium, ..Bench::new() }.run(vec![picture(2)], healthy);
        assert_eq!(seen.displayed[0], DisplayedSignal::record(NoSign, 1));
        assert!(seen.media.iter().all(|published| *published == medium), "{:?}", seen.media);
    }
}

#[test]
fn the_time_for_which_a_result_is_seen_is_no_part_of_how_long_the_next_image_takes() {
    let bench = Bench { hold: Duration::from_secs(2), ..Bench::new() };
    bench.run(vec![picture(1), picture(2)], healthy);
    let records = device::records(&bench.store());
    let took = records[1].entry.durations.intake_us;
    assert!(took < 2_000_000, "{took} µs");
    assert_eq!(bench.counters.screening.snapshot().count, 2);
}

#[test]
fn what_is_shown_says_of_which_record_it_is() {
    let bench = Bench::new();
    let first = bench.run(vec![picture(2), picture(1), picture(4)], healthy);
    let results: Vec<_> = first.displayed.iter().filter(|shown| shown.signal.is_result()).copied().collect();
    let urgent = DisplayedSignal { several: true, ..DisplayedSignal::record(Suspected, 2) };
    let expected = [
        DisplayedSignal::record(NoSign, 1),
        DisplayedSignal::record(Suspected, 2),
        DisplayedSignal::record(NoSign, 3),
        urgent,
    ];
    assert_eq!(results, expected);
    // A film that was screened before another patient's comes back.
    let again = bench.run(vec![picture(2)], healthy);
    assert_eq!(again.displayed[0], DisplayedSignal::record(NoSign, 1));
}
