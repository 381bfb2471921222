//! The options that say which images go through which backbones, the same for `fit` and `features`.

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use xray_core::preprocess::{Intensity, Preprocessing, Scaling};

use super::augment::AugmentArgs;
use super::cache_folder;
use super::recipe::Recipe;
use crate::architectures::BackboneKind;
use crate::data::augment::{AugmentError, Hardening, Preset};
use crate::data::{ClassNames, DataSource, SourceSplits, SourceWeight};
use crate::device::{ChosenDevice, DeviceChoice, DeviceError, choose};
use crate::features::Views;
use crate::pipeline::{BackboneSource, FeaturePrecision, FeatureSource};
use crate::quantise::CALIBRATION_IMAGES;
use crate::run::ChooseOn;
use crate::weights::WeightStore;

/// Which images go through which backbones.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images and backbones")]
pub struct SourceArgs {
    /// The defaults of other options [default: `robust`; for `fit` on a GPU `hardened`, unless --base, --draws, --augment,
    /// --shards or --unfreeze is given]
    #[arg(long, value_enum)]
    pub recipe: Option<Recipe>,
    /// Folder with the class folders, found recursively; several hospitals are given by several --data NAME=DIR, of which
    /// each class of each has the same share of an epoch
    #[arg(long, value_name = "[NAME=]DIR", required = true)]
    data: Vec<DataSource>,
    /// CSV file with the columns path,role,patient that says which image is in which split; of several hospitals NAME=FILE
    #[arg(long, value_name = "[NAME=]FILE")]
    splits: Vec<SourceSplits>,
    /// Another share of an epoch for one of several hospitals
    #[arg(long, value_name = "NAME=WEIGHT")]
    source_weight: Vec<SourceWeight>,
    /// Names of the class folders, the one without the finding first
    #[arg(long, value_name = "NEGATIVE,POSITIVE", default_value = "NORMAL,PNEUMONIA")]
    classes: ClassNames,
    /// Backbones by name, separated by commas; `random` draws seeded random weights (demos and tests only)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "densenet169,mobilenet-v2")]
    backbones: Vec<BackboneName>,
    /// Keep the backbones and the preprocessing of this model bit for bit and train only a new classifier head; runs on
    /// the engine of the board, which is several times faster on a CPU
    #[arg(long, value_name = "MODEL.onnx", conflicts_with_all = ["backbones", "weights_dir", "preprocessing", "intensity"])]
    base: Option<PathBuf>,
    /// Folder of the imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    /// How pixels become numbers
    #[arg(long, value_enum, default_value = "imagenet")]
    preprocessing: PreprocessingName,
    /// Normalisation of the grey levels before that, in training and on the device: `none`, `histogram` (equalised over
    /// the whole image), `clahe` (over tiles, with limited contrast) or `clahe:CLIP,TILES` [default: that of --recipe]
    #[arg(long, value_name = "RULE")]
    intensity: Option<Intensity>,
    #[command(flatten)]
    augment: AugmentArgs,
    /// Augmented views of each training image beside the image itself, with augmentation; each epoch draws one of them
    /// [default: 4]
    #[arg(long, value_name = "N", help_heading = "Augmentation")]
    views: Option<u32>,
    /// Seeds these views and the choice of images for activation ranges; features are cached, so runs with another --seed
    /// reuse them
    #[arg(long, default_value_t = 42, help_heading = "Augmentation")]
    view_seed: u64,
    /// Draws of each training and validation image, beside the image itself, by the augmentation that hardened backbones were
    /// trained with: frames exchanged between images, amplitude spectra mixed, wide changes of position, exposure and
    /// sharpness, an erased box. A head on hardened backbones must see such images. `--draws` alone draws 3 [default: that of
    /// --recipe]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "3", help_heading = "Augmentation", conflicts_with_all = ["augment", "views"])]
    draws: Option<u32>,
    /// Share of the draws whose frame is that of another image; 0 to 1
    #[arg(long, value_name = "SHARE", help_heading = "Augmentation")]
    frame_exchange: Option<f64>,
    /// Share of the draws whose amplitude spectrum is mixed with that of another image; 0 to 1
    #[arg(long, value_name = "SHARE", help_heading = "Augmentation")]
    amplitude_mix: Option<f64>,
    /// Share of the draws of which a box is erased; 0 to 1
    #[arg(long, value_name = "SHARE", help_heading = "Augmentation")]
    erase: Option<f64>,
    /// What the epoch, the temperature and the threshold are chosen on [default: `drawn`
    /// with --draws, else that of --recipe]
    #[arg(long, value_enum, help_heading = "Decision")]
    choose_on: Option<ChooseOn>,
    /// Changes of the corruption suite for each validation image, beside the image itself; 0 to 32. With `--choose-on
    /// clean` they are for the record only [default: that of --recipe]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=32), help_heading = "Decision")]
    corruptions: Option<u32>,
    /// Compute features with the backbones in int8, on the engine that runs on the board (several times faster on a CPU,
    /// see docs/evidence/performance.md, and `export` need not train the head again), or in float32
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "base", help_heading = "Features")]
    features_by: FeaturePrecision,
    /// Number of training images that the activation ranges of int8 backbones are measured on (calibration images)
    #[arg(long, value_name = "N", default_value_t = CALIBRATION_IMAGES, conflicts_with = "base", help_heading = "Features")]
    calibrate_on: usize,
    /// Folder of the feature cache [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR", help_heading = "Features")]
    cache: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value = "auto", help_heading = "Features")]
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
        BackboneKind::from_name(text).map(BackboneName::Net).ok_or_else(|| {
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
    /// # Errors
    /// [`DeviceError`] if it cannot be used.
    pub fn device(&self) -> Result<ChosenDevice, DeviceError> {
        choose(self.device)
    }

    /// The recipe that was named, else the one for frozen backbones.
    pub fn recipe(&self) -> Recipe {
        self.recipe.unwrap_or(Recipe::Robust)
    }

    /// Whether nothing was said of how images are drawn or backbones are kept, so that a recipe may say it.
    pub fn leaves_backbones_open(&self) -> bool {
        self.base.is_none() && self.draws.is_none() && !self.augment.names_a_preset()
    }

    /// How images are drawn with other images.
    ///
    /// # Errors
    /// [`AugmentError`] names a share that is out of its range.
    pub fn hardening(&self) -> Result<Hardening, AugmentError> {
        let default = Hardening::default();
        let hardening = Hardening {
            frame_exchange: self.frame_exchange.unwrap_or(default.frame_exchange),
            amplitude_mix: self.amplitude_mix.unwrap_or(default.amplitude_mix),
            erase: self.erase.unwrap_or(default.erase),
            ..default
        };
        hardening.check()?;
        Ok(hardening)
    }

    /// `seed` is that of random backbones.
    ///
    /// # Errors
    /// If no folder for weights or cache can be determined, or a number of the augmentation is out of its range.
    pub fn options(self, seed: u64) -> anyhow::Result<FeatureSource> {
        let scaling = match self.preprocessing {
            PreprocessingName::Imagenet => Scaling::Imagenet,
            PreprocessingName::Unit => Scaling::Unit,
        };
        let recipe = self.recipe();
        let augmentation = self.augment.augmentation(recipe.augment())?;
        let mut views = Views { augmentation, seed: self.view_seed, ..Views::new(Preset::None) };
        if let Some(count) = self.views {
            ensure!(
                views.are_drawn(),
                "--views has no effect: training images are not augmented; add --augment robust, or single changes \
                 such as --rotation 5"
            );
            views.count = count;
        }
        let draws = self.draws.or(recipe.draws());
        ensure!(
            recipe.draws().is_none() || !self.augment.names_a_preset(),
            "--augment has no effect with --recipe hardened, which draws images with other images; leave --augment out"
        );
        if let Some(count) = draws {
            views = Views { hardening: Some(self.hardening()?), count, ..views };
        } else {
            ensure!(
                [self.frame_exchange, self.amplitude_mix, self.erase].iter().all(Option::is_none),
                "--frame-exchange, --amplitude-mix and --erase are for drawn images; add --draws or --recipe hardened"
            );
        }
        let choose_on = if draws.is_some() { ChooseOn::Drawn } else { recipe.choose_on() };
        let intensity = self.intensity.unwrap_or(recipe.intensity());
        Ok(FeatureSource {
            classes: self.classes,
            backbones: match self.base {
                Some(model) => BackboneSource::Base { model },
                None => backbones(&self.backbones, self.weights_dir, seed)?,
            },
            feature_precision: self.features_by,
            calibration_images: self.calibrate_on,
            preprocessing: Preprocessing { intensity, ..Preprocessing::new(scaling) },
            views,
            corruptions: self.corruptions.unwrap_or(recipe.corruptions()),
            choose_on: self.choose_on.unwrap_or(choose_on),
            cache: cache_folder(self.cache)?,
            sources: DataSource::join(self.data, self.splits, self.source_weight)?,
        })
    }
}

/// The named backbones, in the order of [`BackboneKind::ALL`] whatever the order on the command line; the default ones
/// for `random` alone.
fn backbones(
    names: &[BackboneName],
    weights_dir: Option<PathBuf>,
    seed: u64,
) -> anyhow::Result<BackboneSource> {
    let named = |kind: &BackboneKind| names.contains(&BackboneName::Net(*kind));
    let mut kinds: Vec<BackboneKind> = BackboneKind::ALL.into_iter().filter(named).collect();
    if names.contains(&BackboneName::Random) {
        if kinds.is_empty() {
            kinds = BackboneKind::DEFAULT_STACK.to_vec();
        }
        return Ok(BackboneSource::Random { kinds, seed });
    }
    Ok(BackboneSource::Stored { kinds, store: WeightStore::open(weights_dir)? })
}
