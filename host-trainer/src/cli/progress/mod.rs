//! A live picture of trainings and bars on a terminal, plain lines elsewhere.

#[cfg(all(unix, feature = "tui"))]
mod live;
#[cfg(not(all(unix, feature = "tui")))]
#[path = "no_live.rs"]
mod live;
#[cfg(all(unix, feature = "tui"))]
mod terminal;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use live::Live;

use crate::head::{Epoch, Step};
use crate::pipeline::{Event, Trained};
use crate::stop::Stop;

/// Between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Shows what a command does, on standard error; a live picture takes the whole terminal.
pub struct Reporter {
    quiet: bool,
    json_log: bool,
    terminal: bool,
    bar: Option<ProgressBar>,
    /// When the counting began, at how many, and when the last line was written.
    counting: Option<(Instant, usize, Instant)>,
    /// Asked for by the live picture, if there may be one.
    live_stop: Option<Stop>,
    training: Option<Training>,
}

/// The training that is under way.
struct Training {
    what: Trained,
    of: usize,
    done: Vec<Epoch>,
    picture: Option<Live>,
    /// Lines that are due when the picture is gone.
    lines: Vec<String>,
}

impl Reporter {
    /// A reporter; a quiet one shows warnings only.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Reporter {
            quiet,
            json_log: false,
            terminal,
            bar: None,
            counting: None,
            live_stop: None,
            training: None,
        }
    }

    /// A reporter that writes every event as one JSON object a line.
    pub fn json_lines() -> Self {
        let mut reporter = Reporter::new(false);
        (reporter.json_log, reporter.terminal) = (true, false);
        reporter
    }

    /// Shows trainings as live pictures if there is a terminal for them; `stop` is what they ask for.
    pub fn with_live_picture(mut self, stop: Stop) -> Self {
        let wanted = !self.quiet && !self.json_log && Live::possible();
        self.live_stop = wanted.then_some(stop);
        self
    }

    /// Shows one event.
    pub fn show(&mut self, event: Event<'_>) {
        if self.json_log {
            self.log(&event);
            return;
        }
        match event {
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            _ if self.quiet => {}
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
            Event::Calibrated { done, total } => self.count("calibration", done, total),
            Event::Evaluated { done, total } => self.count("screening", done, total),
            Event::TrainingBegins { what, of, done } => self.training_begins(what, of, done),
            Event::Step(step) => self.step(&step),
            Event::Epoch { epoch, of } => {
                if let Some(picture) = self.training.as_mut().and_then(|training| training.picture.as_mut()) {
                    picture.epoch(epoch);
                }
                self.line(&epoch_line(epoch, of));
            }
            Event::TrainingEnds => self.training_ends(),
        }
    }

    /// Counts are logged as they begin, as they end, and every [`LINE_EVERY`] between.
    fn log(&mut self, event: &Event<'_>) {
        if let Some((done, total)) = event.count() {
            let now = Instant::now();
            let due = self.counting.is_none_or(|(_, _, last)| now - last >= LINE_EVERY);
            self.counting = (done < total).then_some(match self.counting {
                Some((begun, first, last)) => (begun, first, if due { now } else { last }),
                None => (now, done, now),
            });
            if !due && done < total {
                return;
            }
        }
        match serde_json::to_string(event) {
            Ok(line) => eprintln!("{line}"),
            // Every event has a JSON form: this would be a fault of its declaration.
            Err(error) => eprintln!("warning: an event could not be written: {error}"),
        }
    }

    fn training_begins(&mut self, what: Trained, of: usize, done: &[Epoch]) {
        if !done.is_empty() {
            self.line(&format!("{}: {} of {of} epochs were done before", what.name(), done.len()));
        }
        self.training = Some(Training { what, of, done: done.to_vec(), picture: None, lines: Vec::new() });
    }

    fn step(&mut self, step: &Step) {
        let Some(training) = &mut self.training else { return };
        if let Some(stop) = &self.live_stop
            && training.picture.is_none()
        {
            match Live::open(training.of, &training.done, stop.clone()) {
                Ok(picture) => training.picture = Some(picture),
                Err(error) => {
                    self.live_stop = None;
                    eprintln!("warning: no live picture on this terminal: {error}");
                }
            }
        }
        match &mut training.picture {
            Some(picture) => picture.step(step, training.what.name()),
            // A pass of the head takes seconds.
            None if training.what == Trained::Head => {}
            None => self.count("trained", step.done, step.total),
        }
    }

    fn training_ends(&mut self) {
        let Some(Training { picture, lines, .. }) = self.training.take() else { return };
        // The terminal first.
        drop(picture);
        lines.iter().for_each(|line| self.line(line));
    }

    fn line(&mut self, text: &str) {
        match (&mut self.training, &self.bar) {
            (Some(Training { picture: Some(_), lines, .. }), _) => lines.push(text.to_owned()),
            (_, Some(bar)) => bar.suspend(|| eprintln!("{text}")),
            (_, None) => eprintln!("{text}"),
        }
    }

    fn count(&mut self, what: &'static str, done: usize, total: usize) {
        let now = Instant::now();
        let (begun, first, last) = *self.counting.get_or_insert((now, done, now));
        if self.terminal {
            let bar = self.bar.get_or_insert_with(|| new_bar(what, done, total));
            bar.set_position(done as u64);
        } else if done > first && (done == total || now - last >= LINE_EVERY) {
            let rate = (done - first) as f64 / (now - begun).as_secs_f64().max(1e-9);
            let left = (total - done) as f64 / rate;
            eprintln!("{what} {done}/{total}  {rate:.1} images/s  {left:.0} s left");
            self.counting = Some((begun, first, now));
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
    /// A training that failed or was stopped leaves the terminal too.
    fn drop(&mut self) {
        self.training_ends();
    }
}

fn epoch_line(epoch: &Epoch, of: usize) -> String {
    let auroc = match epoch.validation_auroc {
        Some(value) => format!("{value:.4}"),
        None => "undefined".to_owned(),
    };
    format!(
        "epoch {:>3}/{of}  train loss {:.4} accuracy {:.4}  validation loss {:.4} accuracy {:.4} AUROC {auroc}  \
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
