//! Screens one image with a model and prints the verdict.
//!
//!     cargo run --release -p xray-core --example screen_one_image -- MODEL.onnx IMAGE

use std::path::Path;

use xray_core::screening::Screener;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, image] = arguments.as_slice() else {
        return Err("usage: screen_one_image MODEL.onnx IMAGE".into());
    };
    let screener = Screener::load(Path::new(model))?;
    screener.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
    let screening = screener.screen(Path::new(image))?;
    let verdict = screening.verdict;
    println!("{}: probability {:.4}", verdict.finding().words(), verdict.probability().value());
    println!("{}", xray_core::decision::DISCLAIMER);
    Ok(())
}
