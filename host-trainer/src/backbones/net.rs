//! A backbone on one device, frozen except for named layers.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::densenet::DenseNet;
use super::layers::{LayerLoader, TensorCollector, TrainedLayers};
use super::mobilenet_v2::MobileNetV2;
use crate::architectures::{Architecture, BackboneKind};
use crate::weights::{Conventions, Padding, Provenance, WeightSet, WeightsError};

/// A feature extractor.
#[derive(Debug, Clone)]
pub struct Backbone {
    kind: BackboneKind,
    conventions: Conventions,
    net: Net,
}

// Two or three of these exist in a run: a box would only cost an indirection.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub enum Net {
    DenseNet(DenseNet),
    MobileNetV2(MobileNetV2),
}

impl Net {
    /// See [`Backbone::maps_observed`].
    fn maps(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        match self {
            Net::DenseNet(net) => net.forward(images, observe),
            Net::MobileNetV2(net) => net.forward(images, observe),
        }
    }

    /// See [`Backbone::pooled`].
    pub fn pooled(&self, images: Tensor<4>) -> Tensor<2> {
        let map = self.maps(images, &mut |_, _| {});
        let [n, channels, height, width] = map.dims();
        map.reshape([n, channels, height * width]).mean_dim(2).reshape([n, channels])
    }
}

impl Backbone {
    /// Puts the net that `set` belongs to on `device`.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] if tensors are missing, too many or wrongly shaped, all of them named;
    /// [`WeightsError::Unsupported`] if the net cannot be built with the conventions of the set.
    pub fn load(set: &WeightSet, device: &Device) -> Result<Backbone, WeightsError> {
        Self::load_trained(set, &TrainedLayers::default(), device)
    }

    /// As [`Backbone::load`], with some layers to be trained; `device` is then one that records gradients.
    ///
    /// # Errors
    /// As [`Backbone::load`].
    pub fn load_trained(
        set: &WeightSet,
        trained: &TrainedLayers,
        device: &Device,
    ) -> Result<Backbone, WeightsError> {
        set.check()?;
        let loader = LayerLoader { set, device, trained };
        let net = match set.backbone.architecture() {
            Architecture::DenseNet(_) if set.conventions.padding != Padding::Symmetric => {
                return Err(WeightsError::Unsupported {
                    backbone: set.backbone.name().to_owned(),
                    what: "only symmetric padding is defined for it".to_owned(),
                });
            }
            Architecture::DenseNet(config) => Net::DenseNet(DenseNet::load(&config, &loader)?),
            Architecture::MobileNetV2 => Net::MobileNetV2(MobileNetV2::load(&loader)?),
        };
        Ok(Backbone { kind: set.backbone, conventions: set.conventions.clone(), net })
    }

    pub fn kind(&self) -> BackboneKind {
        self.kind
    }

    /// A net as a training gives it.
    pub(crate) fn of_net(kind: BackboneKind, conventions: &Conventions, net: Net) -> Backbone {
        Backbone { kind, conventions: conventions.clone(), net }
    }

    /// The net, to be trained.
    pub fn into_net(self) -> Net {
        self.net
    }

    /// The tensors as they are now.
    ///
    /// # Errors
    /// The error of the device if a tensor cannot be read.
    pub(crate) fn weights(&self, provenance: Provenance) -> Result<WeightSet, String> {
        let mut collector = TensorCollector::default();
        match &self.net {
            Net::DenseNet(net) => net.take(&mut collector),
            Net::MobileNetV2(net) => net.take(&mut collector),
        }
        let conventions = self.conventions.clone();
        match collector.failure {
            Some(reason) => Err(reason),
            None => {
                Ok(WeightSet { backbone: self.kind, conventions, provenance, tensors: collector.tensors })
            }
        }
    }

    /// What it takes for granted; see [`super::input_adapter`] for its input.
    pub fn conventions(&self) -> &Conventions {
        &self.conventions
    }

    /// The last feature map after its ReLU: `[n, 3, s, s]` to `[n, features, s / 32, s / 32]`. Images are
    /// RGB in the net's own normalisation; `s` is a multiple of 32.
    pub fn maps(&self, images: Tensor<4>) -> Tensor<4> {
        self.maps_observed(images, &mut |_, _| {})
    }

    /// As [`Backbone::maps`], and shows `observe` the map after each stage under torchvision's name of it
    /// (`features.denseblock1`, `features.7`, …).
    pub fn maps_observed(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        self.net.maps(images, observe)
    }

    /// The features: `[n, 3, s, s]` to `[n, features]`, the mean of [`Backbone::maps`] over the image.
    pub fn pooled(&self, images: Tensor<4>) -> Tensor<2> {
        self.net.pooled(images)
    }
}
