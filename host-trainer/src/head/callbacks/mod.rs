//! What watches the training after every pass and may change its course, with the semantics of the Keras 3
//! callbacks of the same names. Their state is plain data, so that a training that was cut off goes on with it.

mod early_stopping;
mod monitor;
mod reduce_on_plateau;

pub use early_stopping::{EarlyStopping, EarlyStoppingState};
pub use monitor::Monitor;
pub use reduce_on_plateau::{ReduceOnPlateau, ReduceOnPlateauState};
