//! Exports a finished run as an int8 ONNX file: `export_a_run RUN MODEL.onnx`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use host_trainer::commands::export::{
    AuditRequirement, ExportOptions, QualityGateChoice, QuantisationOptions, export_quantised_run,
};
use host_trainer::decoding;
use host_trainer::device::{DeviceChoice, choose};
use host_trainer::pipeline::RunImages;
use host_trainer::run::RunDir;
use host_trainer::weights::WeightStore;

fn main() -> Result<ExitCode> {
    // Images are decoded by children, which are this program once more.
    if let Some(status) = decoding::run_child() {
        return Ok(status);
    }
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let run = arguments.next().context("name the run folder and the model file")?;
    let out = arguments.next().context("name the model file, too")?;

    let (record, _) = RunDir::new(&run).read()?;
    let options = ExportOptions {
        images: RunImages { sources: record.sources() },
        cache: run.join("cache"),
        store: WeightStore::open(None)?,
        quality_gate: QualityGateChoice::default(),
        audit: AuditRequirement::default(),
        run,
        out,
    };
    let device = choose(DeviceChoice::Auto)?;
    let model = export_quantised_run(&options, &QuantisationOptions::default(), &device, &mut |_| {})?;
    println!("{}: {} bytes, sha256 {}", model.path.display(), model.bytes, model.sha256);
    Ok(ExitCode::SUCCESS)
}
