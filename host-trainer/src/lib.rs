//! Trains the stacked chest X-ray classifier and exports it as one ONNX file.
//!
//! The way of a model: [`data`] finds the images and keeps patients on one side, [`weights`] and
//! [`backbones`] hold the frozen nets, [`features`] runs the images through them once and keeps the result,
//! [`head`] trains the classifier on it, [`fine_tune`] the last layers of the nets with it, [`run`] is what a fit
//! leaves behind, [`quantise`] finds the steps of 8-bit activations, [`export`] writes the whole stack as ONNX,
//! [`gate`] finds which images it may judge, [`metrics`] judges it, and [`report`] shows that to people.
//! [`pipeline`] joins these into what the commands do; [`cli`] holds arguments and printing.

pub mod audit;
pub mod backbones;
pub mod cli;
pub mod data;
pub mod device;
pub mod export;
pub mod features;
mod files;
pub mod fine_tune;
pub mod gate;
pub mod head;
pub mod metrics;
pub mod pipeline;
pub mod quantise;
pub mod report;
pub mod run;
pub mod sheet;
pub mod stop;
pub mod weights;
