//! Inference: kernels, fusing, and the engine that runs a model.
pub mod fuse;
pub(crate) mod kernels;
