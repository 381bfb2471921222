//! burn's live picture of a training: curves, figures and how far it is.

use std::io::IsTerminal;
use std::sync::Arc;

use burn::train::Interrupter;
use burn::train::logger::TrainingProgressLogger;
use burn::train::metric::{
    MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};

use super::terminal::Terminal;
use crate::head::{Epoch, Step};
use crate::stop::Stop;

/// The figures that are drawn, in the order of their tabs.
#[derive(Clone, Copy)]
enum Figure {
    Loss,
    Accuracy,
    Auroc,
    LearningRate,
}

impl Figure {
    const ALL: [Figure; 4] = [Figure::Loss, Figure::Accuracy, Figure::Auroc, Figure::LearningRate];

    fn name(self) -> &'static str {
        match self {
            Figure::Loss => "Loss",
            Figure::Accuracy => "Accuracy",
            Figure::Auroc => "AUROC",
            Figure::LearningRate => "Learning rate",
        }
    }

    fn id(self) -> MetricId {
        MetricId::new(Arc::new(self.name().to_owned()))
    }

    fn definition(self) -> MetricDefinition {
        let higher_is_better = matches!(self, Figure::Accuracy | Figure::Auroc);
        MetricDefinition {
            metric_id: self.id(),
            name: Arc::new(self.name().to_owned()),
            description: None,
            attributes: NumericAttributes { unit: None, higher_is_better }.into(),
        }
    }

    fn entry(self, value: f64, note: &str) -> MetricEntry {
        let number = match self {
            Figure::LearningRate => format!("{value:.2e}"),
            _ => format!("{value:.4}"),
        };
        MetricEntry::new(self.id(), SerializedEntry::new(format!("{number}{note}"), value.to_string()))
    }

    /// A point of its curve.
    fn point(self, value: f64) -> MetricState {
        MetricState::Numeric(self.entry(value, ""), Some(NumericEntry::Value(value)))
    }

    /// What it is in a pass that has not ended: a number beside the curve.
    fn so_far(self, value: f64) -> MetricState {
        MetricState::Generic(self.entry(value, " so far"))
    }
}

/// The live picture. It is there until it is dropped; then the terminal is as it was.
pub(super) struct Live {
    renderer: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
    stop: Stop,
    /// How many passes there will be at most, and how many were done before.
    epochs: (usize, usize),
    started: bool,
    // Dropped after the picture, which has set the terminal back by then.
    _terminal: Terminal,
}

impl Live {
    /// Whether there is a terminal for it, on all three streams.
    pub fn possible() -> bool {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let terminals = [
            std::io::stdin().is_terminal(),
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
        ];
        !dumb && terminals == [true; 3]
    }

    /// Takes the terminal. `stop` is asked for by Ctrl-C and in the menu behind `q`.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn open(of: usize, done: &[Epoch], stop: Stop) -> std::io::Result<Self> {
        let interrupter = Interrupter::new();
        let terminal = Terminal::watch(stop.clone())?;
        let mut renderer = TuiMetricsRendererWrapper::new(interrupter.clone(), Some(done.len()));
        terminal.let_ctrl_c_through()?;
        Figure::ALL.into_iter().for_each(|figure| renderer.register_metric(figure.definition()));
        let epochs = (of, done.len());
        let mut live = Live { renderer, interrupter, stop, epochs, started: false, _terminal: terminal };
        done.iter().for_each(|epoch| live.points(epoch));
        Ok(live)
    }

    /// A step was made.
    pub fn step(&mut self, step: &Step, label: &str) {
        if !self.started {
            let (of, done) = self.epochs;
            // burn counts the pass that runs, and takes the passes before it for done.
            self.renderer.start(of, done + 1, Some(step.total), Some(label));
            self.renderer.start_split("train", step.total);
            self.started = true;
        }
        self.renderer.update_split(step.done);
        self.renderer.update_train(Figure::Loss.so_far(step.train_loss));
        self.renderer.update_train(Figure::Accuracy.so_far(step.train_accuracy));
        self.obey();
    }

    /// A pass ended.
    pub fn epoch(&mut self, epoch: &Epoch) {
        self.points(epoch);
        self.renderer.update_epoch(epoch.epoch);
        self.obey();
    }

    fn points(&mut self, epoch: &Epoch) {
        self.renderer.update_train(Figure::Loss.point(epoch.train_loss));
        self.renderer.update_valid(Figure::Loss.point(epoch.validation_loss));
        self.renderer.update_train(Figure::Accuracy.point(epoch.train_accuracy));
        self.renderer.update_valid(Figure::Accuracy.point(epoch.validation_accuracy));
        if let Some(auroc) = epoch.validation_auroc {
            self.renderer.update_valid(Figure::Auroc.point(auroc));
        }
        self.renderer.update_train(Figure::LearningRate.point(epoch.learning_rate));
    }

    /// What was asked for in the picture's own menu.
    fn obey(&self) {
        if self.interrupter.should_stop() {
            self.stop.ask();
        }
    }
}
