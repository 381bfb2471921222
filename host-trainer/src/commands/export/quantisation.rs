//! The options of an int8 export.

use crate::evaluation::AccuracyBudget;
use crate::quantise::CALIBRATION_IMAGES;

/// Which features the head of an int8 model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadTrainedOn {
    /// Features of the int8 backbones, as the device computes them.
    #[default]
    Int8,
    /// Features of the float backbones, as the run computed them.
    Float,
}

impl HeadTrainedOn {
    pub(super) fn name(self) -> &'static str {
        match self {
            HeadTrainedOn::Int8 => "int8",
            HeadTrainedOn::Float => "float",
        }
    }
}

/// How backbones are quantised.
#[derive(Debug, Clone)]
pub struct QuantisationOptions {
    /// Number of training images that activation ranges are measured on; fewer if there are fewer.
    pub calibration_images: usize,
    pub head_trained_on: HeadTrainedOn,
    /// None: the model is written whatever it loses.
    pub budget: Option<AccuracyBudget>,
}

impl Default for QuantisationOptions {
    fn default() -> Self {
        QuantisationOptions {
            calibration_images: CALIBRATION_IMAGES,
            head_trained_on: HeadTrainedOn::default(),
            budget: Some(AccuracyBudget::default()),
        }
    }
}
