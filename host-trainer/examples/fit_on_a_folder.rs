//! Trains a classifier head on a folder of X-rays: `fit_on_a_folder DATA RUN`.
//!
//! `DATA` holds `train/` and `test/` with the folders `NORMAL` and `PNEUMONIA`. The weights of the backbones come from
//! `host-trainer weights fetch`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use host_trainer::commands::fit::{FitOptions, fit};
use host_trainer::decoding;
use host_trainer::device::{DeviceChoice, choose};
use host_trainer::pipeline::{Event, FeatureSource};

fn main() -> Result<ExitCode> {
    // Images are decoded by children, which are this program once more.
    if let Some(status) = decoding::run_child() {
        return Ok(status);
    }
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let data = arguments.next().context("name the data folder and the run folder")?;
    let run = arguments.next().context("name the run folder, too")?;

    let source = FeatureSource::new(data, run.join("cache"))?;
    let device = choose(DeviceChoice::Auto)?;
    let record = fit(&FitOptions::new(source, run), &device, &mut |event| match event {
        Event::Note(text) | Event::Warning(text) => eprintln!("{text}"),
        _ => {}
    })?;
    println!("validation accuracy: {}", record.validation.accuracy);
    Ok(ExitCode::SUCCESS)
}
