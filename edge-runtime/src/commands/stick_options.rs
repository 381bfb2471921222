//! `stick-options`: how udev is to mount a stick.

use std::path::Path;

use anyhow::{Result, bail};

use crate::config::Config;
use crate::inputs::mounts::{FileSystem, MountTable, is_own_disk};

/// The mount options of a file system.
///
/// # Errors
/// If it is not to be mounted on this device, or the configuration or the table of mounts cannot be read.
pub fn options(config: &Path, file_system: &str, device: Option<&str>) -> Result<String> {
    let config = Config::read(config)?;
    let Some(stick) = &config.stick else {
        bail!("the configuration has no `[stick]`: sticks are not read here")
    };
    if let Some(device) = device {
        let mounts = MountTable::at(&stick.table).read()?;
        if is_own_disk(&mounts, &stick.options().under, device) {
            bail!("{device}: a disk that this system uses is no stick; put the X-rays on another one");
        }
    }
    match FileSystem::of_udev(file_system).filter(|found| stick.file_systems.contains(found)) {
        Some(found) => Ok(found.all_options()),
        None => bail!(
            "{file_system}: not among `file_systems` under `[stick]`; add it there, or format the stick as exFAT"
        ),
    }
}
