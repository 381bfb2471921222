//! The options of training backbones before the head.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use crate::backbone_training::{BackboneRecipe, Sizes, TeacherFile};
use crate::data::augment::Hardening;
use crate::fine_tune::Unfreeze;

/// How backbones are trained with `--recipe hardened`; the defaults are what the hardened backbones were trained with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training of the backbones (--recipe hardened)")]
pub struct BackboneTrainingArgs {
    /// Passes over the training images and the side of the images in each, in pixels, a multiple of 32 from 64 to 1024
    /// [default: 4x128,2x160,3x224]
    #[arg(long, value_name = "PASSESxPIXELS,...")]
    sizes: Option<Sizes>,
    /// AdamW's largest learning rate [default: 6e-4]
    #[arg(long, value_name = "RATE")]
    backbone_rate: Option<f64>,
    /// AdamW's decoupled weight decay [default: 0.02]
    #[arg(long, value_name = "PART")]
    weight_decay: Option<f64>,
    /// Steps in which the learning rate rises; a cosine takes it to zero over all steps [default: 150]
    #[arg(long, value_name = "STEPS")]
    warm_up: Option<usize>,
    /// The largest norm of all gradients together [default: 5]
    #[arg(long, value_name = "NORM")]
    clip: Option<f64>,
    /// Part that a step keeps of the moving average of the weights, which is the result [default: 0.997]
    #[arg(long, value_name = "PART")]
    weight_average: Option<f64>,
    /// Images per step [default: 32]
    #[arg(long, value_name = "N")]
    backbone_batch: Option<usize>,
    /// Share of each label that is spread over both classes [default: 0.06]
    #[arg(long, value_name = "SHARE")]
    backbone_smoothing: Option<f64>,
    /// Share of the pooled features that dropout sets to zero [default: 0.3]
    #[arg(long, value_name = "SHARE")]
    backbone_dropout: Option<f64>,
    /// CSV file with the columns path,group: a further output learns to tell the groups of images with the finding; paths as
    /// `train/PNEUMONIA/1.jpeg`, of several hospitals with `NAME/` before them [default: bacteria and virus by the file names
    /// of the public set]
    #[arg(long, value_name = "FILE.csv")]
    subclasses: Option<PathBuf>,
    /// Weight of that output in the loss; 0 leaves it out [default: 0.3]
    #[arg(long, value_name = "WEIGHT")]
    subclass_weight: Option<f64>,
    /// Weights of a trained backbone whose output and pooled features are targets, too, such as
    /// mobilenet-v2=mobilenet_v2-hardened.safetensors
    #[arg(long, value_name = "NET=FILE")]
    distill_from: Option<TeacherFile>,
}

impl BackboneTrainingArgs {
    /// The recipe of these options.
    pub fn recipe(self, unfreeze: Option<Unfreeze>, hardening: Hardening) -> BackboneRecipe {
        let default = BackboneRecipe::default();
        BackboneRecipe {
            unfreeze: unfreeze.unwrap_or(default.unfreeze),
            sizes: self.sizes.unwrap_or(default.sizes),
            hardening,
            learning_rate: self.backbone_rate.unwrap_or(default.learning_rate),
            weight_decay: self.weight_decay.unwrap_or(default.weight_decay),
            warm_up: self.warm_up.unwrap_or(default.warm_up),
            clip: self.clip.unwrap_or(default.clip),
            average: self.weight_average.unwrap_or(default.average),
            batch_size: self.backbone_batch.unwrap_or(default.batch_size),
            label_smoothing: self.backbone_smoothing.unwrap_or(default.label_smoothing),
            dropout: self.backbone_dropout.unwrap_or(default.dropout),
            subclass_weight: self.subclass_weight.unwrap_or(default.subclass_weight),
            subclasses: self.subclasses.or(default.subclasses),
            teacher: self.distill_from.or(default.teacher),
        }
    }

    /// # Errors
    /// If one of them was given, which has no effect without the recipe.
    pub fn check_unused(&self) -> anyhow::Result<()> {
        let given = [
            ("sizes", self.sizes.is_some()),
            ("backbone-rate", self.backbone_rate.is_some()),
            ("weight-decay", self.weight_decay.is_some()),
            ("warm-up", self.warm_up.is_some()),
            ("clip", self.clip.is_some()),
            ("weight-average", self.weight_average.is_some()),
            ("backbone-batch", self.backbone_batch.is_some()),
            ("backbone-smoothing", self.backbone_smoothing.is_some()),
            ("backbone-dropout", self.backbone_dropout.is_some()),
            ("subclasses", self.subclasses.is_some()),
            ("subclass-weight", self.subclass_weight.is_some()),
            ("distill-from", self.distill_from.is_some()),
        ];
        for (name, given) in given {
            ensure!(
                !given,
                "--{name} has no effect without --recipe hardened; add it, or leave --{name} out"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        training: BackboneTrainingArgs,
    }

    fn args(options: &[&str]) -> BackboneTrainingArgs {
        Line::parse_from(["fit"].iter().chain(options)).training
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(args(&[]).recipe(None, Hardening::default()), BackboneRecipe::default());
        assert!(args(&[]).check_unused().is_ok());
    }

    #[test]
    fn an_option_without_the_recipe_is_named() {
        for option in ["--sizes=1x64", "--clip=1", "--distill-from=mobilenet-v2=a.pth", "--subclasses=a.csv"]
        {
            let error = args(&[option]).check_unused().err().map(|error| error.to_string());
            let name = option.split('=').next().unwrap_or(option);
            assert!(error.is_some_and(|error| error.starts_with(name)), "{option}");
        }
    }
}
