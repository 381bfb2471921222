//! Which images go through which backbones: the start of `fit` and `features`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use xray_core::package::Labels;
use xray_core::preprocess::{Preprocessing, Scaling};

use super::int8_backbones::{Int8BackboneOptions, Int8Backbones};
use super::{Event, LoadedBackbones, ViewOptions};
use crate::architectures::BackboneKind;
use crate::data::augment::Preset;
use crate::data::{ClassNames, DataSet, DataSource, Item, SourceError};
use crate::device::ChosenDevice;
use crate::features::{Extractor, Views};
use crate::quantise::CALIBRATION_IMAGES;
use crate::run::ChooseOn;
use crate::weights::{WeightStore, WeightsError};

/// Where the backbones of a fit come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackboneSource {
    /// The weights that were imported or fetched.
    Stored {
        /// In the order in which features are joined.
        kinds: Vec<BackboneKind>,
        store: WeightStore,
    },
    /// Random weights from a seed, for demos and tests.
    Random {
        /// In the order in which features are joined.
        kinds: Vec<BackboneKind>,
        seed: u64,
    },
    /// Those of an exported model, bit for bit, run by the engine that the device uses.
    Base { model: PathBuf },
}

/// In which precision the backbones compute features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeaturePrecision {
    /// `Int8` on a CPU, else `Float`.
    #[default]
    Auto,
    /// In int8, on the engine that runs on the board.
    Int8,
    /// In float32, on the chosen device.
    Float,
}

impl FeaturePrecision {
    fn is_int8(self, device: &ChosenDevice) -> bool {
        match self {
            FeaturePrecision::Auto => device.is_cpu(),
            FeaturePrecision::Int8 => true,
            FeaturePrecision::Float => false,
        }
    }
}

/// Which images go through which backbones, and where features are cached.
#[derive(Debug, Clone)]
pub struct FeatureSource {
    /// The folders with the class folders: one a hospital, at least one.
    pub sources: Vec<DataSource>,
    /// Names of the class folders.
    pub classes: ClassNames,
    pub backbones: BackboneSource,
    /// Without effect on the backbones of a base model, which run as they are.
    pub feature_precision: FeaturePrecision,
    /// Number of training images that the activation ranges of int8 backbones are measured on.
    pub calibration_images: usize,
    pub preprocessing: Preprocessing,
    pub views: Views,
    /// Changes of the corruption suite that each validation image is scored under, beside the image itself.
    pub corruptions: u32,
    /// Whether these changes count when epoch, temperature and threshold are chosen.
    pub choose_on: ChooseOn,
    /// The source whose validation images alone temperature and threshold are chosen on: the one that the model is meant
    /// for. None: all of them.
    pub choose_source: Option<String>,
    /// Folder of the feature cache.
    pub cache: PathBuf,
}

/// A divided data set and the backbones that its images go through.
pub(crate) struct LoadedSource {
    pub backbones: LoadedBackbones,
    /// That of the base model, if there is one.
    pub preprocessing: Preprocessing,
    pub data: DataSet,
    /// Seconds for listing, hashing and dividing the images.
    pub data_seconds: f64,
}

/// A divided data set and an extractor for its features.
pub(crate) struct PreparedFeatures {
    pub backbones: LoadedBackbones,
    /// The backbones in int8, if they compute the features.
    pub int8: Option<Int8Backbones>,
    /// That of the base model, if there is one.
    pub preprocessing: Preprocessing,
    pub data: DataSet,
    pub extractor: Extractor,
    /// Seconds for listing, hashing and dividing the images.
    pub data_seconds: f64,
    /// Seconds for making the int8 backbones.
    pub quantising_seconds: f64,
}

impl FeatureSource {
    /// The default options for the images in `data`: the usual backbones from the default store of weights.
    ///
    /// # Errors
    /// [`WeightsError::NoStore`] if no folder for weights can be determined.
    pub fn new(data: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Result<Self, WeightsError> {
        Ok(FeatureSource {
            sources: vec![DataSource::new(data)],
            classes: ClassNames::default(),
            backbones: BackboneSource::Stored {
                kinds: BackboneKind::DEFAULT_STACK.to_vec(),
                store: WeightStore::open(None)?,
            },
            feature_precision: FeaturePrecision::default(),
            calibration_images: CALIBRATION_IMAGES,
            preprocessing: Preprocessing::new(Scaling::Imagenet),
            views: Views::new(Preset::None),
            corruptions: 0,
            choose_on: ChooseOn::Clean,
            choose_source: None,
            cache: cache.into(),
        })
    }

    /// Takes a hospital out of several.
    ///
    /// # Errors
    /// [`SourceError::Unknown`] if there is none of this name; [`SourceError::Only`] if it is the only one.
    pub fn take(&mut self, name: &str) -> Result<DataSource, SourceError> {
        let known = || self.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
        match self.sources.iter().position(|source| source.name == name) {
            Some(_) if self.sources.len() == 1 => Err(SourceError::Only { name: name.to_owned() }),
            Some(at) => Ok(self.sources.remove(at)),
            None => {
                Err(SourceError::Unknown { option: "--leave-out", name: name.to_owned(), known: known() })
            }
        }
    }

    /// Divides the images and loads the backbones. `seed` is that of the split.
    ///
    /// # Errors
    /// What is wrong with weights or data.
    pub(crate) fn load(&self, seed: u64, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<LoadedSource> {
        // Weights first: without them there is no point in hashing thousands of images.
        let backbones = LoadedBackbones::load(&self.backbones)?;
        let preprocessing = match &backbones {
            LoadedBackbones::Weights(_) => self.preprocessing.clone(),
            // The backbones were trained with it.
            LoadedBackbones::Base(base) => base.contract().preprocessing.clone(),
        };
        let start = Instant::now();
        let data = DataSet::load_sources(&self.sources, &self.classes, seed)?;
        let data_seconds = start.elapsed().as_secs_f64();
        data.notes.iter().for_each(|note| observe(Event::Warning(&note.to_string())));
        observe(Event::Note(&format!(
            "{} training and {} validation images of {} and {} patients",
            data.train.len(),
            data.validation.len(),
            patient_count(&data.train),
            patient_count(&data.validation),
        )));
        Ok(LoadedSource { backbones, preprocessing, data, data_seconds })
    }

    /// Makes the extractor for images and backbones.
    ///
    /// # Errors
    /// What is wrong with weights or cache.
    pub(crate) fn extractor(
        &self,
        loaded: LoadedSource,
        device: &ChosenDevice,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<PreparedFeatures> {
        let LoadedSource { backbones, preprocessing, data, data_seconds } = loaded;
        let start = Instant::now();
        let int8 = match &backbones {
            LoadedBackbones::Weights(sets) if self.feature_precision.is_int8(device) => {
                let options = Int8BackboneOptions {
                    sets,
                    backbones: &backbones.uses()?,
                    preprocessing: &preprocessing,
                    labels: &self.labels(),
                    images: self.calibration_images,
                    // Not the seed of the split: runs that differ only in that seed share backbones and features.
                    seed: self.views.seed,
                };
                Some(Int8Backbones::make(&options, &data, &self.cache, observe)?)
            }
            LoadedBackbones::Weights(_) | LoadedBackbones::Base(_) => None,
        };
        let quantising_seconds = start.elapsed().as_secs_f64();
        let extractor = match (&backbones, &int8) {
            (_, Some(int8)) => int8.model.extractor(&self.cache, observe)?,
            (LoadedBackbones::Weights(sets), None) => {
                Extractor::new(sets, &preprocessing, device, &self.cache)?
            }
            (LoadedBackbones::Base(base), None) => base.extractor(&self.cache, observe)?,
        };
        Ok(PreparedFeatures {
            backbones,
            int8,
            preprocessing,
            data,
            extractor,
            data_seconds,
            quantising_seconds,
        })
    }

    pub(crate) fn view_options(&self) -> ViewOptions<'_> {
        ViewOptions {
            training: &self.views,
            corruptions: self.corruptions,
            choose_on: self.choose_on,
            sources: &self.sources,
        }
    }

    pub(crate) fn labels(&self) -> Labels {
        Labels { negative: self.classes.negative.clone(), positive: self.classes.positive.clone() }
    }
}

/// The number of patients that these images are of.
pub(crate) fn patient_count(items: &[Item]) -> usize {
    items.iter().map(|item| item.patient.as_str()).collect::<BTreeSet<_>>().len()
}
