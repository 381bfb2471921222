//! The options of training the classifier head.

use clap::Args;

use super::recipe::{Callbacks, Recipe};
use crate::head::callbacks::{EarlyStopping, Monitor, ReduceOnPlateau};
use crate::head::{ClassWeights, Keep, TrainingConfig};

/// How the classifier head is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
#[command(group = clap::ArgGroup::new("stops").args(["early_stopping", "callbacks"]).multiple(true))]
#[command(group = clap::ArgGroup::new("reduces").args(["reduce_on_plateau", "callbacks"]).multiple(true))]
pub struct TrainingArgs {
    /// Seeds the split, the head, the order of the batches, the views and dropout
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Passes over the training images
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// Images per step
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = 1e-4)]
    learning_rate: f64,
    /// Share of hidden values that dropout sets to zero
    #[arg(long, default_value_t = 0.5)]
    dropout: f32,
    /// Widths of the two hidden layers
    #[arg(long, value_name = "WIDTH,WIDTH", value_parser = hidden, default_value = "256,128")]
    hidden: [usize; 2],
    /// How much each class weighs in the loss
    #[arg(long, value_enum, default_value = "balanced")]
    class_weights: ClassWeights,
    /// Share of each label that is spread over both classes
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    label_smoothing: f32,
    /// Metric by which the epoch is chosen whose weights are kept
    #[arg(long, value_enum, default_value = "val-loss")]
    monitor: Monitor,
    /// A set of callbacks; the options below replace single numbers of it [default: that of --recipe]
    #[arg(long, value_enum, value_name = "WHICH")]
    callbacks: Option<Callbacks>,
    /// Stop when a metric no longer improves
    #[arg(long)]
    early_stopping: bool,
    /// Keep the weights that early stopping counts as best instead of those of --monitor
    #[arg(long)]
    restore_best: bool,
    /// The metric that early stopping monitors
    #[arg(long, value_enum, value_name = "MONITOR", default_value = "val-accuracy", requires = "stops")]
    stop_monitor: Monitor,
    /// The metric must improve by more than this
    #[arg(long, default_value_t = EarlyStopping::default().min_delta, requires = "stops")]
    min_delta: f64,
    /// Epochs without an improvement until the training stops
    #[arg(long, default_value_t = EarlyStopping::default().patience, requires = "stops")]
    patience: usize,
    /// Reduce Adam's learning rate when a metric no longer improves
    #[arg(long)]
    reduce_on_plateau: bool,
    /// The metric that is monitored for it
    #[arg(long, value_enum, value_name = "MONITOR", default_value = "val-loss", requires = "reduces")]
    plateau_monitor: Monitor,
    /// What the learning rate is multiplied with
    #[arg(long, default_value_t = ReduceOnPlateau::default().factor, requires = "reduces")]
    plateau_factor: f64,
    /// Epochs without an improvement until it is reduced
    #[arg(long, default_value_t = ReduceOnPlateau::default().patience, requires = "reduces")]
    plateau_patience: usize,
    /// The metric must improve by more than this
    #[arg(long, default_value_t = ReduceOnPlateau::default().min_delta, requires = "reduces")]
    plateau_min_delta: f64,
    /// Epochs after a reduction that are not counted
    #[arg(long, default_value_t = ReduceOnPlateau::default().cooldown, requires = "reduces")]
    plateau_cooldown: usize,
    /// The learning rate does not go below this
    #[arg(long, default_value_t = ReduceOnPlateau::default().floor, requires = "reduces")]
    min_learning_rate: f64,
}

impl TrainingArgs {
    /// The options as the trainer takes them.
    pub fn config(&self, recipe: Recipe) -> TrainingConfig {
        let early_stopping =
            EarlyStopping { monitor: self.stop_monitor, min_delta: self.min_delta, patience: self.patience };
        let reduce_on_plateau = ReduceOnPlateau {
            monitor: self.plateau_monitor,
            factor: self.plateau_factor,
            patience: self.plateau_patience,
            min_delta: self.plateau_min_delta,
            cooldown: self.plateau_cooldown,
            floor: self.min_learning_rate,
        };
        let article = self.callbacks.unwrap_or(recipe.callbacks()) == Callbacks::Article;
        TrainingConfig {
            seed: self.seed,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            dropout: self.dropout,
            hidden: self.hidden,
            class_weights: self.class_weights,
            label_smoothing: self.label_smoothing,
            keep: if self.restore_best { Keep::EarlyStopping } else { Keep::Best(self.monitor) },
            early_stopping: (article || self.early_stopping).then_some(early_stopping),
            reduce_on_plateau: (article || self.reduce_on_plateau).then_some(reduce_on_plateau),
        }
    }
}

fn hidden(text: &str) -> Result<[usize; 2], String> {
    let parsed: Result<Vec<usize>, _> = text.split(',').map(|width| width.trim().parse()).collect();
    match parsed.as_deref() {
        Ok([first, second]) => Ok([*first, *second]),
        _ => Err(format!("`{text}` is not two widths such as 256,128")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        training: TrainingArgs,
    }

    fn config(options: &[&str]) -> TrainingConfig {
        Line::parse_from(["fit"].iter().chain(options)).training.config(Recipe::Robust)
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(config(&[]), TrainingConfig::default());
    }

    #[test]
    fn a_number_of_a_callback_that_is_not_asked_for_is_refused() {
        for options in [["--patience", "3"], ["--stop-monitor", "val-loss"], ["--plateau-factor", "0.5"]] {
            assert!(Line::try_parse_from(["fit"].into_iter().chain(options)).is_err(), "{options:?}");
        }
        let stopping = config(&["--callbacks", "article", "--patience", "3"]).early_stopping;
        assert_eq!(stopping.map(|stopping| stopping.patience), Some(3));
    }

    #[test]
    fn the_articles_callbacks_by_one_flag() {
        let article = config(&["--callbacks", "article"]);
        assert_eq!(article, config(&["--early-stopping", "--reduce-on-plateau"]));
        let recipe = |options: &[&str]| {
            Line::parse_from(["fit"].iter().chain(options)).training.config(Recipe::Article)
        };
        assert_eq!(recipe(&[]), article);
        assert_eq!(recipe(&["--callbacks", "none"]), TrainingConfig::default());
        let expected = EarlyStopping { monitor: Monitor::ValAccuracy, min_delta: 0.01, patience: 6 };
        assert_eq!(article.early_stopping, Some(expected));
        assert_eq!(article.keep, Keep::Best(Monitor::ValLoss));
        assert_eq!(config(&["--callbacks", "article", "--restore-best"]).keep, Keep::EarlyStopping);
    }
}
