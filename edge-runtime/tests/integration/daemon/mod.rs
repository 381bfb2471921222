//! The loop with sources, lights and models of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

#[path = "../../xray-core/tests/support/mod.rs"]
mod support;

mod device;
mod runner;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_runtime::daemon::{
    Daemon, DaemonParts, DisplayTimes, Fault, Model, ModelIdentity, StatusPublisher, Worker, WorkerError,
};
use edge_runtime::inputs::{IncomingImage, Input, InputError, InputEvent, InputRefusal, MediaState};
use edge_runtime::records::{Hash256, Origin, RecordReader, RecordStore, StoreLimits};
use edge_runtime::status::Counters;
use edge_runtime::status::SharedStatus;
use edge_runtime::status::{DisplayedSignal, Signal, Subject};
use edge_runtime::ui::lights::SignalOutput;
use xray_core::engine::EngineError;
use xray_core::screening::{Screener, Screening, ScreeningError};

use Signal::{Busy, Fault as FaultLight, NoResult, NoSign, Ready, Suspected};

/// What a source will say, one answer a poll, then nothing more; and what there is to pull meanwhile.
struct Script(VecDeque<Result<InputEvent, InputError>>, MediaState);

impl Input for Script {
    fn origin(&self) -> Origin {
        Origin::Stick
    }

    fn poll(&mut self, _now: Instant) -> Result<InputEvent, InputError> {
        self.0.pop_front().unwrap_or(Ok(InputEvent::Nothing))
    }

    fn media_state(&self) -> MediaState {
        self.1
    }
}

fn image(bytes: &[u8], awaited: bool) -> Result<InputEvent, InputError> {
    Ok(InputEvent::Image(IncomingImage { bytes: bytes.to_vec(), awaited, began: Instant::now() }))
}

fn picture(at: u16) -> Result<InputEvent, InputError> {
    image(&device::picture(at), true)
}

/// Keeps what is shown, with how many records there were on the disk at that moment.
struct Watched {
    store: PathBuf,
    shown: RefCell<Vec<(Signal, u64)>>,
    /// How long a result is held that must be seen.
    hold: Duration,
    /// What a page would be told.
    told: RefCell<Vec<DisplayedSignal>>,
    /// What it would show of the stick beside it.
    status: Arc<SharedStatus>,
    media: RefCell<Vec<MediaState>>,
}

impl SignalOutput for Watched {
    fn tell(&self, shown: DisplayedSignal) {
        self.told.borrow_mut().push(shown);
        self.media.borrow_mut().push(self.status.snapshot().media_state);
        if self.shown.borrow().last().is_none_or(|(signal, _)| *signal != shown.signal) {
            self.show(shown.signal);
        }
    }

    fn show(&self, signal: Signal) {
        let mut count = 0;
        let reader = RecordReader::open(&self.store).unwrap();
        reader
            .walk::<edge_runtime::records::RecordStoreError>(|_| {
                count += 1;
                Ok(())
            })
            .unwrap();
        self.shown.borrow_mut().push((signal, count));
    }

    fn hold(&self, _time: Duration) {
        std::thread::sleep(self.hold);
    }
}

/// The test model, spoilt in some way.
struct Spoilt {
    screener: Screener,
    screening: fn(&Screener, &Path) -> Result<Screening, ScreeningError>,
    self_test: fn() -> Result<(), EngineError>,
}

impl Model for Spoilt {
    fn screen(&self, file: &Path) -> Result<Screening, ScreeningError> {
        (self.screening)(&self.screener, file)
    }

    fn self_test(&self) -> Result<(), EngineError> {
        (self.self_test)()
    }
}

type Screens = fn(&Screener, &Path) -> Result<Screening, ScreeningError>;

fn healthy(screener: &Screener, file: &Path) -> Result<Screening, ScreeningError> {
    screener.screen(file)
}

fn fails(_: &Screener, file: &Path) -> Result<Screening, ScreeningError> {
    let source = EngineError::Run { reason: "as a test".into() };
    Err(ScreeningError::Engine { file: file.display().to_string(), source })
}

fn knows() -> Result<(), EngineError> {
    Ok(())
}

fn knows_not() -> Result<(), EngineError> {
    Err(EngineError::Run { reason: "as a test".into() })
}

struct Bench {
    folder: tempfile::TempDir,
    counters: Arc<Counters>,
    hold: Duration,
    /// How long the model may take.
    deadline: Duration,
    /// What there is to pull.
    medium: MediaState,
}

struct Seen {
    fault: Option<Fault>,
    shown: Vec<(Signal, u64)>,
    told: Vec<DisplayedSignal>,
    media: Vec<MediaState>,
    outcomes: Vec<(&'static str, Vec<String>, &'static str)>,
}

impl Seen {
    fn signals(&self) -> Vec<Signal> {
        self.shown.iter().map(|(signal, _)| *signal).collect()
    }
}

impl Bench {
    fn new() -> Self {
        Bench {
            folder: tempfile::tempdir().unwrap(),
            counters: Arc::default(),
            hold: Duration::ZERO,
            deadline: Duration::from_secs(60),
            medium: MediaState::Absent,
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Lets the pipeline turn until the script is over, twice more, or until there is a fault.
    fn run(&self, script: Vec<Result<InputEvent, InputError>>, screening: Screens) -> Seen {
        self.run_with(script, screening, knows)
    }

    fn run_with(
        &self,
        script: Vec<Result<InputEvent, InputError>>,
        screening: Screens,
        self_test: fn() -> Result<(), EngineError>,
    ) -> Seen {
        let model = self.folder.path().join("model.onnx");
        std::fs::write(&model, support::model_bytes(|_| ())).unwrap();
        let screener = Screener::load(&model).unwrap();
        let identity = ModelIdentity { hash: screener.model_sha256().parse().unwrap(), threshold: 0.5 };
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let store = RecordStore::open(&self.store(), limits).unwrap();
        let status = Arc::new(SharedStatus::new(self.deadline));
        let lights = Watched {
            status: status.clone(),
            media: RefCell::default(),
            store: self.store(),
            shown: RefCell::default(),
            hold: self.hold,
            told: RefCell::default(),
        };
        let turns = script.len() + 2;
        let mut pipeline = Daemon::new(DaemonParts {
            store,
            worker: Worker::start(Spoilt { screener, screening, self_test }, self.deadline).unwrap(),
            model: identity,
            installed: None,
            sources: vec![Box::new(Script(script.into(), self.media_state))],
            lights: &lights,
            times: DisplayTimes { result: Duration::from_millis(1), at_least: self.hold },
            counters: self.counters.clone(),
            publisher: StatusPublisher::from_environment().with(status),
            button: None,
        });
        let mut ended = pipeline.recover();
        for _ in 0..turns {
            ended = ended.and_then(|()| pipeline.turn());
        }
        drop(pipeline);
        let outcomes = device::records(&self.store())
            .iter()
            .map(|record| {
                let entry = &record.entry;
                (entry.outcome.code(), entry.outcome.reasons().to_vec(), entry.origin.code())
            })
            .collect();
        Seen {
            fault: ended.err(),
            shown: lights.shown.into_inner(),
            told: lights.told.into_inner(),
            media: lights.media.into_inner(),
            outcomes,
        }
    }
}

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
fn a_model_that_is_late_or_dies_leaves_a_record_without_a_result_and_is_a_fault() {
    let late: Screens = |screener, file| {
        std::thread::sleep(Duration::from_secs(1));
        screener.screen(file)
    };
    let dies: Screens = |_, _| panic!("as a test");
    // One that dies may take its time to say why.
    let (short, long) = (Duration::from_millis(300), Bench::new().deadline);
    for (screening, answer, deadline) in [(late, WorkerError::Late, short), (dies, WorkerError::Ended, long)]
    {
        let mut bench = Bench { deadline, ..Bench::new() };
        let seen = bench.run(vec![picture(2), picture(4)], screening);
        assert!(matches!(seen.fault, Some(Fault::Worker(fault)) if fault == answer), "{:?}", seen.fault);
        assert_eq!(seen.signals(), [Busy, NoResult]);
        assert_eq!(seen.outcomes, [("no-result", vec![answer.code().to_owned()], "stick")]);
        // It does not fail on the same image for ever.
        bench.deadline = long;
        let after = bench.run(vec![picture(2), picture(4)], healthy);
        assert!(after.fault.is_none());
        assert_eq!(after.outcomes.len(), 2);
    }
}

#[test]
fn an_image_on_which_the_model_fails_has_no_result_if_the_model_still_knows_its_answer() {
    let seen = Bench::new().run(vec![picture(2), picture(4)], fails);
    assert!(seen.fault.is_none());
    assert_eq!(seen.outcomes[1], ("no-result", vec!["engine-failed".to_owned()], "stick"));
    assert!(!seen.signals().contains(&NoSign));
}

#[test]
fn an_image_on_which_a_broken_model_fails_is_screened_after_the_repair() {
    let bench = Bench::new();
    let broken = bench.run_with(vec![picture(2), picture(4)], fails, knows_not);
    assert!(matches!(broken.fault, Some(Fault::SelfTest(_))), "{:?}", broken.fault);
    assert_eq!(broken.outcomes, []);
    // The stick is gone, the image is not.
    let repaired = bench.run(vec![], healthy);
    assert_eq!(repaired.outcomes, [("no-sign", Vec::new(), "recovered")]);
    assert_eq!(repaired.signals(), [Busy, NoSign, Ready]);
}

#[test]
fn a_source_that_cannot_be_looked_at_is_a_fault_until_it_can() {
    let gone = || Err(InputError::TooMany { folder: "x".into(), limit: 1 });
    let seen = Bench::new().run(vec![picture(2), gone(), gone(), gone(), Ok(InputEvent::Nothing)], healthy);
    assert!(seen.fault.is_none());
    assert_eq!(seen.signals(), [Busy, NoSign, FaultLight, Ready]);
}

#[test]
fn what_cannot_be_read_is_no_result_and_has_no_record() {
    let refusal = InputRefusal { code: "unreadable", reason: "as a test".into() };
    let bench = Bench::new();
    let seen = bench.run(vec![picture(2), Ok(InputEvent::Unreadable(refusal))], healthy);
    assert_eq!(seen.signals(), [Busy, NoSign, Busy, NoResult, Ready]);
    assert_eq!(seen.outcomes.len(), 1);
    let refusals = RecordReader::open(&bench.store()).unwrap().refusals().unwrap();
    let listed: Vec<_> = refusals.iter().map(|refused| (refused.record, refused.code.as_str())).collect();
    assert_eq!(listed, [(1, "unreadable")]);
    let about: Vec<_> = seen.told.iter().map(|shown| shown.subject).collect();
    let last = [Subject::Refused("unreadable"), Subject::Refused("unreadable"), Subject::Nothing];
    assert_eq!(about, [&[Subject::Record(1)][..], &last].concat());
}

#[test]
fn a_page_knows_of_the_stick_before_it_is_told_of_a_result() {
    for medium in [MediaState::InUse, MediaState::MayBePulled] {
        let seen = Bench { medium, ..Bench::new() }.run(vec![picture(2)], healthy);
        assert_eq!(seen.told[0], DisplayedSignal::record(NoSign, 1));
        assert!(seen.media.iter().all(|told| *told == medium), "{:?}", seen.media);
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
fn an_image_that_changed_in_the_store_is_not_screened() {
    let bench = Bench::new();
    bench.run(vec![], healthy);
    let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    let store = RecordStore::open(&bench.store(), limits).unwrap();
    let content = Hash256::of(&device::picture(2));
    let path = store.store_image(&content, &device::picture(2)).unwrap();
    std::fs::write(path, device::picture(4)).unwrap();
    drop(store);
    let seen = bench.run(vec![], healthy);
    assert_eq!(seen.outcomes, []);
    assert_eq!(seen.signals()[..2], [Busy, NoResult]);
    let refusals = RecordReader::open(&bench.store()).unwrap().refusals().unwrap();
    assert_eq!((refusals[0].origin.as_str(), refusals[0].code.as_str()), ("recovered", "damaged"));
}

#[test]
fn what_is_shown_says_of_which_record_it_is() {
    let bench = Bench::new();
    let first = bench.run(vec![picture(2), picture(1), picture(4)], healthy);
    let results: Vec<_> = first.told.iter().filter(|shown| shown.signal.is_result()).copied().collect();
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
    assert_eq!(again.told[0], DisplayedSignal::record(NoSign, 1));
}

/// Run as a process of its own by the test below: it ends while it screens.
#[test]
fn a_program_that_ends_while_it_screens() {
    let Some(folder) = std::env::var_os("XRAY_EDGE_ENDS_IN") else { return };
    let aborts: Screens = |_, _| std::process::abort();
    // The store outlives the process: it is that of the test that started this one.
    let (bench, store) = (Bench::new(), PathBuf::from(&folder).join("store"));
    std::fs::create_dir_all(&store).unwrap();
    std::os::unix::fs::symlink(store, bench.store()).unwrap();
    bench.run(vec![picture(2)], aborts);
}

#[test]
fn an_image_that_ends_the_program_each_time_gets_a_record_without_a_result() {
    let bench = Bench::new();
    let run = || {
        runner::started(&std::env::current_exe().unwrap())
            .args(["--exact", "a_program_that_ends_while_it_screens"])
            .env("XRAY_EDGE_ENDS_IN", bench.folder.path())
            .env("TMPDIR", bench.folder.path())
            .output()
            .unwrap()
            .status
            .success()
    };
    // Three times it ends; the fourth it says so and goes on.
    assert_eq!([run(), run(), run()], [false; 3]);
    assert_eq!(device::records(&bench.store()), []);
    assert!(run());
    let seen = bench.run(vec![picture(4)], healthy);
    let expected =
        [("no-result", vec!["ended-the-program".to_owned()], "recovered"), ("no-sign", Vec::new(), "stick")];
    assert_eq!(seen.outcomes, expected);
}
