//! The options of training a head.

use clap::{Args, ValueEnum};

use super::recipe::Recipe;
use crate::fine_tune::{FineTune, Unfreeze};
use crate::head::callbacks::{EarlyStopping, Monitor, ReduceOnPlateau};
use crate::head::{ClassWeights, Keep, TrainingConfig};

/// How the head is trained.
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
    /// Images a step
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// Adam's step size
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
    /// Figure by which the epoch is chosen whose weights are kept
    #[arg(long, value_enum, default_value = "val-loss")]
    monitor: Monitor,
    /// Callbacks all at once; the options below change single numbers of them [default: what --recipe says]
    #[arg(long, value_enum, value_name = "WHICH")]
    callbacks: Option<Callbacks>,
    /// Stop when a figure no longer betters
    #[arg(long)]
    early_stopping: bool,
    /// Keep the weights that early stopping counts as best instead of those of --monitor
    #[arg(long)]
    restore_best: bool,
    /// The figure that early stopping watches
    #[arg(long, value_enum, value_name = "MONITOR", default_value = "val-accuracy", requires = "stops")]
    stop_monitor: Monitor,
    /// By more than this the figure must better
    #[arg(long, default_value_t = EarlyStopping::default().min_delta, requires = "stops")]
    min_delta: f64,
    /// Epochs without a better figure until it stops
    #[arg(long, default_value_t = EarlyStopping::default().patience, requires = "stops")]
    patience: usize,
    /// Make Adam's step size smaller when a figure no longer betters
    #[arg(long)]
    reduce_on_plateau: bool,
    /// The figure that is watched for it
    #[arg(long, value_enum, value_name = "MONITOR", default_value = "val-loss", requires = "reduces")]
    plateau_monitor: Monitor,
    /// What the step size is multiplied with
    #[arg(long, default_value_t = ReduceOnPlateau::default().factor, requires = "reduces")]
    plateau_factor: f64,
    /// Epochs without a better figure until it is
    #[arg(long, default_value_t = ReduceOnPlateau::default().patience, requires = "reduces")]
    plateau_patience: usize,
    /// By more than this the figure must better
    #[arg(long, default_value_t = ReduceOnPlateau::default().min_delta, requires = "reduces")]
    plateau_min_delta: f64,
    /// Epochs after a reduction that are not counted
    #[arg(long, default_value_t = ReduceOnPlateau::default().cooldown, requires = "reduces")]
    plateau_cooldown: usize,
    /// The step size does not go below this
    #[arg(long, default_value_t = ReduceOnPlateau::default().floor, requires = "reduces")]
    min_learning_rate: f64,
}

/// Sets of callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Callbacks {
    /// Every epoch is run at the same step size; the best one's weights are kept
    None,
    /// Those of the article: --early-stopping and --reduce-on-plateau beside the best one's weights
    Article,
}

/// How layers of the backbones are trained after the head: always for all passes, of which the one with the lowest
/// validation loss is kept, or the layers as they were. Callbacks and `--monitor` are the head's alone.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fine-tuning")]
pub struct FineTuneArgs {
    /// Train layers of the backbones, too, after the head: `all`, or NET or NET:STAGE.. with commas between, such as
    /// densenet169:denseblock4..,mobilenet-v2:17... The pass with the lowest validation loss is kept, or the layers as they
    /// were if none is lower; --monitor and callbacks are for the head alone
    #[arg(long, value_name = "LAYERS", conflicts_with = "base")]
    unfreeze: Option<Unfreeze>,
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = 5, requires = "unfreeze")]
    fine_tune_epochs: usize,
    /// Adam's step size for the backbones
    #[arg(long, value_name = "RATE", default_value_t = 1e-5, requires = "unfreeze")]
    fine_tune_rate: f64,
}

impl FineTuneArgs {
    /// The options as the trainer takes them.
    pub fn config(&self) -> Option<FineTune> {
        let unfreeze = self.unfreeze.clone()?;
        Some(FineTune { unfreeze, epochs: self.fine_tune_epochs, learning_rate: self.fine_tune_rate })
    }
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
