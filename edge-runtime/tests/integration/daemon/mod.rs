//! The daemon's loop with simulated inputs, lights and models.

mod decoding;
mod faults;
mod hangs;
mod junk;
mod recovery;
mod results;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_runtime::daemon::{
    Daemon, DaemonParts, DisplayTimes, Fault, Model, ModelIdentity, Worker, WorkerError,
};
use edge_runtime::decoding::ImageDecoder;
use edge_runtime::inputs::{IncomingImage, Input, InputError, InputEvent, InputRefusal, MediaState};
use edge_runtime::records::{Origin, RecordReader, RecordStore, StoreLimits};
use edge_runtime::status::{Counters, DisplayedSignal, SharedStatus, Signal, StatusPublisher, Subject};
use edge_runtime::ui::lights::SignalOutput;
use xray_core::engine::EngineError;
use xray_core::screening::{ScreenImageError, Screener, ScreeningResult};
use xray_intake::Radiograph;

use crate::support::{self, device, program};

/// The events of an input, one a poll, then nothing; and its media state.
struct ScriptedInput(VecDeque<Result<InputEvent, InputError>>, MediaState);

impl Input for ScriptedInput {
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

/// Keeps what is shown, with how many records there were on the disk at that time.
struct RecordedLights {
    store: PathBuf,
    shown: RefCell<Vec<(Signal, u64)>>,
    /// How long a result is held that must be seen.
    hold: Duration,
    /// What a page would show.
    displayed: RefCell<Vec<DisplayedSignal>>,
    /// What it would show of the stick beside it.
    status: Arc<SharedStatus>,
    media: RefCell<Vec<MediaState>>,
}

impl SignalOutput for RecordedLights {
    fn display(&self, shown: DisplayedSignal) {
        self.displayed.borrow_mut().push(shown);
        self.media.borrow_mut().push(self.status.snapshot().media);
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
struct FaultyModel {
    screener: Screener,
    screening: ScreenFn,
    self_test: fn() -> Result<(), EngineError>,
}

impl Model for FaultyModel {
    fn screen(&self, image: &Radiograph) -> Result<ScreeningResult, ScreenImageError> {
        (self.screening)(&self.screener, image)
    }

    fn self_test(&self) -> Result<(), EngineError> {
        (self.self_test)()
    }
}

type ScreenFn = fn(&Screener, &Radiograph) -> Result<ScreeningResult, ScreenImageError>;

fn healthy(screener: &Screener, image: &Radiograph) -> Result<ScreeningResult, ScreenImageError> {
    screener.screen_image(image)
}

fn fails(_: &Screener, _: &Radiograph) -> Result<ScreeningResult, ScreenImageError> {
    Err(EngineError::Run { reason: "as a test".into() }.into())
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
    media_state: MediaState,
    decoder: Arc<ImageDecoder>,
    limits: StoreLimits,
}

struct RunResult {
    fault: Option<Fault>,
    shown: Vec<(Signal, u64)>,
    displayed: Vec<DisplayedSignal>,
    media: Vec<MediaState>,
    outcomes: Vec<(&'static str, Vec<String>, &'static str)>,
}

impl RunResult {
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
            media_state: MediaState::Absent,
            decoder: program::image_decoder(),
            limits: StoreLimits { quota: None, keep_days: None, reserve: 0 },
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Runs cycles until the script is over, two more, or until there is a fault.
    fn run(&self, script: Vec<Result<InputEvent, InputError>>, screening: ScreenFn) -> RunResult {
        self.run_with(script, screening, knows)
    }

    fn scripted(&self, script: Vec<Result<InputEvent, InputError>>) -> Box<dyn Input> {
        Box::new(ScriptedInput(script.into(), self.media_state))
    }

    fn run_with(
        &self,
        script: Vec<Result<InputEvent, InputError>>,
        screening: ScreenFn,
        self_test: fn() -> Result<(), EngineError>,
    ) -> RunResult {
        let cycles = script.len() + 2;
        self.run_inputs(vec![self.scripted(script)], cycles, screening, self_test)
    }

    fn run_inputs(
        &self,
        inputs: Vec<Box<dyn Input>>,
        cycles: usize,
        screening: ScreenFn,
        self_test: fn() -> Result<(), EngineError>,
    ) -> RunResult {
        let model = self.folder.path().join("model.onnx");
        std::fs::write(&model, support::model_bytes(|_| ())).unwrap();
        let screener = Screener::load(&model).unwrap();
        let identity = ModelIdentity { hash: screener.model_sha256().parse().unwrap(), threshold: 0.5 };
        let store = RecordStore::open(&self.store(), self.limits).unwrap();
        let status = Arc::new(SharedStatus::new(self.deadline));
        let lights = RecordedLights {
            status: status.clone(),
            media: RefCell::default(),
            store: self.store(),
            shown: RefCell::default(),
            hold: self.hold,
            displayed: RefCell::default(),
        };
        let mut daemon = Daemon::new(DaemonParts {
            store,
            worker: Worker::start(FaultyModel { screener, screening, self_test }, self.deadline).unwrap(),
            decoder: self.decoder.clone(),
            model: identity,
            installed: None,
            inputs,
            lights: &lights,
            times: DisplayTimes { result: Duration::from_millis(1), at_least: self.hold },
            counters: self.counters.clone(),
            publisher: StatusPublisher::from_environment().with_shared(status),
            button: None,
            impaired: None,
        });
        let mut ended = daemon.recover();
        for _ in 0..cycles {
            ended = ended.and_then(|()| daemon.cycle());
        }
        drop(daemon);
        let outcomes = device::records(&self.store())
            .iter()
            .map(|record| {
                let entry = &record.entry;
                (entry.outcome.code(), entry.outcome.reasons().to_vec(), entry.origin.code())
            })
            .collect();
        RunResult {
            fault: ended.err(),
            shown: lights.shown.into_inner(),
            displayed: lights.displayed.into_inner(),
            media: lights.media.into_inner(),
            outcomes,
        }
    }
}
