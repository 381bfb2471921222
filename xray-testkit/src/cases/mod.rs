//! A case is written once and run on every engine that claims it.
//!
//! A [`Case`] is a graph, inputs, and what another engine answered. A [`CaseRunner`] is a way to compute it; those for
//! ONNX graphs are in [`graph_runners`], a crate with another one implements the trait. [`compare`] runs one on the other.

mod case;
mod compare;
mod fixtures;
mod runners;

pub use case::{Case, Sample, Tolerance};
pub use compare::{OutputDifference, assert_agrees, compare};
pub use fixtures::{per_channel_cases, quantised_case, small_quantised_cases};
pub use runners::{CaseRunner, FusedGraph, TractGraph, graph_runners};
