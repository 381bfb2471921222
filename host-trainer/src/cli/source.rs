//! The options that say which images go through which nets, the same for `fit` and `features`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use xray_core::preprocess::{Intensity, Preprocessing, Scaling};

use super::augment_args::AugmentArgs;
use super::cache_folder;
use crate::backbones::BackboneKind;
use crate::data::ClassNames;
use crate::data::augment::Preset;
use crate::device::{ChosenDevice, DeviceChoice, DeviceError, choose};
use crate::features::Views;
use crate::pipeline::{BackboneSource, FeatureSource};
use crate::weights::WeightStore;

/// Which images go through which nets.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images and nets")]
pub struct SourceArgs {
    /// Folder with the class folders, found recursively
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// CSV file with the columns path,role,patient that says which image is on which side
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Backbones by name, separated by commas; `random` draws seeded random weights (demos and tests only)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "densenet169,mobilenet-v2")]
    backbones: Vec<BackboneName>,
    /// Keep the backbones and the preprocessing of this model bit for bit and train only a new head; runs on the
    /// engine of the device, which is several times faster on a CPU
    #[arg(long, value_name = "MODEL.onnx", conflicts_with_all = ["backbones", "weights_dir", "preprocessing", "intensity"])]
    base: Option<PathBuf>,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// How pixels become numbers
    #[arg(long, value_enum, default_value = "imagenet")]
    preprocessing: PreprocessingName,
    /// What is done to the grey levels before, in training and on the device: `none`, `histogram` (equalised over the
    /// whole image), `clahe` (over tiles, with limited contrast) or `clahe:CLIP,TILES`
    #[arg(long, value_name = "RULE", default_value = "none")]
    intensity: Intensity,
    #[command(flatten)]
    augment: AugmentArgs,
    /// Varied forms of each training image beside the image itself; each epoch draws one of them
    #[arg(long, value_name = "N", default_value_t = 4)]
    views: u32,
    /// Seeds them; their features are kept, so runs of another --seed find them
    #[arg(long, default_value_t = 42)]
    view_seed: u64,
    /// Folder of the feature cache [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BackboneName {
    Net(BackboneKind),
    Random,
}

impl std::str::FromStr for BackboneName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(BackboneName::Random);
        }
        BackboneKind::from_str(text, false).map(BackboneName::Net).map_err(|_| {
            let names: Vec<_> = BackboneKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("there is no backbone `{text}`; there are {} and random", names.join(", "))
        })
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PreprocessingName {
    /// Divided by 255, ImageNet mean and standard deviation
    Imagenet,
    /// Divided by 255 and nothing else
    Unit,
}

impl SourceArgs {
    /// The device that was asked for.
    ///
    /// # Errors
    /// [`DeviceError`] if it cannot be used.
    pub fn device(&self) -> Result<ChosenDevice, DeviceError> {
        choose(self.device)
    }

    /// The options as the pipeline takes them. `seed` is that of random backbones.
    ///
    /// # Errors
    /// If no folder for weights or cache can be found out, or a number of the augmentation is out of its range.
    pub fn options(self, seed: u64) -> anyhow::Result<FeatureSource> {
        let scaling = match self.preprocessing {
            PreprocessingName::Imagenet => Scaling::Imagenet,
            PreprocessingName::Unit => Scaling::Unit,
        };
        let augmentation = self.augment.augmentation(Preset::Article)?;
        Ok(FeatureSource {
            classes: self.classes,
            backbones: match self.base {
                Some(model) => BackboneSource::Base { model },
                None => backbones(&self.backbones, self.weights_dir, seed)?,
            },
            preprocessing: Preprocessing { intensity: self.intensity, ..Preprocessing::new(scaling) },
            views: Views { augmentation, count: self.views, seed: self.view_seed },
            cache: cache_folder(self.cache)?,
            data: self.data,
            splits: self.splits,
        })
    }
}

/// The nets that were named, in the order of the registry whatever the order on the command line; the
/// usual stack where only `random` was said.
fn backbones(
    names: &[BackboneName],
    weights_dir: Option<PathBuf>,
    seed: u64,
) -> anyhow::Result<BackboneSource> {
    let named = |kind: &BackboneKind| names.contains(&BackboneName::Net(*kind));
    let mut kinds: Vec<BackboneKind> = BackboneKind::ALL.into_iter().filter(named).collect();
    if names.contains(&BackboneName::Random) {
        if kinds.is_empty() {
            kinds = BackboneKind::STACK.to_vec();
        }
        return Ok(BackboneSource::Random { kinds, seed });
    }
    Ok(BackboneSource::Stored { kinds, store: WeightStore::open(weights_dir)? })
}
