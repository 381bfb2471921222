//! Runs an ONNX graph on a CPU.
//!
//! [`TractRunner`] runs any graph with tract's own operators. [`FusedRunner`] is for quantised graphs: it replaces what it
//! recognises by integer operators and leaves the rest to tract. The integer kernel is chosen at run time and compared with
//! the portable one before it is used; all of them give the same bits.
//!
//! What the graph means is not known here.
//!
//! ```
//! use tract_onnx::pb::{GraphProto, ModelProto, OperatorSetIdProto};
//! use xray_engine::{Runner, TractRunner};
//! use xray_testkit::onnx::{node, tensor, value};
//!
//! // y = 2 x
//! let graph = GraphProto {
//!     node: vec![node("Mul", &["x", "two"], "y")],
//!     initializer: vec![tensor("two", &[1], &[2.0])],
//!     input: vec![value("x", &[1, 3])],
//!     output: vec![value("y", &[1, 3])],
//!     ..GraphProto::default()
//! };
//! let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
//! let model = ModelProto {
//!     ir_version: 8,
//!     opset_import: vec![opset],
//!     graph: Some(graph),
//!     ..ModelProto::default()
//! };
//!
//! let outputs = TractRunner::load(&model)?.run(&[1, 3], &[1.0, 2.0, 3.0])?;
//! assert_eq!(outputs[0].values, [2.0, 4.0, 6.0]);
//! # Ok::<(), xray_engine::GraphError>(())
//! ```

#![deny(unsafe_code)]

mod array;
mod error;
mod fuse;
mod fused;
#[allow(
    unsafe_code,
    reason = "instructions of one kind of processor; each kernel is compared with the scalar one"
)]
mod kernels;
mod runner;
mod threads;

pub use array::Array;
pub use error::GraphError;
pub use fuse::{FusedKind, FusionReport, StepTime, UnfusedOp};
pub use fused::{FusedOptions, FusedRunner, kernel_names};
pub use runner::{Runner, TractRunner};
pub use threads::big_cores;
