//! The record store on a disk that fails: the first, second, third … call to the operating system fails once, with each of
//! several errors. Whatever was acknowledged is there afterwards, and the work goes on.
//!
//! A small library that is loaded before the C library makes the calls fail; it is compiled here, so that this needs Linux
//! and a C compiler.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use edge_runtime::records::{
    Durations, Entry, Hash256, Origin, Outcome, Record, RecordReader, RecordStore, RecordStoreError,
    StoreLimits, Timestamp, VerifyDepth, mark_reported,
};

use crate::support::runner;

/// Names and numbers on Linux.
const ERRORS: [(&str, i32); 4] = [("ENOSPC", 28), ("EIO", 5), ("EROFS", 30), ("EINTR", 4)];

const NOW: Timestamp = Timestamp { unix_ms: 1_800_000_000_000, trusted: true };
/// Room for two of the images below, so that one that was reported goes.
const LIMITS: StoreLimits = StoreLimits { quota: Some(50_000), keep_days: Some(1), reserve: 0 };

/// Lets the k-th call that touches a folder fail.
fn arm(k: u32, errno: i32, folder: &Path) {
    let _ = File::open(format!("/fault/arm/{k}/{errno}{}", folder.display()));
}

fn disarm() {
    let _ = File::open("/fault/arm/0");
}

/// Whether a call failed since it was armed.
fn was_hit() -> bool {
    File::open("/fault/hit").expect_err("no file").kind() == ErrorKind::AlreadyExists
}

fn image(at: u8) -> Vec<u8> {
    vec![at; 20_000]
}

fn entry(at: u8, outcome: Outcome) -> Entry {
    Entry {
        image_id: Hash256::of(&image(at)),
        bytes: 20_000,
        origin: Origin::Folder,
        recorded: Timestamp { unix_ms: NOW.unix_ms + i64::from(at), ..NOW },
        model: Hash256::of(b"model"),
        threshold: 0.5,
        outcome,
        durations: Durations::default(),
    }
}

/// What one run did: errors in the order in which they came, and what was acknowledged.
#[derive(Default)]
struct Done {
    errors: Vec<RecordStoreError>,
    records: Vec<Record>,
    refusals: usize,
    reported: bool,
}

impl Done {
    /// Calls once more what failed.
    fn step<T>(&mut self, mut call: impl FnMut() -> Result<T, RecordStoreError>) -> Option<T> {
        for _ in 0..2 {
            match call() {
                Ok(done) => return Some(done),
                Err(error) => self.errors.push(error),
            }
        }
        None
    }
}

/// What the daemon does with four images; one is none.
fn work(folder: &Path) -> Done {
    let mut done = Done::default();
    let Some(mut store) = done.step(|| RecordStore::open(folder, LIMITS)) else { return done };
    for at in 0..4u8 {
        let (bytes, junk) = (image(at), at == 1);
        let image_id = Hash256::of(&bytes);
        if done.step(|| store.store_image(&image_id, &bytes)).is_none() {
            continue;
        }
        done.step(|| store.begin(&image_id));
        done.step(|| store.done());
        // Another kind of outcome needs a model; to the store they are alike.
        let outcome = Outcome::no_result(if junk { "unknown-format" } else { "ended-the-program" });
        let Some(appended) = done.step(|| store.append(entry(at, outcome.clone()), None)) else { continue };
        let (edge_runtime::records::Appended::New(record) | edge_runtime::records::Appended::Known(record)) =
            appended;
        if junk {
            done.step(|| store.refused_by_intake(&record, NOW));
        }
        done.records.push(record);
    }
    let refusal = done.step(|| store.append_refusal(Origin::Stick, "no-images", "as a test", NOW));
    done.refusals = usize::from(refusal.is_some());
    done.reported = done.step(|| mark_reported(folder, 1)).is_some();
    done.step(|| store.free_space(NOW));
    done
}

/// What must hold after it, without faults.
fn check(folder: &Path, done: &Done, what: &str) {
    let mut store = RecordStore::open(folder, LIMITS).expect(what);
    store.unrecorded().expect(what);
    let reader = RecordReader::open(folder).expect(what);
    for record in &done.records {
        assert_eq!(reader.by_sequence(record.sequence).expect(what).as_ref(), Some(record), "{what}");
    }
    assert!(reader.refusals().expect(what).len() >= done.refusals, "{what}");
    // It goes on.
    let bytes = image(99);
    store.store_image(&Hash256::of(&bytes), &bytes).expect(what);
    store.append(entry(99, Outcome::no_result("rotated")), None).expect(what);
    if done.reported {
        store.free_space(NOW).expect(what);
    }
    let found = reader.verify(VerifyDepth::Images, None).expect(what);
    assert_eq!(found.problems, [], "{what}");
}

/// Run as a process of its own by the test below.
#[test]
fn a_store_on_a_disk_that_fails() {
    if std::env::var_os("XRAY_EDGE_FAULTS").is_none() {
        return;
    }
    let place =
        tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).unwrap();
    for (name, errno) in ERRORS {
        let (mut k, mut seen) = (1, 0);
        loop {
            let folder = place.path().join(format!("{name}-{k}"));
            arm(k, errno, &folder);
            let done = work(&folder);
            let hit = was_hit();
            disarm();
            let what = format!("call {k} failed with {name}: {:?}", done.errors);
            // One fault is one error, or none where it could be passed over.
            assert!(done.errors.len() <= 1, "{what}");
            assert_eq!(done.records.len(), 4, "{what}");
            check(&folder, &done, &what);
            std::fs::remove_dir_all(&folder).unwrap();
            seen += done.errors.len();
            if !hit {
                assert!(done.errors.is_empty(), "{what}");
                break;
            }
            k += 1;
        }
        println!("{name}: {} calls failed, {seen} of them were an error of the store", k - 1);
        assert!(k > 50, "{name}: only {k} calls");
    }
}

#[test]
fn a_disk_that_fails_at_any_call_loses_nothing_and_the_work_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let shim = place.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/store_faults/shim.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&shim).arg(&source).arg("-ldl").status();
    if !runner::words().is_empty() || !compiled.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no C compiler for this processor: a_disk_that_fails_at_any_call");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(concat!(module_path!(), "::a_store_on_a_disk_that_fails").split_once("::").unwrap().1)
        .env("XRAY_EDGE_FAULTS", "1")
        .env("LD_PRELOAD", &shim)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.matches("calls failed").count(), ERRORS.len(), "it ran under the library");
}
