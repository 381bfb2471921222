//! Power cuts, as far as a test can simulate them: the daemon is killed (SIGKILL) at random points of an import, again
//! and again, and after each one the store must be whole.
//!
//! `CRASH_KILLS` says how many; `scripts/dev/crash-test.sh` runs it with many. SIGKILL loses nothing that was written, so this
//! does not show what a disk loses without power; that is what every fsync is for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

mod support;

use std::collections::BTreeSet;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use edge_runtime::records::{Hash256, RecordReader};
use support::device::{Device, picture};
use support::program;
use xray_testkit::random::{RngExt, seeded};

const IMAGES: u16 = 200;

fn device_with_images() -> Device {
    let device = Device::with(&support::model_bytes_with_known_answer(0.0), "[log]\nform = 'json'\n");
    for at in 0..IMAGES {
        // Half of them twice, under another name; half in the folder, half on a stick.
        let place = if at % 2 == 0 { "watched" } else { "media/stick" };
        device.write(&format!("{place}/{at}.pgm"), &picture(at));
        if at % 4 < 2 {
            device.write(&format!("watched/again/{at}.jpeg"), &picture(at));
        }
    }
    device.plug(1);
    device
}

fn start(device: &Device) -> std::process::Child {
    program::edge_runtime()
        .args(["run", "--config"])
        .arg(device.at("config.toml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn count(device: &Device) -> u64 {
    let mut count = 0;
    if let Ok(reader) = RecordReader::open(&device.store()) {
        let _ = reader.walk::<edge_runtime::records::RecordStoreError>(|_| {
            count += 1;
            Ok(())
        });
    }
    count
}

/// An import without a kill: how long until all is recorded.
fn undisturbed() -> Duration {
    let device = device_with_images();
    let began = Instant::now();
    let mut child = start(&device);
    while count(&device) < IMAGES.into() {
        assert!(began.elapsed() < Duration::from_secs(300), "{} of {IMAGES}", count(&device));
        sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    took
}

#[test]
fn a_killed_import_loses_nothing_doubles_nothing_and_tears_nothing() {
    let kills: usize = std::env::var("CRASH_KILLS").map_or(10, |text| text.parse().unwrap());
    let seed: u64 = std::env::var("CRASH_SEED").map_or(1, |text| text.parse().unwrap());
    let expected: BTreeSet<_> = (0..IMAGES).map(|at| Hash256::of(&picture(at))).collect();
    let whole = undisturbed();
    println!("an import of {IMAGES} images takes {} ms undisturbed; seed {seed}", whole.as_millis());
    let mut rng = seeded(seed);
    let (mut imports, mut during, mut before_any, mut orphans) = (0, 0, 0, 0);
    let mut device = device_with_images();
    let mut last: Vec<edge_runtime::records::Record> = Vec::new();
    for kill in 0..kills {
        let mut child = start(&device);
        sleep(whole.mul_f64(rng.random_range(0.0..0.6)));
        child.kill().unwrap();
        child.wait().unwrap();
        let all = if device.store().join("records.sqlite").exists() && count(&device) > 0 {
            device.records()
        } else {
            Vec::new()
        };
        // Nothing that was recorded before is gone or another.
        assert_eq!(all[..last.len()], last, "kill {kill}");
        let contents: BTreeSet<_> = all.iter().map(|record| record.entry.image_id).collect();
        assert_eq!(contents.len(), all.len(), "doubled at kill {kill}");
        assert!(contents.is_subset(&expected), "torn at kill {kill}");
        orphans += walkdir::WalkDir::new(device.store().join("images"))
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .count()
            .saturating_sub(all.len());
        match all.len() {
            0 => before_any += 1,
            some if some < expected.len() => during += 1,
            _ => {
                assert_eq!(contents, expected);
                imports += 1;
                device = device_with_images();
                last = Vec::new();
                continue;
            }
        }
        last = all;
    }
    // What was left half done is done by the next start.
    let mut child = start(&device);
    let began = Instant::now();
    while count(&device) < IMAGES.into() && began.elapsed() < Duration::from_secs(300) {
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let contents: BTreeSet<_> = device.records().iter().map(|record| record.entry.image_id).collect();
    assert_eq!(contents, expected, "lost");
    println!(
        "{kills} kills: {before_any} before the first record, {during} during the import, {imports} after the last; \
         {orphans} images were stored and not yet recorded; 0 lost, 0 doubled, 0 torn, every chain verifies"
    );
}
