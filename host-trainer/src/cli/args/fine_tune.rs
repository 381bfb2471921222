//! The options of fine-tuning backbones.

use anyhow::ensure;
use clap::Args;

use crate::fine_tune::{FineTune, Unfreeze};

/// How layers of the backbones are trained after the head: always for all epochs, of which the one with the lowest
/// validation loss is kept, or the layers as before. Callbacks and `--monitor` apply to the head only.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fine-tuning")]
pub struct FineTuneArgs {
    /// Train layers of the backbones, too, after the head: `all`, or NET or NET:STAGE.. with commas between, such as
    /// densenet169:denseblock4..,mobilenet-v2:17... The epoch with the lowest validation loss is kept, or the layers as
    /// before if none is lower; --monitor and callbacks apply to the head only. With --recipe hardened: the layers that are
    /// trained before the head [default there: all]
    #[arg(long, value_name = "LAYERS", conflicts_with = "base")]
    pub unfreeze: Option<Unfreeze>,
    /// Passes over the training images [default: 5]
    #[arg(long, value_name = "N", requires = "unfreeze")]
    fine_tune_epochs: Option<usize>,
    /// Adam's learning rate for the backbones [default: 1e-5]
    #[arg(long, value_name = "RATE", requires = "unfreeze")]
    fine_tune_rate: Option<f64>,
}

impl FineTuneArgs {
    pub fn config(&self) -> Option<FineTune> {
        let unfreeze = self.unfreeze.clone()?;
        Some(FineTune {
            unfreeze,
            epochs: self.fine_tune_epochs.unwrap_or(5),
            learning_rate: self.fine_tune_rate.unwrap_or(1e-5),
        })
    }

    /// # Errors
    /// If a number of the fine-tuning was given, which has no effect on the training before the head.
    pub fn check_unused(&self) -> anyhow::Result<()> {
        ensure!(
            self.fine_tune_epochs.is_none() && self.fine_tune_rate.is_none(),
            "--fine-tune-epochs and --fine-tune-rate have no effect with --recipe hardened; use --sizes and \
             --backbone-rate"
        );
        Ok(())
    }
}
