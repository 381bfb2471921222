//! Runs an ONNX graph on a CPU.
//!
//! [`TractRunner`] runs any graph with tract's own operators. [`FusedRunner`] is for quantised graphs: it replaces what it
//! recognises by integer operators and leaves the rest to tract. The integer kernel is chosen at run time and compared with
//! the portable one before it is used; all of them give the same bits.
//!
//! What the graph means is not known here.

mod array;
mod error;
mod fuse;
mod fused;
mod kernels;
mod runner;
mod threads;

pub use array::Array;
pub use error::GraphError;
pub use fuse::{FusedKind, FusionReport, StepTime, UnfusedOp};
pub use fused::{FusedOptions, FusedRunner, kernel_names};
pub use runner::{Runner, TractRunner};
pub use threads::big_cores;
