//! Trains the stacked classifier and exports it.
pub mod backbones;
pub mod cli;
pub mod data;
pub mod metrics;
pub mod weights;
