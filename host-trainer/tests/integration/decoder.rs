//! What decodes images for these tests: a test cannot be started as the child of a program.

use std::path::Path;

/// To be called before a test has the library read an image.
pub fn ready() {
    host_trainer::decoding::use_program(Path::new(env!("CARGO_BIN_EXE_host-trainer")));
}
