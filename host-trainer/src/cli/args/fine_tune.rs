//! The options of fine-tuning backbones.

use clap::Args;

use crate::fine_tune::{FineTune, Unfreeze};

/// How layers of the backbones are trained after the head: always for all epochs, of which the one with the lowest
/// validation loss is kept, or the layers as before. Callbacks and `--monitor` apply to the head only.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fine-tuning")]
pub struct FineTuneArgs {
    /// Train layers of the backbones, too, after the head: `all`, or NET or NET:STAGE.. with commas between, such as
    /// densenet169:denseblock4..,mobilenet-v2:17... The epoch with the lowest validation loss is kept, or the layers as
    /// before if none is lower; --monitor and callbacks apply to the head only
    #[arg(long, value_name = "LAYERS", conflicts_with = "base")]
    unfreeze: Option<Unfreeze>,
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = 5, requires = "unfreeze")]
    fine_tune_epochs: usize,
    /// Adam's learning rate for the backbones
    #[arg(long, value_name = "RATE", default_value_t = 1e-5, requires = "unfreeze")]
    fine_tune_rate: f64,
}

impl FineTuneArgs {
    pub fn config(&self) -> Option<FineTune> {
        let unfreeze = self.unfreeze.clone()?;
        Some(FineTune { unfreeze, epochs: self.fine_tune_epochs, learning_rate: self.fine_tune_rate })
    }
}
