//! A model's gate: what it is fitted on when the model is exported, and how often it is right.

mod fitted;
mod measured;
mod pictures;

pub use fitted::GateWish;
pub(in crate::pipeline) use fitted::fit_gate;
pub use measured::{GateRow, GateTable, MeasureOptions, Wanted, measure_gate};
