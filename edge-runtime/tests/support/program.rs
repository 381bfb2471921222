//! What the tests of the program share.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use edge_runtime::decoding::ImageDecoder;
use xray_decode::{DecodeLimits, Decoder};

use super::runner;

/// The program under test.
pub fn edge_runtime() -> Command {
    runner::started(Path::new(env!("CARGO_BIN_EXE_edge-runtime")))
}

/// Its children decode images, as a test is no program that could.
pub fn decoder() -> Decoder {
    Decoder::of_program(env!("CARGO_BIN_EXE_edge-runtime").into(), DecodeLimits::default())
}

/// One image at a time.
pub fn image_decoder() -> Arc<ImageDecoder> {
    Arc::new(ImageDecoder::new(decoder()))
}
