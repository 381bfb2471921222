//! Shows the progress of a command: a dashboard of trainings and progress bars on a terminal, plain lines elsewhere.

#[cfg(not(all(unix, feature = "tui")))]
mod no_tui;
#[cfg(all(unix, feature = "tui"))]
mod terminal;
#[cfg(all(unix, feature = "tui"))]
mod tui;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use xray_core::screening::{printable, printable_json};

#[cfg(not(all(unix, feature = "tui")))]
use no_tui::Dashboard;
#[cfg(all(unix, feature = "tui"))]
use tui::Dashboard;

use crate::cancel::CancelToken;
use crate::device::ChosenDevice;
use crate::head::{Epoch, Step};
use crate::pipeline::{Event, TrainingTarget};

/// Interval of progress lines without a terminal.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Shows the events of a command on standard error; the dashboard uses the whole terminal.
pub struct Reporter {
    verbosity: Verbosity,
    json_log: bool,
    terminal: bool,
    bar: Option<ProgressBar>,
    counting: Option<Counting>,
    /// What the dashboard cancels, if there may be one.
    dashboard_cancel: Option<CancelToken>,
    training: Option<Training>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verbosity {
    Warnings,
    WarningsAndDevice,
    All,
}

/// A count that is in progress.
#[derive(Clone, Copy)]
struct Counting {
    start: Instant,
    /// The count at the start.
    first: usize,
    last_line: Instant,
}

/// The training in progress.
struct Training {
    target: TrainingTarget,
    epochs: usize,
    finished: Vec<Epoch>,
    dashboard: Option<Dashboard>,
    /// Lines to write when the dashboard is closed.
    lines: Vec<String>,
}

impl Reporter {
    /// A reporter; a quiet one shows warnings only.
    pub fn new(quiet: bool) -> Self {
        Self::with(if quiet { Verbosity::Warnings } else { Verbosity::All })
    }

    /// A reporter that shows warnings and the device; a quiet one shows warnings only.
    pub fn warnings_and_device(quiet: bool) -> Self {
        Self::with(if quiet { Verbosity::Warnings } else { Verbosity::WarningsAndDevice })
    }

    fn with(verbosity: Verbosity) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Reporter {
            verbosity,
            json_log: false,
            terminal,
            bar: None,
            counting: None,
            dashboard_cancel: None,
            training: None,
        }
    }

    /// A reporter that writes every event as one JSON object a line.
    pub fn json_lines() -> Self {
        let mut reporter = Reporter::new(false);
        (reporter.json_log, reporter.terminal) = (true, false);
        reporter
    }

    /// Shows trainings on a dashboard if there is a terminal for it. The dashboard cancels through `cancel`.
    pub fn with_dashboard(mut self, cancel: CancelToken) -> Self {
        let wanted = self.verbosity == Verbosity::All && !self.json_log && Dashboard::possible();
        self.dashboard_cancel = wanted.then_some(cancel);
        self
    }

    /// Says which device computes, and how to get a GPU build if this build has no GPU backend.
    pub fn device(&mut self, device: &ChosenDevice) {
        let text = std::iter::once(format!("device: {}", device.description()))
            .chain(device.hint.map(str::to_owned));
        for line in text {
            match (self.json_log, self.verbosity) {
                (true, _) => self.log(&Event::Note(&line)),
                (false, Verbosity::Warnings) => {}
                (false, Verbosity::WarningsAndDevice | Verbosity::All) => self.line(&line),
            }
        }
    }

    /// Shows one event.
    pub fn show(&mut self, event: Event<'_>) {
        if self.json_log {
            self.log(&event);
            return;
        }
        match event {
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            _ if self.verbosity != Verbosity::All => {}
            Event::Note(text) => self.line(text),
            Event::Features(progress) => {
                if self.counting.is_none() && progress.cached > 0 {
                    self.line(&format!(
                        "{} of {} features are in the cache",
                        progress.cached, progress.total
                    ));
                }
                self.count("features", progress.done, progress.total);
            }
            Event::Calibrated { done, total } => self.count("activation ranges", done, total),
            Event::Evaluated { done, total } => self.count("screening", done, total),
            Event::TrainingBegins { target, epochs, finished } => {
                self.training_begins(target, epochs, finished);
            }
            Event::Step(step) => self.step(&step),
            Event::Epoch { epoch, epochs } => {
                let training = self.training.as_mut();
                if let Some(dashboard) = training.and_then(|training| training.dashboard.as_mut()) {
                    dashboard.epoch(epoch);
                }
                self.line(&epoch_line(epoch, epochs));
            }
            Event::TrainingEnds => self.training_ends(),
        }
    }

    /// Counts are logged at their start and end, and every [`LINE_EVERY`] between.
    fn log(&mut self, event: &Event<'_>) {
        if let Some((done, total)) = event.count() {
            let now = Instant::now();
            let due = self.counting.is_none_or(|counting| now - counting.last_line >= LINE_EVERY);
            self.counting = (done < total).then_some(match self.counting {
                Some(counting) if due => Counting { last_line: now, ..counting },
                Some(counting) => counting,
                None => Counting { start: now, first: done, last_line: now },
            });
            if !due && done < total {
                return;
            }
        }
        match serde_json::to_string(event) {
            Ok(line) => eprintln!("{}", printable_json(&line)),
            // Every event has a JSON form: this would be a fault of its declaration.
            Err(error) => eprintln!("warning: an event could not be written: {error}"),
        }
    }

    fn training_begins(&mut self, target: TrainingTarget, epochs: usize, finished: &[Epoch]) {
        if !finished.is_empty() {
            let done = finished.len();
            self.line(&format!("{}: {done} of {epochs} epochs were done before", target.name()));
        }
        let finished = finished.to_vec();
        self.training = Some(Training { target, epochs, finished, dashboard: None, lines: Vec::new() });
    }

    fn step(&mut self, step: &Step) {
        let Some(training) = &mut self.training else { return };
        if let Some(cancel) = &self.dashboard_cancel
            && training.dashboard.is_none()
        {
            match Dashboard::open(training.epochs, &training.finished, cancel.clone()) {
                Ok(dashboard) => training.dashboard = Some(dashboard),
                Err(error) => {
                    self.dashboard_cancel = None;
                    eprintln!("warning: no dashboard on this terminal: {error}");
                }
            }
        }
        match &mut training.dashboard {
            Some(dashboard) => dashboard.step(step, training.target.name()),
            // An epoch of the head takes seconds.
            None if training.target == TrainingTarget::Head => {}
            None => self.count("trained", step.done, step.total),
        }
    }

    fn training_ends(&mut self) {
        let Some(Training { dashboard, lines, .. }) = self.training.take() else { return };
        // Restores the terminal.
        drop(dashboard);
        lines.iter().for_each(|line| self.line(line));
    }

    /// Such a line may name a file.
    fn line(&mut self, text: &str) {
        let text = printable(text);
        match (&mut self.training, &self.bar) {
            (Some(Training { dashboard: Some(_), lines, .. }), _) => lines.push(text),
            (_, Some(bar)) => bar.suspend(|| eprintln!("{text}")),
            (_, None) => eprintln!("{text}"),
        }
    }

    fn count(&mut self, what: &'static str, done: usize, total: usize) {
        let now = Instant::now();
        let counting = self.counting.get_or_insert(Counting { start: now, first: done, last_line: now });
        let Counting { start, first, last_line } = *counting;
        if self.terminal {
            let bar = self.bar.get_or_insert_with(|| new_bar(what, done, total));
            bar.set_position(done as u64);
        } else if done > first && (done == total || now - last_line >= LINE_EVERY) {
            let rate = (done - first) as f64 / (now - start).as_secs_f64().max(1e-9);
            let left = (total - done) as f64 / rate;
            eprintln!("{what} {done}/{total}  {rate:.1} images/s  {left:.0} s left");
            counting.last_line = now;
        }
        if done == total {
            if let Some(bar) = self.bar.take() {
                bar.finish();
            }
            self.counting = None;
        }
    }
}

impl Drop for Reporter {
    /// The terminal is restored also when a training failed or was cancelled.
    fn drop(&mut self) {
        self.training_ends();
    }
}

fn epoch_line(epoch: &Epoch, epochs: usize) -> String {
    let auroc = match epoch.validation_auroc {
        Some(value) => format!("{value:.4}"),
        None => "undefined".to_owned(),
    };
    format!(
        "epoch {:>3}/{epochs}  train loss {:.4} accuracy {:.4}  validation loss {:.4} accuracy {:.4} AUROC {auroc}  \
         rate {:.1e}",
        epoch.epoch,
        epoch.train_loss,
        epoch.train_accuracy,
        epoch.validation_loss,
        epoch.validation_accuracy,
        epoch.learning_rate,
    )
}

fn new_bar(what: &'static str, done: usize, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_position(done as u64).with_prefix(what);
    let template = "{prefix} [{bar:30}] {pos}/{len} images  {per_sec}  {eta} left";
    // A template that does not parse would be a fault of this file: the plain style still shows the count.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}
