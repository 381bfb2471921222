//! The inputs that a configuration asks for. A new kind of input is one file in `inputs/`, its options in
//! `config/inputs.rs`, and a line here.

use crate::config::{Config, StickConfig};
use crate::inputs::mounts::{KernelMounter, Mounter};
use crate::inputs::{FolderInput, Input, StickInput};

pub(super) fn all(config: &Config) -> Vec<Box<dyn Input>> {
    let mut all: Vec<Box<dyn Input>> = Vec::new();
    all.extend(config.stick.as_ref().map(stick));
    for folder in &config.folder {
        all.push(Box::new(FolderInput::new(folder.options())));
    }
    if let Some(camera) = &config.camera {
        all.push(Box::new(camera.input()));
    }
    all
}

pub(super) fn stick(config: &StickConfig) -> Box<dyn Input> {
    let mounter =
        config.mount_in.as_ref().map(|under| -> Box<dyn Mounter> { Box::new(KernelMounter::new(under)) });
    Box::new(StickInput::new(config.options(), mounter))
}
