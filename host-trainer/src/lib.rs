//! Trains the stacked classifier and exports it.
pub mod backbones;
pub mod export;
pub mod head;
pub mod weights;
