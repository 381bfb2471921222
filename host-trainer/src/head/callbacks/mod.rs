//! Callbacks that monitor the training after every epoch, with the semantics of the Keras 3 callbacks of the same names.
//! Their state is plain data, so that a training can be resumed with it.

mod early_stopping;
mod monitor;
mod reduce_on_plateau;

pub use early_stopping::{EarlyStopping, EarlyStoppingState};
pub use monitor::Monitor;
pub use reduce_on_plateau::{ReduceOnPlateau, ReduceOnPlateauState};
