//! The frozen feature extractors. A backbone is one file here and one line in [`BackboneKind::ALL`].

mod adapter;

pub use adapter::input_adapter;

use serde::{Deserialize, Serialize};

/// The nets that can stand in the stack.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum BackboneKind {
    /// DenseNet with 169 layers (Huang 2017, arXiv 1608.06993).
    #[value(name = "densenet169")]
    #[serde(rename = "densenet169")]
    DenseNet169,
    /// MobileNetV2, width 1.0 (Sandler 2018, arXiv 1801.04381).
    MobilenetV2,
}

impl BackboneKind {
    /// Every backbone, in the order in which features are joined.
    pub const ALL: [BackboneKind; 2] = [BackboneKind::DenseNet169, BackboneKind::MobilenetV2];

    /// The name on the command line and in packages.
    pub fn name(self) -> &'static str {
        match self {
            BackboneKind::DenseNet169 => "densenet169",
            BackboneKind::MobilenetV2 => "mobilenet-v2",
        }
    }

    /// Number of channels after global average pooling.
    pub fn features(self) -> usize {
        match self {
            BackboneKind::DenseNet169 => 1664,
            BackboneKind::MobilenetV2 => 1280,
        }
    }
}
