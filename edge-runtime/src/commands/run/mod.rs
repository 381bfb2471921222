//! `run`: assembles the daemon from its configuration and runs it.

mod inputs;
mod log;
mod model;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context, Result};
use tracing::{error, info, warn};
use xray_core::decision::DISCLAIMER;
use xray_decode::DecodeLimits;

use super::Outcome;
use crate::config::Config;
use crate::daemon::{Daemon, DaemonParts, DisplayTimes, Fault, FirstModelWait, InstalledModel, Worker};
use crate::decoding::ImageDecoder;
use crate::gpio::button::Press;
use crate::gpio::{Backend, Board};
use crate::inputs::Input;
use crate::models::{ModelStoreError, StickPolicy};
use crate::records::RecordStore;
use crate::status::{Counters, SharedStatus, Signal, SilenceLimits, StatusPublisher, publish_fault};
use crate::ui::lights::{BoardFile, Indicator, MirroredLights, NoLights, Patterns, SignalOutput};
use crate::ui::web::{self, DeviceContext, PageError};

/// Checks a configuration, its board file, its model and its page; nothing is stored.
///
/// # Errors
/// The first of them that cannot be used.
pub fn check(file: &Path) -> Result<()> {
    let config = Config::read(file)?;
    config.lights.board.as_deref().map(BoardFile::find).transpose()?;
    model::check(&config)?;
    config.page.as_ref().map_or(Ok(()), web::check)?;
    Ok(())
}

/// Runs the device.
///
/// # Errors
/// The fault that ends it; it was on the lights for as long as the configuration says.
pub fn run(file: &Path) -> Result<Outcome> {
    let config = Config::read(file)?;
    let board = config.lights.board.as_deref().map(BoardFile::find).transpose()?;
    log::begin(config.log.format);
    let button = board.as_ref().map(|file| watch_button(&file.board)).transpose()?.flatten();
    let patterns = board.as_ref().map(|file| file.patterns.clone()).unwrap_or_default();
    let silence = SilenceLimits::of_longest_cycle(longest_cycle(&config));
    let lights: Box<dyn SignalOutput> = match board {
        None => Box::new(NoLights),
        Some(file) => Box::new(Indicator::open(file)?.watching(silence)),
    };
    let status = Arc::new(SharedStatus::new(silence));
    let mut context = RunContext {
        config: &config,
        lights: &MirroredLights::new(&*lights, status.clone()),
        status: status.clone(),
        counters: Arc::new(Counters::default()),
        decoder: Arc::default(),
        impaired: None,
    };
    context.lights.show(Signal::Busy);
    context.impaired =
        context.open_page(patterns).err().map(|error| format!("{error}; screening goes on without the page"));
    if let Some(impaired) = &context.impaired {
        error!("{impaired}");
    }
    let ended = context.work(button);
    if let Err(fault) = &ended {
        error!("{fault:#}");
        status.set_error(Some(format!("{fault:#}")));
        publish_fault(&format!("{fault:#}"));
        context.lights.show(Signal::Fault);
        // Not the lights' own hold: a device without lights has a page.
        std::thread::sleep(config.lights.fault_s);
    }
    ended
}

/// The longest time that a cycle of the loop may take: an image, the self-test if the model failed on it, and the previous
/// result on the lights; with a margin for a board that does much else.
fn longest_cycle(config: &Config) -> Duration {
    DecodeLimits::default().deadline
        + config.model.deadline_s * 2
        + config.lights.at_least_s
        + Duration::from_secs(15)
}

/// What every part of the running program shares.
struct RunContext<'a> {
    config: &'a Config,
    lights: &'a dyn SignalOutput,
    status: Arc<SharedStatus>,
    counters: Arc<Counters>,
    decoder: Arc<ImageDecoder>,
    /// Why there is no page although there should be one.
    impaired: Option<String>,
}

impl RunContext<'_> {
    /// Serves the page, where the configuration asks for one, in a thread of its own. A page that cannot be served does not
    /// stop screening.
    fn open_page(&self, patterns: Patterns) -> Result<(), PageError> {
        let Some(options) = &self.config.page else { return Ok(()) };
        let device = DeviceContext {
            store: self.config.record.folder.clone(),
            limits: self.config.record.limits(),
            status: self.status.clone(),
            counters: self.counters.clone(),
            decoder: self.decoder.clone(),
            patterns,
        };
        web::start(options, device)?;
        Ok(())
    }

    /// Decodes a test image, so that a device that can decode none says so at once, and logs what this kernel does not have.
    fn check_decoder(&self) -> Result<()> {
        let confinement = self.decoder.decoder().check()?;
        if confinement.is_complete() {
            info!("{confinement}")
        } else {
            warn!("{confinement}")
        }
        Ok(())
    }

    fn store(&self) -> Result<RecordStore> {
        Ok(RecordStore::open(&self.config.record.folder, self.config.record.limits())?)
    }

    fn publisher(&self) -> StatusPublisher {
        StatusPublisher::from_environment().with_shared(self.status.clone())
    }

    /// Works until there is a fault.
    fn work(&self, button: Option<Receiver<Press>>) -> Result<Outcome> {
        let config = self.config;
        let loaded = match model::load(config) {
            Err(error) if lacks_a_model(&error) => match &config.stick {
                Some(stick) if config.model.from_stick != StickPolicy::Never => {
                    return self.wait_for_a_model(inputs::stick(stick)?, button, &error);
                }
                _ => return Err(error),
            },
            loaded => loaded?,
        };
        let facts = loaded.facts(config);
        let model::DaemonModel { screener, identity, installed } = loaded;
        let mut publisher = self.publisher();
        publisher.error(self.impaired.clone());
        let engine = screener.engine_name();
        if let Some(timeout) = publisher.too_short_for(longest_cycle(config).max(config.lights.fault_s)) {
            warn!(
                "the service manager's timeout of {timeout:?} is shorter than a cycle or a fault may take; raise WatchdogSec"
            );
        }
        let worker = Worker::start(screener, config.model.deadline_s)
            .context("the model's thread could not be started")?;
        worker.self_test()?.context("self-test")?;
        self.check_decoder()?;
        let parts = DaemonParts {
            store: self.store()?,
            worker,
            decoder: self.decoder.clone(),
            model: identity,
            installed,
            inputs: inputs::all(config)?,
            lights: self.lights,
            times: DisplayTimes { result: config.lights.result_s, at_least: config.lights.at_least_s },
            counters: self.counters.clone(),
            publisher,
            button,
            impaired: self.impaired.clone(),
        };
        parts.publisher.ready();
        self.status.ready(facts);
        info!(model = %identity.hash, engine, sources = parts.inputs.len(), "ready. {DISCLAIMER}");
        match Daemon::new(parts).run() {
            Fault::Replaced => {
                info!("{}", Fault::Replaced);
                Ok(Outcome::Restart)
            }
            fault => Err(fault.into()),
        }
    }

    /// Nothing can be screened until a stick brings a model, or somebody installs one by hand.
    fn wait_for_a_model(
        &self,
        stick: Box<dyn Input>,
        button: Option<Receiver<Press>>,
        lack: &anyhow::Error,
    ) -> Result<Outcome> {
        let also = self.impaired.as_ref().map_or_else(String::new, |impaired| format!("; {impaired}"));
        let reason = format!("{lack}, or put in a stick that carries one with its signature{also}");
        warn!("{reason}");
        let mut publisher = self.publisher();
        // In this order: a deployment waits until it is ready, and reads the status next.
        publisher.error(Some(reason.clone()));
        publisher.ready();
        let wait = FirstModelWait {
            record: self.store()?,
            installed: InstalledModel::none_yet(
                model::store(self.config)?,
                model::engine(self.config)?,
                self.config.model.from_stick,
            ),
            stick,
            button,
            lights: self.lights,
            at_least: self.config.lights.at_least_s,
            publisher,
            lack: reason,
        };
        wait.wait()?;
        info!("{}", Fault::Replaced);
        Ok(Outcome::Restart)
    }
}

fn lacks_a_model(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ModelStoreError::NoModel))
}

/// The presses of the board's button, if it has a real one.
fn watch_button(board: &Board) -> Result<Option<Receiver<Press>>> {
    match board.button() {
        #[cfg(target_os = "linux")]
        Some(button) if board.backend != Backend::Simulator => {
            use crate::gpio::button::{Button, ButtonLine};
            Ok(Some(Box::new(ButtonLine::open(button)?).watch()?))
        }
        _ => Ok(None),
    }
}
