//! Images a second that are read in this process, by children that are kept, and by a child for each: `reading_speed FOLDER`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use rayon::prelude::*;
use xray_decode::{DecodeLimits, Decoder, DecoderPool, View};

/// As much as the trainer gives them.
const LIMITS: DecodeLimits = DecodeLimits { memory: 1 << 30, deadline: std::time::Duration::from_secs(30) };

fn measure(name: &str, files: &[PathBuf], read: impl Fn(&Path) -> bool + Sync) {
    let start = Instant::now();
    let read = files.par_iter().filter(|file| read(file)).count();
    let seconds = start.elapsed().as_secs_f64();
    println!("{name:<24}{:>8.0} images/s ({read} of {} read)", files.len() as f64 / seconds, files.len());
}

fn main() -> Result<ExitCode> {
    if let Some(status) = xray_decode::run_child() {
        return Ok(status);
    }
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("name a folder of images")?;
    let files = xray_intake::list_images(&folder)?;
    let decoder = Decoder::new(LIMITS);
    let pool = DecoderPool::new(decoder.clone());
    println!("{} threads", rayon::current_num_threads());
    for _ in 0..2 {
        measure("in this process", &files, |file| xray_intake::read_file(file).is_ok());
        measure("children that are kept", &files, |file| pool.decode_file(file).is_ok());
        measure("a child for each", &files, |file| decoder.decode_file(file, View::AsMarked).is_ok());
    }
    Ok(ExitCode::SUCCESS)
}
