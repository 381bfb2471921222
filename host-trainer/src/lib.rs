//! Trains the stacked chest X-ray classifier and exports it as one ONNX file.
//!
//! A stacked model is several backbones side by side (nets that turn an image into features) with a small net, the
//! classifier head, on their joined features. The backbones stay frozen; the head is trained.
//!
//! From the bottom up: [`data`] finds the images and keeps each patient in one split; [`architectures`], [`weights`] and
//! [`backbones`] hold the nets; [`features`] runs images through them once and caches the result; [`head`] trains the
//! classifier head on the features, [`fine_tune`] the last layers of the backbones with it, and [`backbone_training`] whole
//! backbones before it; [`onnx`] writes nets as graphs,
//! [`quantise`] measures the ranges of 8-bit activations, [`export`] makes the model; [`quality_gate`] fits what refuses
//! other pictures; [`metrics`] computes figures; [`run`] is the folder that a fit leaves behind; [`evaluation`] holds
//! results that [`report`] shows. [`pipeline`] has the steps that several [`commands`] share, and [`cli`] holds clap and
//! printing only.

// The program is the only user of this library: its items are read in the source, where their names say most of it.
#![allow(missing_docs, reason = "a library for its own program and tests")]

pub mod architectures;
pub mod audit;
pub mod backbone_training;
pub mod backbones;
pub mod cancel;
pub mod cli;
pub mod commands;
pub mod contact_sheet;
pub mod data;
pub mod device;
pub mod evaluation;
pub mod export;
pub mod features;
pub mod fine_tune;
pub mod head;
pub mod metrics;
pub mod onnx;
pub mod pipeline;
pub mod quality_gate;
pub mod quantise;
pub mod report;
pub mod run;
pub mod weights;
