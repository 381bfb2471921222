//! Bars on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::pipeline::Event;

/// Between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Shows what a command does, on standard error.
pub struct Reporter {
    quiet: bool,
    json_log: bool,
    terminal: bool,
    bar: Option<ProgressBar>,
    /// When the counting began, at how many, and when the last line was written.
    counting: Option<(Instant, usize, Instant)>,
}

impl Reporter {
    /// A reporter; a quiet one shows warnings only.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Reporter { quiet, json_log: false, terminal, bar: None, counting: None }
    }

    /// A reporter that writes every event as one JSON object a line.
    pub fn json_lines() -> Self {
        Reporter { json_log: true, terminal: false, ..Reporter::new(false) }
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
            Event::Epoch { epoch, of } => {
                let auroc = match epoch.validation_auroc {
                    Some(value) => format!("{value:.4}"),
                    None => "undefined".to_owned(),
                };
                self.line(&format!(
                    "epoch {:>3}/{of}  train loss {:.4} accuracy {:.4}  validation loss {:.4} accuracy {:.4} AUROC {auroc}",
                    epoch.epoch, epoch.train_loss, epoch.train_accuracy, epoch.validation_loss, epoch.validation_accuracy,
                ));
            }
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

    fn line(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
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

fn new_bar(what: &'static str, done: usize, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_position(done as u64).with_prefix(what);
    let template = "{prefix} [{bar:30}] {pos}/{len} images  {per_sec}  {eta} left";
    // A template that does not parse would be a fault of this file: the plain style still shows the count.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}
