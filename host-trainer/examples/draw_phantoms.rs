//! Draws a small data set of phantoms to try the program on: `draw_phantoms FOLDER`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use host_trainer::data::phantom::{Counts, write_data_set};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("name a new folder")?;
    let written = write_data_set(&folder, Counts { train: 20, test: 5 }, 1)?;
    println!("{written} phantoms in {}", folder.display());
    Ok(())
}
