//! One file for each kind of input.

mod dicom;
mod jpeg;
mod picture;

#[cfg(feature = "device")]
mod configuration;
#[cfg(feature = "device")]
mod model;
#[cfg(feature = "device")]
mod mounts;
#[cfg(feature = "device")]
mod record;
#[cfg(feature = "trainer")]
mod splits;

use crate::bounded;

/// Memory for an image: what a child of the decoder may have, less its program and libraries.
const IMAGE_BYTES: usize = 600 << 20;

/// Memory for a text, a record or the header of a small model.
#[cfg(any(feature = "device", feature = "trainer"))]
const TEXT_BYTES: usize = 64 << 20;

/// Something that is read.
pub struct Target {
    /// The name of its program and its folder of inputs.
    pub name: &'static str,
    /// Reads bytes and panics if anything does not hold that should.
    check: fn(&[u8]),
    /// What reading may take, in bytes of memory.
    memory: usize,
}

impl Target {
    /// Reads `bytes` within the bounds.
    pub fn run(&self, bytes: &[u8]) {
        bounded(self.memory, || (self.check)(bytes));
    }
}

const fn image(name: &'static str, check: fn(&[u8])) -> Target {
    Target { name, check, memory: IMAGE_BYTES }
}

#[cfg(any(feature = "device", feature = "trainer"))]
const fn text(name: &'static str, check: fn(&[u8])) -> Target {
    Target { name, check, memory: TEXT_BYTES }
}

/// All targets.
pub const TARGETS: &[Target] = &[
    image("picture", picture::check),
    image("jpeg", jpeg::check),
    image("dicom", dicom::check),
    image("dicom-jpeg", dicom::check_jpeg),
    image("dicom-jpeg2000", dicom::check_jpeg_2000),
    #[cfg(feature = "device")]
    text("model", model::check),
    #[cfg(feature = "device")]
    text("signature", model::check_signature),
    #[cfg(feature = "device")]
    text("configuration", configuration::check),
    #[cfg(feature = "device")]
    text("board-file", configuration::check_board_file),
    #[cfg(feature = "device")]
    text("record", record::check),
    #[cfg(feature = "device")]
    text("mounts", mounts::check),
    #[cfg(feature = "trainer")]
    text("splits", splits::check),
];

/// Runs the target of that name.
pub fn run(name: &str, bytes: &[u8]) {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name").run(bytes);
}
