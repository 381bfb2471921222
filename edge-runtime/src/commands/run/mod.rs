//! `run`: puts the device together from its configuration and lets it work.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use tracing::{error, info, warn};
use xray_core::decision::DISCLAIMER;
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::package::{RANDOM_WARNING, TrustedKeys};
use xray_core::screening::Screener;

use super::Outcome;
use crate::gpio::button::Press;
#[cfg(target_os = "linux")]
use crate::gpio::button::{Button, ButtonLine};
use crate::config::{self, Config, LogForm};
use crate::status::Counters;
use crate::models::{self, ModelStore, self_test, load_checked};
use crate::status::Signal;
use crate::gpio::{Backend, Board};
use crate::ui::lights::{NoLights, Indicator, Patterns, SignalOutput};
use crate::status::{SharedStatus, MirroredLights, ModelFacts};
use crate::ui::web::{self, DeviceContext};
use crate::daemon::{
    Fault, FirstModelWait, StatusPublisher, ExclusiveModel, InstalledModel, ModelIdentity, DaemonParts, Daemon, DisplayTimes, Worker,
    publish_fault,
};
use crate::records::{Hash256, RecordStore};
use crate::inputs::{Folder, KernelMounter, Mounter, Input, Stick};

const HELP: &str = "\
Examples:
  edge-runtime run --config /etc/edge-runtime/config.toml
  edge-runtime run --config trial.toml --check

It screens what its sources give until it is told to end (SIGTERM). It may be killed at any moment: nothing that it
showed is lost, and what it had not finished it screens at the next start.

A signed model on a stick is installed; a board that has no model waits for one. On trial, a model that fails is taken
out of use by itself. The program then ends with status 5, to be started again with the model in use; systemd does so.

Exit status: 1 a fault, such as a model that gives wrong answers; 2 wrong usage; 5 another model is in use, start again;
0 only with --check.";

/// The arguments of `run`.
#[derive(Args)]
#[command(after_help = HELP)]
pub struct RunArgs {
    /// The configuration; packaging/config.toml shows every word that it may hold
    #[arg(long, value_name = "FILE.toml", default_value = "/etc/edge-runtime/config.toml")]
    config: PathBuf,
    /// Read the configuration and the board's file, load the model, let it check itself, and end; nothing is stored
    #[arg(long)]
    check: bool,
}

/// Runs the device.
///
/// # Errors
/// The fault that ends it; it was on the lights for as long as the configuration says.
pub fn run(args: &RunArgs, out: &mut impl Write) -> Result<Outcome> {
    let config = Config::read(&args.config)?;
    let board = config.lights.board.as_deref().map(Board::find).transpose()?;
    if args.check {
        check(&config)?;
        config.page.as_ref().map_or(Ok(()), page::check)?;
        writeln!(out, "{}: all is well", args.config.display())?;
        return Ok(Outcome::Complete);
    }
    begin_log(config.log.form);
    let button = board.as_ref().map(watch_button).transpose()?.flatten();
    let patterns = board.as_ref().map(|board| board.patterns().clone()).unwrap_or_default();
    let lights: Box<dyn SignalOutput> = match board {
        None => Box::new(NoLights),
        Some(board) => Box::new(Indicator::open(board)?),
    };
    let status = Arc::new(SharedStatus::new(patience(&config)));
    let lights = MirroredLights::new(&*lights, status.clone());
    lights.show(Signal::Busy);
    let counters = Arc::new(Counters::default());
    let ended = open_page(&config, patterns, &status, &counters)
        .and_then(|()| work(&config, &lights, button, &status, counters.clone()));
    if let Err(fault) = &ended {
        error!("{fault:#}");
        status.trouble(Some(format!("{fault:#}")));
        publish_fault(&format!("{fault:#}"));
        lights.show(Signal::Fault);
        // Not the lights' own hold: a device without lights has a page.
        std::thread::sleep(config.lights.fault_s);
    }
    ended
}

/// How long a turn of the loop may take at most: an image, the known answer if the model failed on it, the result before
/// it on the lights; and some more, for a board that does much else.
fn patience(config: &Config) -> Duration {
    config.model.deadline_s * 2 + config.lights.at_least_s + Duration::from_secs(15)
}

/// Serves the page, where the configuration asks for one. It goes on in a thread of its own; what befalls it later does not
/// stop screening.
fn open_page(config: &Config, patterns: Patterns, status: &Arc<SharedStatus>, counters: &Arc<Counters>) -> Result<()> {
    let Some(options) = &config.page else { return Ok(()) };
    let device = DeviceContext {
        store: config.record.folder.clone(),
        limits: config.record.limits(),
        status: status.clone(),
        counters: counters.clone(),
        patterns,
    };
    page::start(options, device)?;
    Ok(())
}

/// Works until there is a fault.
fn work(
    config: &Config,
    lights: &dyn SignalOutput,
    button: Option<Receiver<Press>>,
    status: &Arc<SharedStatus>,
    counters: Arc<Counters>,
) -> Result<Outcome> {
    let (screener, model, installed) = match load(config) {
        Err(error) if lacks_a_model(&error) => match &config.stick {
            Some(stick) => return wait_for_a_model(config, watch_sticks(stick), lights, status, &error),
            None => return Err(error),
        },
        loaded => loaded?,
    };
    let facts = facts(config, &screener, model);
    let publisher = StatusPublisher::from_environment().with(status.clone());
    let (deadline, engine) = (config.model.deadline_s, screener.engine_name());
    if let Some(patience) = publisher.too_short_for(patience(config).max(config.lights.fault_s)) {
        warn!(
            "the service manager's patience of {patience:?} is shorter than a turn or a fault may take; raise WatchdogSec"
        );
    }
    let screener = ExclusiveModel { model: screener, decode_lock: status.decode_lock().clone() };
    let worker = Worker::start(screener, deadline).context("the model's thread could not be started")?;
    worker.self_test()?.context("self-test")?;
    let store = RecordStore::open(&config.record.folder, config.record.limits())?;
    let parts = DaemonParts {
        store,
        worker,
        model,
        installed,
        sources: sources(config),
        lights,
        times: DisplayTimes { result: config.lights.result_s, at_least: config.lights.at_least_s },
        counters,
        publisher,
        button,
    };
    parts.publisher.ready();
    status.ready(facts);
    info!(model = %model.hash, engine, sources = parts.sources.len(), "ready. {DISCLAIMER}");
    match Daemon::new(parts).run() {
        Fault::Replaced => {
            info!("{}", Fault::Replaced);
            Ok(Outcome::Restart)
        }
        fault => Err(fault.into()),
    }
}

fn lacks_a_model(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(models::ModelStoreError::NoModel))
}

/// Nothing can be screened until a stick brings a model, or somebody installs one by hand.
fn wait_for_a_model(
    config: &Config,
    stick: Box<dyn Input>,
    lights: &dyn SignalOutput,
    status: &Arc<SharedStatus>,
    lack: &anyhow::Error,
) -> Result<Outcome> {
    let trouble = format!("{lack}, or put in a stick that carries one with its signature");
    warn!("{trouble}");
    let mut publisher = StatusPublisher::from_environment().with(status.clone());
    // In this order: whoever waits until it is ready, as a deployment does, reads the status next.
    publisher.trouble(Some(trouble));
    publisher.ready();
    let record = RecordStore::open(&config.record.folder, config.record.limits())?;
    let installed = InstalledModel::none_yet(models(config)?, engine(config)?);
    let at_least = config.lights.at_least_s;
    FirstModelWait { installed, record, stick, lights, at_least, publisher }.wait()?;
    info!("{}", Fault::Replaced);
    Ok(Outcome::Restart)
}

/// The presses of the board's button, if it has a real one.
fn watch_button(board: &Board) -> Result<Option<Receiver<Press>>> {
    match board.button() {
        #[cfg(target_os = "linux")]
        Some(button) if board.backend != Backend::Simulator => {
            Ok(Some(Box::new(ButtonLine::open(button)?).watch()?))
        }
        _ => Ok(None),
    }
}

/// Loads the model and says what must be said about it.
fn load(config: &Config) -> Result<(Screener, ModelIdentity, Option<InstalledModel>)> {
    let options = engine(config)?;
    let (screener, installed) = match &config.model.file {
        Some(file) => (Screener::load_with(file, options)?, None),
        None => {
            let store = models(config)?;
            let started = store.start(|signed| load_checked(signed, options))?;
            if let Some(reason) = &started.went_back {
                warn!("this board went back to the model before: {reason}");
            }
            (started.ready, Some(InstalledModel::new(store, options, started.sha256)))
        }
    };
    for warning in screener.warnings() {
        warn!("{warning}");
    }
    let contract = screener.contract();
    if contract.has_random_backbones() {
        warn!("{RANDOM_WARNING}");
    }
    if contract.known_answer.is_none() && !config.model.unchecked {
        bail!(
            "model {}: it holds no known answer, so the device cannot check itself; export it with \
             `--precision int8`, or set `unchecked = true` under `[model]`",
            name(config)
        );
    }
    let hash: Hash256 = screener.model_sha256().parse()?;
    let identity = ModelIdentity { hash, threshold: contract.threshold };
    Ok((screener, identity, installed))
}

/// Loads and checks the model and changes nothing, not even the count of starts on trial.
fn check(config: &Config) -> Result<()> {
    if config.model.file.is_none() {
        let options = engine(config)?;
        models(config)?.check(|signed| self_test(signed, options))?;
        return Ok(());
    }
    let (screener, ..) = load(config)?;
    screener.self_test().context("self-test")
}

fn engine(config: &Config) -> Result<EngineOptions> {
    let choice: EngineChoice = config.model.engine.parse().map_err(anyhow::Error::msg)?;
    Ok(EngineOptions { choice, threads: config.model.threads.unwrap_or_else(big_cores) })
}

/// The models of this board.
fn models(config: &Config) -> Result<ModelStore<models::ModelFolder>> {
    let keys = TrustedKeys::read(&config.model.keys)?;
    Ok(ModelStore::new(models::ModelFolder::new(&config.model.store), keys))
}

/// Where the model lies, for people.
fn name(config: &Config) -> String {
    config.model.file.as_ref().unwrap_or(&config.model.store).display().to_string()
}

/// What the page says of the model.
fn facts(config: &Config, screener: &Screener, model: ModelIdentity) -> ModelFacts {
    ModelFacts::of(screener.contract(), model.hash, &name(config), screener.engine_name())
}

fn sources(config: &Config) -> Vec<Box<dyn Input>> {
    let mut all: Vec<Box<dyn Input>> = Vec::new();
    all.extend(config.stick.as_ref().map(watch_sticks));
    for folder in &config.folder {
        all.push(Box::new(Folder::new(folder.options())));
    }
    if let Some(camera) = &config.camera {
        all.push(Box::new(camera.source()));
    }
    all
}

fn watch_sticks(stick: &config::Stick) -> Box<dyn Input> {
    let own = |under: &PathBuf| -> Box<dyn Mounter> { Box::new(KernelMounter::new(under)) };
    Box::new(Stick::new(stick.options(), stick.mount_in.as_ref().map(own)))
}

/// Log lines go to the standard error, which the service manager keeps.
fn begin_log(form: LogForm) {
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).with_ansi(false);
    // It fails only if there is a log already, as in a test.
    let _ = match form {
        LogForm::Text => lines.try_init(),
        LogForm::Json => lines.json().flatten_event(true).try_init(),
    };
}
