//! The architectures of the backbones, without any tensor: names, layers, shapes.
//!
//! A new backbone is one file here, one in `backbones/` (its burn module) and one in `onnx/` (its nodes), and one line in
//! each function of [`BackboneKind`].

pub(crate) mod densenet;
pub(crate) mod layer;
pub(crate) mod mobilenet_v2;

use layer::Layer;
use serde::{Deserialize, Serialize};

/// The backbones that a stacked model can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackboneKind {
    /// DenseNet with 169 layers (Huang 2017, arXiv 1608.06993).
    #[serde(rename = "densenet169")]
    DenseNet169,
    /// MobileNetV2, width 1.0 (Sandler 2018, arXiv 1801.04381).
    MobilenetV2,
    /// DenseNet with 121 layers (Huang 2017, arXiv 1608.06993).
    #[serde(rename = "densenet121")]
    DenseNet121,
}

impl BackboneKind {
    /// Every backbone, in the order in which features are joined.
    pub const ALL: [BackboneKind; 3] =
        [BackboneKind::DenseNet169, BackboneKind::MobilenetV2, BackboneKind::DenseNet121];

    /// The backbones of the default stacked model.
    pub const DEFAULT_STACK: [BackboneKind; 2] = [BackboneKind::DenseNet169, BackboneKind::MobilenetV2];

    pub fn from_name(name: &str) -> Option<BackboneKind> {
        BackboneKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name on the command line and in packages.
    pub fn name(self) -> &'static str {
        match self {
            BackboneKind::DenseNet169 => "densenet169",
            BackboneKind::MobilenetV2 => "mobilenet-v2",
            BackboneKind::DenseNet121 => "densenet121",
        }
    }

    /// Number of channels after global average pooling.
    pub fn features(self) -> usize {
        match self {
            BackboneKind::DenseNet169 => 1664,
            BackboneKind::MobilenetV2 => 1280,
            BackboneKind::DenseNet121 => 1024,
        }
    }

    /// Names and shapes of the tensors that the feature extractor needs, under torchvision's names. Without
    /// the classifier and without `num_batches_tracked`, which inference does not use.
    pub fn parameters(self) -> Vec<(String, Vec<usize>)> {
        self.plan().iter().flat_map(Layer::parameters).collect()
    }

    /// Every layer with weights, in the order in which an image meets them.
    pub(crate) fn plan(self) -> Vec<Layer> {
        match self.architecture() {
            Architecture::DenseNet(config) => config.plan(),
            Architecture::MobileNetV2 => mobilenet_v2::plan(),
        }
    }

    /// Which net it is, and of which size.
    pub(crate) fn architecture(self) -> Architecture {
        match self {
            BackboneKind::DenseNet169 => Architecture::DenseNet(densenet::DENSENET169),
            BackboneKind::MobilenetV2 => Architecture::MobileNetV2,
            BackboneKind::DenseNet121 => Architecture::DenseNet(densenet::DENSENET121),
        }
    }
}

/// The families of nets that are built here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// DenseNet of some size.
    DenseNet(densenet::DenseNetConfig),
    /// MobileNetV2, width 1.0.
    MobileNetV2,
}
