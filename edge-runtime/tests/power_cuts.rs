//! Power fails at every step of installing, rollback and screening: the board always runs the old model or the
//! new one, never none, never a mix; and it can still go back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod disk_faults;
mod simulated_disk;

use std::collections::BTreeMap;
use std::path::Path;

use edge_runtime::models::{
    EventSink, InstallOptions, ModelEvent, ModelRefusal, ModelStore, ModelStoreError, NumberedEvent,
    SelfTestReport, TrialLimits, TrialOutcome,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulated_disk::{DiskFault, SimulatedDisk};
use xray_core::package::{PackageFile, SignatureFile, SignedBytes, TrustedKeys};
use xray_signing::{NewKeys, Password, SecretKey, sign};

const CUTS: u32 = 10_000;

struct Model {
    file: PackageFile,
    signature: SignatureFile,
    version: u64,
}

/// Some signed files. What is in them does not matter to the store.
struct SignedModels {
    keys: TrustedKeys,
    all: Vec<Model>,
}

impl SignedModels {
    fn new() -> Self {
        let made = NewKeys::make(Password::None, "tests").expect("keys");
        let secret = SecretKey::from_text(Path::new("k"), &made.secret, Password::None).expect("a key");
        let models = (1..=6u64).map(|version| {
            let bytes = (0..version * 100).flat_map(|i| (i * version).to_le_bytes()).collect();
            let file = PackageFile::from_bytes(Path::new("m"), bytes);
            let text = sign(&file, &secret, "tests").expect("signed");
            Model { file, signature: SignatureFile::from_text(Path::new("s"), text), version }
        });
        let keys = TrustedKeys::one("tests", &made.public).expect("a key");
        SignedModels { keys, all: models.collect() }
    }

    fn index(&self, sha256: &str) -> usize {
        self.all.iter().position(|model| model.file.sha256() == sha256).expect("one of ours")
    }

    /// Which of the models these bytes are, whole.
    fn whole(&self, signed: &SignedBytes) -> usize {
        let index = self.index(signed.file().sha256());
        assert_eq!(signed.file().bytes(), self.all[index].file.bytes());
        index
    }

    fn self_test(&self, signed: &SignedBytes) -> SelfTestReport {
        SelfTestReport { version: self.all[self.whole(signed)].version, engine: "test", warnings: Vec::new() }
    }
}

/// The record of a board: keeps each number once, and sees to it that none is left out or has two meanings.
#[derive(Default)]
struct Record(BTreeMap<u64, ModelEvent>);

impl EventSink for Record {
    fn record(&mut self, event: &NumberedEvent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let next = self.0.len() as u64;
        assert!(event.number <= next, "event {} was left out", next);
        if let Some(known) = self.0.insert(event.number, event.event.clone()) {
            assert_eq!(known, event.event, "one number, two events");
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Action {
    /// By hand, with leave to take an older one.
    Install(usize),
    /// From a stick: no rule is overridden.
    Stick(usize),
    /// From a stick, with the signature of another model.
    Forged(usize),
    RollBack,
    Screen,
    Fail,
    Start,
    Settle,
    Deliver,
}

/// One board with random acts and power cuts. `Err` says how the property was broken.
fn run_board(models: &SignedModels, seed: u64, fault: DiskFault, cuts: &mut u32) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let store = ModelStore::new(SimulatedDisk::new(!seed, fault), models.keys.clone());
    let disk = store.disk();
    let mut record = Record::default();
    let options = InstallOptions {
        watch: TrialLimits { screenings: 3, starts: 2 },
        allow_downgrade: true,
        retry: true,
        floor: None,
        dry_run: false,
    };
    let strict = InstallOptions { watch: options.watch, ..InstallOptions::default() };
    let load = |signed: SignedBytes| Ok::<_, ModelRefusal>(models.whole(&signed));
    let other = || store.state().ok()?.other().map(|model| models.index(&model.sha256));
    let mut current: Option<usize> = None;
    for _ in 0..40 {
        let action = match rng.random_range(0..15) {
            0..=3 => Action::Install(rng.random_range(0..models.all.len())),
            4..=5 => Action::Stick(rng.random_range(0..models.all.len())),
            6 => Action::Forged(rng.random_range(0..models.all.len())),
            7 => Action::RollBack,
            8..=10 => Action::Screen,
            11 => Action::Fail,
            12 => Action::Start,
            13 => Action::Settle,
            _ => Action::Deliver,
        };
        // What the board may run after this: what it runs now, or the one that the action puts in use.
        let old = current;
        let floor = store.state().map_err(|error| error.to_string())?.floor();
        let new = match action {
            Action::Stick(index) if models.all[index].version < floor => old,
            Action::Install(index) | Action::Stick(index) => Some(index),
            Action::RollBack | Action::Fail | Action::Start => other(),
            Action::Forged(_) | Action::Screen | Action::Settle | Action::Deliver => old,
        };
        let running = old.map(|index| models.all[index].file.sha256().to_owned()).unwrap_or_default();
        disk.stop_after(rng.random_range(0..60));
        let done: Result<(), ModelStoreError> = match action {
            Action::Install(index) => {
                let model = &models.all[index];
                store
                    .install(model.file.clone(), &model.signature, options, |signed| {
                        Ok(models.self_test(&signed))
                    })
                    .map(drop)
            }
            Action::Stick(index) => {
                let model = &models.all[index];
                store
                    .install(model.file.clone(), &model.signature, strict, |signed| {
                        Ok(models.self_test(&signed))
                    })
                    .map(drop)
            }
            Action::Forged(index) => {
                let signature = &models.all[(index + 1) % models.all.len()].signature;
                store
                    .install(models.all[index].file.clone(), signature, strict, |_| {
                        panic!("it was looked at")
                    })
                    .map(drop)
            }
            Action::RollBack => store.rollback(false, |signed| Ok(models.self_test(&signed))).map(drop),
            Action::Screen => store.screened(&running, &TrialOutcome::Succeeded).map(drop),
            Action::Fail => store.screened(&running, &TrialOutcome::Failed("test".to_owned())).map(drop),
            Action::Start => store.start(load).map(drop),
            Action::Settle => store.settled(&running).map(drop),
            Action::Deliver => store.deliver(&mut record),
        };
        let stopped = disk.stopped();
        if !stopped {
            let runs = store.state().map_err(|e| e.to_string())?;
            current = runs.active().map(|model| models.index(&model.sha256));
            match (action, done) {
                (Action::Install(index) | Action::Stick(index), Ok(())) if current != Some(index) => {
                    return Err("not installed".into());
                }
                (Action::Forged(index), Ok(())) => return Err(format!("model {index} was taken, forged")),
                (Action::RollBack, Ok(())) if current != new => return Err("not rolled back".into()),
                (_, Err(ModelStoreError::Refused(_) | ModelStoreError::NoModel)) if current != old => {
                    return Err("refused, and changed all the same".into());
                }
                (
                    _,
                    Err(
                        error @ (ModelStoreError::Io { .. }
                        | ModelStoreError::BadState { .. }
                        | ModelStoreError::Unusable { .. }),
                    ),
                ) => {
                    return Err(format!("{action:?} without a cut: {error}"));
                }
                _ => {}
            }
            if current != old && current != new {
                return Err(format!("{action:?}: {current:?} is neither {old:?} nor {new:?}"));
            }
            continue;
        }
        // Killed, or without power; while starting again, too.
        *cuts += 1;
        let mut killed = rng.random_bool(0.2);
        let mut allowed = vec![old, new];
        loop {
            if killed {
                disk.go_on();
            } else {
                disk.power_on();
            }
            // A start may be the last one of a trial.
            if store.state().is_ok_and(|state| state.trial().is_some()) {
                allowed.push(other());
            }
            let again = rng.random_bool(0.3);
            if again {
                disk.stop_after(rng.random_range(0..10));
            }
            let started = store.start(load);
            if disk.stopped() {
                *cuts += 1;
                killed = rng.random_bool(0.2);
                continue;
            }
            current = match started {
                Ok(started) => Some(started.ready),
                Err(ModelStoreError::NoModel) => None,
                Err(error) => return Err(format!("after a cut in {action:?}: {error}")),
            };
            break;
        }
        if !allowed.contains(&current) || (current.is_none() && old.is_some()) {
            return Err(format!("after a cut in {action:?}: {current:?} is none of {allowed:?}"));
        }
        // The way back is whole, too.
        let state = store.state().map_err(|error| error.to_string())?;
        if state.fallback().is_ok() {
            store
                .rollback(true, |signed| Ok(models.self_test(&signed)))
                .map_err(|error| format!("no way back: {error}"))?;
        }
    }
    store.deliver(&mut record).map_err(|error| error.to_string())
}

fn run_boards(fault: DiskFault, enough: u32) -> (u32, Result<(), String>) {
    let models = SignedModels::new();
    let mut cuts = 0;
    for seed in 0.. {
        if cuts >= enough {
            break;
        }
        if let Err(broken) = run_board(&models, seed, fault, &mut cuts) {
            return (cuts, Err(format!("board {seed}: {broken}")));
        }
    }
    (cuts, Ok(()))
}

#[test]
fn power_may_go_at_any_moment() {
    let (cuts, outcome) = run_boards(DiskFault::None, CUTS);
    assert_eq!(outcome, Ok(()), "after {cuts} cuts");
    assert!(cuts >= CUTS);
}

#[test]
fn a_disk_that_lies_is_noticed_so_the_test_above_can_fail() {
    for fault in [DiskFault::Contents, DiskFault::Names] {
        let (cuts, outcome) = run_boards(fault, CUTS);
        assert!(outcome.is_err(), "{fault:?}: nothing was noticed in {cuts} cuts");
    }
}
