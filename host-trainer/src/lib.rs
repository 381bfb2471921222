//! Trains the stacked classifier and exports it.
pub mod backbones;
pub mod weights;
