//! `edge-runtime stick-options`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::print;
use crate::commands::stick_options;

const HELP: &str = "\
Example:
  edge-runtime stick-options vfat --device 8:17

Exit status: 0 it is to be mounted with the options that are printed; 1 it is not to be mounted, and the message says why;
2 wrong usage.";

/// The arguments of `stick-options`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct StickOptionsArgs {
    /// File system as udev calls it (`ID_FS_TYPE`), such as `vfat`
    #[arg(value_name = "TYPE")]
    file_system: String,
    /// Number of the device, such as 8:17; a disk that the system itself uses is not to be mounted
    #[arg(long, value_name = "MAJOR:MINOR")]
    device: Option<String>,
    /// Configuration, whose `[stick]` names the file systems that are mounted
    #[arg(long, value_name = "FILE.toml", default_value = "/etc/edge-runtime/config.toml")]
    config: PathBuf,
}

pub(super) fn run(args: &StickOptionsArgs, out: &mut impl Write) -> Result<()> {
    let options = stick_options::options(&args.config, &args.file_system, args.device.as_deref())?;
    print(out, &format!("{options}\n"))
}
