//! Decoders that are stopped, and images that nothing may decode.

use super::*;
use crate::support::program::Decoy;
use Signal::{Busy, Fault as FaultLight, NoResult, NoSign, Ready};
use edge_runtime::records::{Durations, ENDED_THE_PROGRAM, Entry, Hash256, Outcome, Timestamp};
use xray_decode::{DecodeError, View};

/// What a decoder does that is to be stopped.
const FAULTS: [&str; 5] =
    ["kill -ABRT $$", "kill -SEGV $$", "echo This is no answer", "exec cat /dev/zero", "exec sleep 100"];

#[test]
fn a_decoder_that_is_stopped_is_no_result_and_costs_the_next_image_nothing() {
    for fault in FAULTS {
        let decoy = Decoy::once(fault);
        let bench = Bench { decoder: decoy.image_decoder(Duration::from_secs(3)), ..Bench::new() };
        let began = Instant::now();
        let seen = bench.run(vec![picture(2), picture(4)], healthy);
        assert!(began.elapsed() < Duration::from_secs(30), "{fault}: {:?}", began.elapsed());
        assert!(seen.fault.is_none(), "{fault}: {:?}", seen.fault);
        let expected = [("no-result", vec!["damaged".to_owned()], "stick"), ("no-sign", Vec::new(), "stick")];
        assert_eq!(seen.outcomes, expected, "{fault}");
        assert_eq!(seen.signals()[..4], [Busy, NoResult, Busy, NoSign], "{fault}");
    }
}

#[test]
fn a_decoder_that_cannot_be_started_is_a_fault_and_the_image_is_screened_after_the_repair() {
    let bench = Bench { decoder: Decoy::always("exit 1").missing(), ..Bench::new() };
    let broken = bench.run(vec![picture(2)], healthy);
    assert!(matches!(broken.fault, Some(Fault::Unreadable(_))), "{:?}", broken.fault);
    assert_eq!(broken.outcomes, []);
    let bench = Bench { decoder: program::image_decoder(), ..bench };
    let repaired = bench.run(vec![], healthy);
    assert_eq!(repaired.outcomes, [("no-sign", Vec::new(), "recovered")]);
    assert!(!repaired.signals().contains(&FaultLight) && repaired.signals().contains(&Ready));
}

#[test]
fn an_image_that_ended_the_program_is_not_decoded_at_a_start_or_when_it_comes_again() {
    let decoy = Decoy::always("kill -ABRT $$");
    let bench = Bench { decoder: decoy.image_decoder(Duration::from_secs(3)), ..Bench::new() };
    let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    std::fs::create_dir_all(bench.store()).unwrap();
    let mut store = RecordStore::open(&bench.store(), limits).unwrap();
    let bytes = device::picture(2);
    let image_id = Hash256::of(&bytes);
    store.store_image(&image_id, &bytes).unwrap();
    let entry = Entry {
        image_id,
        bytes: bytes.len() as u64,
        origin: Origin::Stick,
        recorded: Timestamp::now(),
        model: Hash256::of(b"model"),
        threshold: 0.5,
        outcome: Outcome::no_result(ENDED_THE_PROGRAM),
        durations: Durations::default(),
    };
    store.append(entry, None).unwrap();
    drop(store);
    let seen = bench.run(vec![picture(2)], healthy);
    assert!(seen.fault.is_none());
    assert_eq!(seen.outcomes.len(), 1);
    assert_eq!(decoy.started(), 0);
}

#[test]
fn a_picture_for_the_page_gives_way_to_an_image_that_is_to_be_screened() {
    let decoy = Decoy::always("exec sleep 100");
    let decoder = decoy.image_decoder(Duration::from_secs(100));
    std::thread::scope(|scope| {
        let page = scope.spawn(|| {
            let _turn = decoder.lock().take_within(Duration::from_secs(1)).unwrap();
            decoder.for_page().decode_bytes(&device::picture(2), View::AsMarked)
        });
        while decoy.started() == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let began = Instant::now();
        drop(decoder.lock().take());
        // The deadline of a picture is 10 seconds.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(matches!(page.join().unwrap(), Err(DecodeError::GaveWay)));
    });
    // What is to be screened gives way to nothing.
    drop(decoder.lock().take());
    assert!(!decoder.lock().wanted().load(std::sync::atomic::Ordering::Relaxed));
}
