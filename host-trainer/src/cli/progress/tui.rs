//! burn's terminal dashboard of a training: curves, metrics and progress.

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
use crate::cancel::CancelToken;
use crate::head::{Epoch, Step};

/// The metrics that are drawn, in the order of their tabs.
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

    /// A point of the curve.
    fn point(self, value: f64) -> MetricState {
        MetricState::Numeric(self.entry(value, ""), Some(NumericEntry::Value(value)))
    }

    /// The value in an unfinished epoch: a number beside the curve.
    fn so_far(self, value: f64) -> MetricState {
        MetricState::Generic(self.entry(value, " so far"))
    }
}

/// The dashboard. Dropping it restores the terminal.
pub(super) struct Dashboard {
    renderer: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
    cancel: CancelToken,
    epochs: usize,
    /// Epochs that were finished before.
    finished: usize,
    started: bool,
    // Dropped last: the renderer has restored the terminal by then.
    _terminal: Terminal,
}

impl Dashboard {
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

    /// Takes the terminal. Ctrl-C and the menu of the key `q` cancel.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(epochs: usize, finished: &[Epoch], cancel: CancelToken) -> std::io::Result<Self> {
        let interrupter = Interrupter::new();
        let terminal = Terminal::watch(cancel.clone())?;
        let mut renderer = TuiMetricsRendererWrapper::new(interrupter.clone(), Some(finished.len()));
        terminal.let_ctrl_c_through()?;
        Figure::ALL.into_iter().for_each(|figure| renderer.register_metric(figure.definition()));
        let mut dashboard = Dashboard {
            renderer,
            interrupter,
            cancel,
            epochs,
            finished: finished.len(),
            started: false,
            _terminal: terminal,
        };
        finished.iter().for_each(|epoch| dashboard.points(epoch));
        Ok(dashboard)
    }

    pub fn step(&mut self, step: &Step, label: &str) {
        if !self.started {
            // burn counts the running epoch, and takes those before it for finished.
            self.renderer.start(self.epochs, self.finished + 1, Some(step.total), Some(label));
            self.renderer.start_split("train", step.total);
            self.started = true;
        }
        self.renderer.update_split(step.done);
        self.renderer.update_train(Figure::Loss.so_far(step.train_loss));
        self.renderer.update_train(Figure::Accuracy.so_far(step.train_accuracy));
        self.check_interrupter();
    }

    pub fn epoch(&mut self, epoch: &Epoch) {
        self.points(epoch);
        self.renderer.update_epoch(epoch.epoch);
        self.check_interrupter();
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

    /// Cancels if the user asked for it in the menu of the dashboard.
    fn check_interrupter(&self) {
        if self.interrupter.should_stop() {
            self.cancel.cancel();
        }
    }
}
