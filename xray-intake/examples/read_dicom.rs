//! Reads a DICOM file (or any other image) and writes what is screened of it as a PGM file.
//!
//!     cargo run --release -p xray-intake --example read_dicom -- IMAGE OUT.pgm

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, out] = arguments.as_slice() else {
        return Err("usage: read_dicom IMAGE OUT.pgm".into());
    };
    let image = xray_intake::read_file(Path::new(image))?;
    let mut bytes = format!("P5 {} {} 255\n", image.width(), image.height()).into_bytes();
    bytes.extend_from_slice(&image.pixels().grey());
    std::fs::write(out, bytes)?;
    println!("{} x {} pixels", image.width(), image.height());
    Ok(())
}
