//! The backbones as burn modules: nets that were trained on other images and give features.

mod adapter;
mod densenet;
mod feature_map;
mod layers;
mod mobilenet_v2;
mod net;

pub use adapter::input_adapter;
pub use layers::TrainedLayers;
pub use net::{Backbone, Net};
