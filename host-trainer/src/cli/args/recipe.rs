//! Named sets of defaults for `fit` and `features`.

use xray_core::preprocess::Intensity;

use crate::data::augment::Preset;
use crate::evaluation::ThresholdRule;
use crate::run::ChooseOn;

/// Sets of callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Callbacks {
    /// All epochs at the same learning rate; the weights of the best one are kept
    None,
    /// Those of the article: --early-stopping and --reduce-on-plateau, and the weights of the best epoch
    Article,
}

/// The defaults of options that are not given on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Recipe {
    /// Training images as they are; epoch, temperature and threshold chosen on changed validation images, too
    Robust,
    /// As in the article: mirror images, levels as they are, its callbacks, probabilities as the network gives them, Youden's
    /// index on validation images as they are
    Article,
    /// As `robust`, but whole backbones are trained before the head, from images that every pass draws anew with frames
    /// and amplitude spectra of others, and the head sees such images, too; `fit` only, and slow on a CPU
    Hardened,
}

impl Recipe {
    /// How training images are varied. Not at all in `robust`: with frozen backbones this does better on changed
    /// validation images than any augmentation that was tried (docs/evidence/ablation.md).
    pub fn augment(self) -> Preset {
        match self {
            Recipe::Robust | Recipe::Hardened => Preset::None,
            Recipe::Article => Preset::Article,
        }
    }

    pub fn intensity(self) -> Intensity {
        match self {
            Recipe::Robust | Recipe::Article | Recipe::Hardened => Intensity::None,
        }
    }

    /// What epoch, temperature and threshold are chosen on.
    pub fn choose_on(self) -> ChooseOn {
        match self {
            Recipe::Robust | Recipe::Hardened => ChooseOn::Corrupted,
            Recipe::Article => ChooseOn::Clean,
        }
    }

    /// Changes of each validation image: enough that every kind of the suite occurs on more than a hundred of five hundred
    /// images, at the cost of the features of six more views of each.
    pub fn corruptions(self) -> u32 {
        match self {
            Recipe::Robust | Recipe::Hardened => 6,
            Recipe::Article => 0,
        }
    }

    /// Draws of each image for the head, if it is to see what the backbones saw.
    pub fn draws(self) -> Option<u32> {
        match self {
            Recipe::Robust | Recipe::Article => None,
            Recipe::Hardened => Some(3),
        }
    }

    pub fn callbacks(self) -> Callbacks {
        match self {
            Recipe::Robust | Recipe::Hardened => Callbacks::None,
            Recipe::Article => Callbacks::Article,
        }
    }

    /// Whether a temperature is fitted (probability calibration).
    pub fn calibrates(self) -> bool {
        match self {
            Recipe::Robust | Recipe::Hardened => true,
            Recipe::Article => false,
        }
    }

    pub fn threshold(self) -> ThresholdRule {
        match self {
            Recipe::Robust | Recipe::Hardened => ThresholdRule::Sensitivity(0.97),
            Recipe::Article => ThresholdRule::Youden,
        }
    }
}
