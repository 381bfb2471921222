//! Drawn chest X-rays, with and without consolidations, that carry no patient's data.
//!
//! They show that the program works from images to verdicts: a model fitted on them knows nothing
//! about patients. Each is drawn from a seed, a patient and an exposure, by ChaCha8, so a machine draws the
//! same bytes again; other machines may round sines differently by a grey level.

mod anatomy;
mod drawing;
mod exposure;

use std::path::{Path, PathBuf};

use image::GrayImage;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use anatomy::Anatomy;
use drawing::Canvas;

/// Width of a phantom in pixels.
pub const WIDTH: u32 = 512;
/// Height of a phantom in pixels.
pub const HEIGHT: u32 = 448;
/// Exposures of each patient.
const EXPOSURES: u64 = 2;

/// Why phantoms could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PhantomError {
    #[error("{}: the folder is not empty; give a new one, so that phantoms and X-rays do not mix", .path.display())]
    NotEmpty { path: PathBuf },
    #[error("{}: {source}; check the path, its permissions and the space left", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: cannot write the picture: {source}; check the space left", .path.display())]
    Image { path: PathBuf, source: image::ImageError },
}

/// How many images of each class to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// In `train/NORMAL` and in `train/PNEUMONIA`.
    pub train: u64,
    /// In `test/NORMAL` and in `test/PNEUMONIA`.
    pub test: u64,
}

/// One phantom, 512×448 pixels of grey. Body and findings follow from `seed` and `patient`, the way it was
/// taken from `exposure` too.
pub fn draw(seed: u64, patient: u64, exposure: u64, consolidation: bool) -> GrayImage {
    let mut body = ChaCha8Rng::seed_from_u64(seed);
    body.set_stream(patient << 8);
    let mut canvas = Canvas::new(WIDTH as usize, HEIGHT as usize);
    let anatomy = Anatomy::new(&mut body);
    anatomy.draw(&mut canvas, &mut body);
    if consolidation {
        anatomy.consolidate(&mut canvas, &mut body);
    }
    let mut taken = ChaCha8Rng::seed_from_u64(seed);
    taken.set_stream((patient << 8) + 1 + exposure);
    exposure::take(canvas, &mut taken)
}

/// Writes `train|test/NORMAL|PNEUMONIA` below `dir`, two exposures a patient, named so that
/// [`crate::data::patient_of`] identifies the patients; returns how many files. Patients have one class, and those
/// of `test` are others than those of `train`.
///
/// # Errors
/// [`PhantomError`] when `dir` holds something already, or cannot be written.
pub fn write_data_set(dir: &Path, counts: Counts, seed: u64) -> Result<u64, PhantomError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| PhantomError::Io { path, source }
    };
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    if std::fs::read_dir(dir).map_err(io(dir))?.next().is_some() {
        return Err(PhantomError::NotEmpty { path: dir.to_owned() });
    }
    let mut files = Vec::new();
    let mut next = 1;
    for (split, count) in [("train", counts.train), ("test", counts.test)] {
        let patients = count.div_ceil(EXPOSURES);
        for consolidation in [false, true] {
            let folder = dir.join(split).join(if consolidation { "PNEUMONIA" } else { "NORMAL" });
            std::fs::create_dir_all(&folder).map_err(io(&folder))?;
            for i in 0..count {
                let (patient, exposure) = (next + i / EXPOSURES, i % EXPOSURES);
                let name = if consolidation {
                    format!("person{patient}_phantom_{}.png", exposure + 1)
                } else {
                    format!("IM-{patient:04}-{:04}.png", exposure + 1)
                };
                files.push((folder.join(name), patient, exposure, consolidation));
            }
            next += patients;
        }
    }
    files.par_iter().try_for_each(|(path, patient, exposure, consolidation)| {
        let picture = draw(seed, *patient, *exposure, *consolidation);
        picture.save(path).map_err(|source| PhantomError::Image { path: path.clone(), source })
    })?;
    Ok(files.len() as u64)
}
