//! Runs a model for each line of its input and prints how long it took; `scripts/research/bench/` drives it beside other engines.
//!
//!     time_runs MODEL.onnx auto|fused|tract THREADS IMAGE...
//!
//! Prints `{"load_ms": …}` when it is ready, then for each line with the number of an image on standard input the
//! milliseconds and the probability.

use std::io::{BufRead, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use xray_core::engine::{EngineChoice, EngineOptions, load};
use xray_core::package::PackageFile;
use xray_core::preprocess::{InputTensor, prepare};
use xray_intake::read_file;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, engine, threads, images @ ..] = arguments.as_slice() else {
        return Err("usage: time_runs MODEL.onnx auto|fused|tract THREADS IMAGE...".into());
    };
    let options =
        EngineOptions { choice: engine.parse::<EngineChoice>()?, threads: threads.parse::<NonZeroUsize>()? };
    let start = Instant::now();
    let package = PackageFile::read(Path::new(model))?.verify()?;
    let loaded = load(&package, options)?;
    let milliseconds = |start: Instant| start.elapsed().as_secs_f64() * 1e3;
    println!("{{\"load_ms\": {:.3}}}", milliseconds(start));
    loaded.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    let contract = &package.contract().preprocessing;
    let inputs: Vec<InputTensor> = images
        .iter()
        .map(|image| Ok(prepare(&read_file(Path::new(image))?, contract)?))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;
    for line in std::io::stdin().lock().lines() {
        let index: usize = line?.trim().parse()?;
        let input = inputs.get(index).ok_or("no such image")?;
        let start = Instant::now();
        let output = loaded.engine.run(input)?;
        println!("{:.4} {:.9}", milliseconds(start), output.probability().value());
        std::io::stdout().flush()?;
    }
    Ok(())
}
