//! The views of an image that features are computed of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::{InputTensor, PreprocessError, Preprocessing, at_input_size, prepare};
use xray_intake::Radiograph;

use super::audited_view::AuditedView;
use super::hardened_view::{Donors, HardenedView};
use crate::data::augment::{Augmentation, Hardening, Preset, view_rng};
use crate::data::corrupt::{CorruptError, Corruption, SUITE_VERSION};
use crate::data::{Item, WrongOrientation};

/// A view of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// The unchanged image.
    Plain,
    /// Left and right exchanged.
    Mirror,
    /// Drawn at random within an augmentation.
    Augmented(AugmentedView),
    WrongOrientation(WrongOrientation),
    /// As another hospital might have taken it.
    Corrupted(Corruption),
    /// One of many drawn by the hardening augmentation.
    Hardened(HardenedView),
    /// As the audit changes it.
    Audited(AuditedView),
}

/// Why a view could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ViewError {
    #[error(transparent)]
    Prepare(#[from] PreprocessError),
    #[error(transparent)]
    Corrupt(#[from] CorruptError),
    /// The image that lends its frame or amplitudes could not be read.
    #[error("the image that lends its frame could not be read: {0}; remove it from the data set")]
    Donor(String),
}

/// A random draw within an augmentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AugmentedView {
    recipe: Arc<NamedAugmentation>,
    index: u32,
}

#[derive(Debug, PartialEq)]
struct NamedAugmentation {
    augmentation: Augmentation,
    seed: u64,
    /// Half a SHA-256 (hex) over both.
    name: String,
}

// The numbers of an augmentation were checked, and none is NaN.
impl Eq for NamedAugmentation {}

impl View {
    /// The name in caches; no two views have the same.
    pub fn name(&self) -> String {
        match self {
            View::Plain => "plain".to_owned(),
            View::Mirror => "mirror".to_owned(),
            View::WrongOrientation(orientation) => orientation.name().to_owned(),
            View::Augmented(AugmentedView { recipe, index }) => format!("{}-{index}", recipe.name),
            View::Corrupted(corruption) => format!("suite{SUITE_VERSION}-{corruption}"),
            View::Hardened(view) => view.name(),
            View::Audited(view) => view.name(),
        }
    }

    /// The input tensor of this view; `sha256` is that of its file.
    ///
    /// # Errors
    /// [`ViewError`].
    pub(crate) fn prepare(
        &self,
        image: &Radiograph,
        sha256: &str,
        contract: &Preprocessing,
    ) -> Result<InputTensor, ViewError> {
        match self {
            View::Plain => Ok(prepare(image, contract)?),
            View::Mirror => Ok(prepare(image, contract)?.mirrored()),
            View::WrongOrientation(orientation) => {
                Ok(prepare(&orientation.apply(&at_input_size(image, contract)?), contract)?)
            }
            View::Augmented(AugmentedView { recipe, index }) => {
                let mut rng = view_rng(recipe.seed, sha256, *index);
                let small = at_input_size(image, contract)?;
                Ok(prepare(&recipe.augmentation.draw(&mut rng).apply(&small), contract)?)
            }
            View::Corrupted(corruption) => {
                let small = at_input_size(image, contract)?;
                let changed = corruption.apply(&small, &mut corruption.rng(sha256))?;
                Ok(prepare(&changed, contract)?)
            }
            View::Hardened(view) => Ok(prepare(&view.apply(image, sha256, contract)?, contract)?),
            View::Audited(view) => Ok(prepare(&view.apply(image, sha256, contract)?, contract)?),
        }
    }
}

/// The views of a validation image: the image itself, then `corruptions` changes of the suite
/// ([`Corruption::drawn`]).
pub fn validation_views(sha256: &str, corruptions: u32) -> Vec<View> {
    let drawn = Corruption::drawn(sha256, corruptions as usize).into_iter().map(View::Corrupted);
    std::iter::once(View::Plain).chain(drawn).collect()
}

/// Which views of a training image a head is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Views {
    pub augmentation: Augmentation,
    /// Draws an image beside the image itself; of no effect where the augmentation is none or the mirror image
    /// alone.
    pub count: u32,
    /// Seeds the draws.
    pub seed: u64,
    /// Changes that need other images, if images are drawn with them: then the draws are these, of training images and of
    /// validation images, and `augmentation` changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardening: Option<Hardening>,
}

impl Views {
    /// The views of a named augmentation, four draws an image.
    pub fn new(preset: Preset) -> Self {
        Views { augmentation: preset.augmentation(), count: 4, seed: 42, hardening: None }
    }

    /// Whether there are more views than the image and its mirror image, so that [`Views::count`] has an effect.
    pub fn are_drawn(&self) -> bool {
        ![Preset::None, Preset::Article].map(Preset::augmentation).contains(&self.augmentation)
    }

    /// The draws of hardening with frames and amplitudes of `items`; none where images are not drawn with it.
    pub fn hardened(&self, items: &[Item]) -> Vec<View> {
        match self.hardening {
            Some(hardening) if !items.is_empty() => {
                let draws = HardenedView::draws(hardening, self.seed, Donors::new(items), self.count);
                draws.into_iter().map(View::Hardened).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The views of an image that need no other image, itself first.
    pub fn of_image(&self) -> Vec<View> {
        if self.hardening.is_some() || self.augmentation == Preset::None.augmentation() {
            return vec![View::Plain];
        }
        if self.augmentation == Preset::Article.augmentation() {
            return vec![View::Plain, View::Mirror];
        }
        let text = format!("{:?} {}", self.augmentation, self.seed);
        let name = hex(&Sha256::digest(text))[..16].to_owned();
        let recipe = Arc::new(NamedAugmentation { augmentation: self.augmentation, seed: self.seed, name });
        let drawn =
            (0..self.count).map(|index| View::Augmented(AugmentedView { recipe: recipe.clone(), index }));
        std::iter::once(View::Plain).chain(drawn).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_have_names_of_their_own() {
        let names = |views: Views| views.of_image().iter().map(View::name).collect::<Vec<_>>();
        assert_eq!(names(Views::new(Preset::None)), ["plain"]);
        assert_eq!(names(Views::new(Preset::Article)), ["plain", "mirror"]);
        let robust = Views { count: 2, ..Views::new(Preset::Robust) };
        let mut all = names(robust);
        assert_eq!((all.len(), all[0].as_str()), (3, "plain"));
        all.extend(names(Views { seed: 43, ..robust }).split_off(1));
        all.extend(
            names(Views { augmentation: Augmentation { zoom: 0.2, ..robust.augmentation }, ..robust })
                .split_off(1),
        );
        all.extend(WrongOrientation::ALL.map(|orientation| View::WrongOrientation(orientation).name()));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
