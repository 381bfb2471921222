//! What the tests of the program share.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

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

/// A decoder that is none, and knows how often it was started.
#[cfg(unix)]
pub struct Decoy(tempfile::TempDir);

#[cfg(unix)]
impl Decoy {
    /// Does the same each time it is started.
    pub fn always(does: &str) -> Self {
        Decoy::script(&format!("echo >>\"$here/started\"\n{does}"))
    }

    /// Does something else the first time it is started, and decodes images from then on.
    pub fn once(does: &str) -> Self {
        let (program, runner) = (env!("CARGO_BIN_EXE_edge-runtime"), runner::words());
        Decoy::script(&format!(
            "[ -e \"$here/started\" ] && exec {runner} '{program}' \"$@\"\necho >>\"$here/started\"\n{does}"
        ))
    }

    fn script(text: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let decoy = Decoy(tempfile::tempdir().expect("a folder"));
        let path = decoy.0.path().join("decoder");
        let here = decoy.0.path().display();
        std::fs::write(&path, format!("#!/bin/sh\nhere='{here}'\n{text}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).expect("set");
        decoy
    }

    /// How often it was started.
    pub fn started(&self) -> usize {
        std::fs::read_to_string(self.0.path().join("started")).map_or(0, |text| text.lines().count())
    }

    /// A file that it wrote to `$here`.
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("written")
    }

    pub fn image_decoder(&self, deadline: Duration) -> Arc<ImageDecoder> {
        let limits = DecodeLimits { deadline, ..DecodeLimits::default() };
        Arc::new(ImageDecoder::new(Decoder::of_program(self.0.path().join("decoder"), limits)))
    }

    /// A decoder whose program is not there.
    pub fn missing(&self) -> Arc<ImageDecoder> {
        let missing = self.0.path().join("missing");
        Arc::new(ImageDecoder::new(Decoder::of_program(missing, DecodeLimits::default())))
    }
}
