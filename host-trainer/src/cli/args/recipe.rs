//! Named sets of defaults for `fit` and `features`.

use xray_core::preprocess::Intensity;

use super::training::Callbacks;
use crate::data::augment::Preset;
use crate::pipeline::ThresholdRule;
use crate::run::ChooseOn;

/// What options that are not named on the command line are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Recipe {
    /// Training images as they are; epoch, temperature and threshold chosen on changed validation images, too
    Robust,
    /// As in the article: mirror images, levels as they are, its callbacks, probabilities as the network gives them, Youden's
    /// index on validation images as they are
    Article,
}

impl Recipe {
    /// How training images are varied. Not at all in `robust`: in front of frozen backbones that does better on changed
    /// validation images than any variation that was tried (docs/ablation.md).
    pub fn augment(self) -> Preset {
        match self {
            Recipe::Robust => Preset::None,
            Recipe::Article => Preset::Article,
        }
    }

    /// What is done to the grey levels.
    pub fn intensity(self) -> Intensity {
        match self {
            Recipe::Robust | Recipe::Article => Intensity::None,
        }
    }

    /// What epoch, temperature and threshold are chosen on.
    pub fn choose_on(self) -> ChooseOn {
        match self {
            Recipe::Robust => ChooseOn::Corrupted,
            Recipe::Article => ChooseOn::Clean,
        }
    }

    /// Changes that each validation image is seen under: enough that every kind of the suite is met by a hundred and
    /// more of five hundred images, at the cost of the features of six more forms of each.
    pub fn corruptions(self) -> u32 {
        match self {
            Recipe::Robust => 6,
            Recipe::Article => 0,
        }
    }

    /// Whether training ends early and its step becomes smaller, as in the article.
    pub fn callbacks(self) -> Callbacks {
        match self {
            Recipe::Robust => Callbacks::None,
            Recipe::Article => Callbacks::Article,
        }
    }

    /// Whether a temperature is fitted.
    pub fn calibrates(self) -> bool {
        match self {
            Recipe::Robust => true,
            Recipe::Article => false,
        }
    }

    /// How the threshold is chosen.
    pub fn threshold(self) -> ThresholdRule {
        match self {
            Recipe::Robust => ThresholdRule::Sensitivity(0.97),
            Recipe::Article => ThresholdRule::Youden,
        }
    }
}
