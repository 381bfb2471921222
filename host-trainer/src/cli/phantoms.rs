//! `host-trainer phantoms`: writes drawn X-rays to try the program on.

use std::path::PathBuf;

use crate::data::phantom::{Counts, write_data_set};

/// Draw a data set of phantoms: train|test/NORMAL|PNEUMONIA
#[derive(Debug, clap::Args)]
pub struct PhantomsArgs {
    /// Folder to write to; must be new or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Training images of each class; a quarter as many test images are added
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u64).range(4..=100_000))]
    pub count: u64,
    /// The same seed draws the same phantoms
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Writes the phantoms and says where they are.
///
/// # Errors
/// When the folder holds something already or cannot be written.
pub fn run(args: PhantomsArgs) -> anyhow::Result<()> {
    let counts = Counts { train: args.count, test: args.count.div_ceil(4) };
    let written = write_data_set(&args.out, counts, args.seed)?;
    println!("{written} phantoms in {}", args.out.display());
    println!("They are drawn: a model fitted on them says nothing about patients.");
    Ok(())
}
