//! Loads a quantised ONNX graph, says what was fused, and prints the slowest operators.
//!
//!     cargo run --release -p edge-runtime -p xray-engine --example profile_graph -- MODEL.onnx

use std::path::Path;

use tract_onnx::prelude::Framework;
use xray_engine::{FusedOptions, FusedRunner, kernel_names};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model] = arguments.as_slice() else {
        return Err("usage: profile_graph MODEL.onnx".into());
    };
    let graph = tract_onnx::onnx().proto_model_for_path(Path::new(model))?;
    let runner = FusedRunner::load(&graph, &FusedOptions::default())?;
    let report = runner.report();
    println!("kernels of this machine: {}; used: {}", kernel_names().join(", "), report.kernel);
    println!("{} million multiplications an image in fused operators", report.macs / 1_000_000);
    report.fused.iter().for_each(|kind| println!("{:>5}  {}", kind.count, kind.name));
    report.unfused.iter().for_each(|op| println!("not fused: {}: {}", op.node, op.reason));

    let mut steps = runner.profile(3);
    steps.sort_by_key(|step| std::cmp::Reverse(step.best));
    for step in steps.iter().take(10) {
        println!("{:>8.3} ms  {}, output {:?}", step.best.as_secs_f64() * 1e3, step.name, step.shape);
    }
    Ok(())
}
