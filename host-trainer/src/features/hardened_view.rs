//! Views drawn by the hardening augmentation, which needs other images of the data set.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::{Preprocessing, at_input_size};
use xray_intake::Radiograph;

use super::ViewError;
use crate::data::Item;
use crate::data::augment::{Hardening, view_rng};
use crate::decoding;

/// The images that lend frames and amplitude spectra.
#[derive(Debug, PartialEq, Eq)]
pub struct Donors {
    files: Vec<PathBuf>,
    /// SHA-256 (hex) over their contents in order.
    fingerprint: String,
}

impl Donors {
    /// These images.
    pub fn new(items: &[Item]) -> Self {
        let mut hash = Sha256::new();
        items.iter().for_each(|item| hash.update(&item.sha256));
        Donors {
            files: items.iter().map(|item| item.path.clone()).collect(),
            fingerprint: hex(&hash.finalize()),
        }
    }

    /// The donor of a number that is drawn evenly from all of `u64`, at the input size.
    fn image(&self, number: u64, contract: &Preprocessing) -> Result<Radiograph, ViewError> {
        let file = &self.files[(number % self.files.len() as u64) as usize];
        let image = decoding::read_file(file).map_err(|error| ViewError::Donor(error.to_string()))?;
        Ok(at_input_size(&image, contract)?)
    }
}

/// One draw within a [`Hardening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HardenedView {
    recipe: Arc<HardenedRecipe>,
    /// The number of the draw.
    pub index: u32,
}

#[derive(Debug, PartialEq)]
struct HardenedRecipe {
    hardening: Hardening,
    seed: u64,
    donors: Donors,
    /// Half a SHA-256 (hex) over all three.
    name: String,
}

// The numbers of a hardening are checked, and none is NaN.
impl Eq for HardenedRecipe {}

impl HardenedView {
    /// So many draws of an image. `donors` holds at least one image.
    pub fn draws(hardening: Hardening, seed: u64, donors: Donors, count: u32) -> Vec<HardenedView> {
        let text = format!("{hardening:?} {seed} {}", donors.fingerprint);
        let name = hex(&Sha256::digest(text))[..16].to_owned();
        let recipe = Arc::new(HardenedRecipe { hardening, seed, donors, name });
        (0..count).map(|index| HardenedView { recipe: recipe.clone(), index }).collect()
    }

    /// The name in caches.
    pub(super) fn name(&self) -> String {
        format!("hardened-{}-{}", self.recipe.name, self.index)
    }

    /// The changed image at the input size; `sha256` is that of the file of `image`.
    ///
    /// # Errors
    /// [`ViewError`] if the image cannot be brought to the input size or a donor cannot be read.
    pub(super) fn apply(
        &self,
        image: &Radiograph,
        sha256: &str,
        contract: &Preprocessing,
    ) -> Result<Radiograph, ViewError> {
        let HardenedRecipe { hardening, seed, donors, .. } = &*self.recipe;
        let draw = hardening.draw(&mut view_rng(*seed, sha256, self.index));
        draw.apply(&at_input_size(image, contract)?, |number| donors.image(number, contract))
    }
}
