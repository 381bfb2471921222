//! The inputs that a configuration asks for, in threads of their own. A new kind of input is one file in `inputs/`, its
//! options in `config/inputs.rs`, and a line here.

use anyhow::{Context, Result};

use crate::config::{Config, StickConfig};
use crate::inputs::mounts::{KernelMounter, Mounter, OtherMounter};
use crate::inputs::{FolderInput, Input, PATIENCE, StickInput, ThreadedInput};

pub(super) fn all(config: &Config) -> Result<Vec<Box<dyn Input>>> {
    let mut all: Vec<Box<dyn Input>> = Vec::new();
    all.extend(config.stick.as_ref().map(stick).transpose()?);
    for folder in &config.folder {
        let name = folder.path.display().to_string();
        all.push(threaded(Box::new(FolderInput::new(folder.options())), &name)?);
    }
    if let Some(camera) = &config.camera {
        // It takes its shots in threads of their own, and presses of the button.
        all.push(Box::new(camera.input()));
    }
    Ok(all)
}

pub(super) fn stick(config: &StickConfig) -> Result<Box<dyn Input>> {
    let mounter: Box<dyn Mounter> = match &config.mount_in {
        Some(under) => Box::new(KernelMounter::new(under, &config.file_systems)),
        // /sys/block beside /sys/dev/block.
        None => Box::new(OtherMounter::new(&config.devices.join("../../block"))),
    };
    threaded(Box::new(StickInput::new(config.options(), Some(mounter))), "the stick")
}

fn threaded(input: Box<dyn Input>, name: &str) -> Result<Box<dyn Input>> {
    let input = ThreadedInput::start(input, name, PATIENCE);
    Ok(Box::new(input.with_context(|| format!("{name}: the thread that reads it could not be started"))?))
}
