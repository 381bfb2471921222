//! JPEG (ITU-T T.81) outside DICOM, and what both have in common: a stream is walked to its last sample before it is
//! decoded.
//!
//! Decoders fill with grey what a stream lacks, and pass over what is left. A lung that is half grey must not be read
//! as healthy: [`check`] refuses a stream that lacks a code, a restart interval or a scan, or that has any left.

mod decode;
mod default_tables;
mod frame;
pub(crate) mod huffman;
mod progressive;
mod refused;
mod scan;
mod segments;
mod separate;
mod sequential;

pub(crate) use decode::decode;
pub(crate) use segments::{Stream, check};

use crate::IntakeProblem;

const NAME: &str = "JPEG";

fn damaged(reason: impl Into<String>) -> IntakeProblem {
    IntakeProblem::Damaged { format: NAME, reason: reason.into() }
}

#[cfg(test)]
mod tests;
