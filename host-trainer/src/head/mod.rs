//! The small classifier that is trained on the backbones' pooled features.

mod weights;

pub use weights::{BatchNorm, Dense, HeadError, HeadWeights};
