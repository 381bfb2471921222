//! Groups of options that several commands share.

mod augment;
mod backbone_training;
mod fine_tune;
mod image_set;
mod recipe;
mod source;
mod training;
mod values;

pub use augment::AugmentArgs;
pub use backbone_training::BackboneTrainingArgs;
pub use fine_tune::FineTuneArgs;
pub use image_set::{ImageSetArgs, SplitImageSetArgs};
pub use recipe::Recipe;
pub use source::SourceArgs;
pub use training::TrainingArgs;

use std::path::PathBuf;

/// The folder of the feature cache: `--cache` if given, else `$XDG_CACHE_HOME/xray-edge/features`, else
/// `~/.cache/xray-edge/features`.
pub fn cache_folder(flag: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    flag.or_else(|| Some(variable("XDG_CACHE_HOME")?.join("xray-edge/features")))
        .or_else(|| Some(variable("HOME")?.join(".cache/xray-edge/features")))
        .ok_or_else(|| anyhow::anyhow!("neither HOME nor XDG_CACHE_HOME is set; name a folder with --cache"))
}
