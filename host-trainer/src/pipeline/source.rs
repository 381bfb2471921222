//! Which images go through which nets: what `fit` and `features` begin with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use xray_core::package::Labels;
use xray_core::preprocess::Preprocessing;

use super::Event;
use super::base::BaseModel;
use super::head_fit::Forms;
use super::int8_body::{Ingredients, Int8Body};
use crate::backbones::BackboneKind;
use crate::data::{ClassNames, DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extractor, Views};
use crate::run::{BackboneUse, ChooseOn};
use crate::weights::{WeightSet, WeightStore, WeightsError};

/// Where the backbones of a fit come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackboneSource {
    /// The weights that were imported or fetched.
    Stored {
        /// The nets, in the order in which features are joined.
        kinds: Vec<BackboneKind>,
        /// Where their weights lie.
        store: WeightStore,
    },
    /// Drawn at random with this seed; for demos and tests.
    Random {
        /// The nets, in the order in which features are joined.
        kinds: Vec<BackboneKind>,
        /// The seed.
        seed: u64,
    },
    /// Those of an exported model, bit for bit, run by the engine that the device uses.
    Base {
        /// The model file.
        model: PathBuf,
    },
}

/// What computes the features of backbones whose weights are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FeaturesBy {
    /// `int8` where the device is the CPU, else `float`
    Auto,
    /// The backbones in int8, on the engine that runs on the device
    Int8,
    /// The backbones in float32, on the device that --device names
    Float,
}

impl FeaturesBy {
    fn is_int8(self, device: &ChosenDevice) -> bool {
        match self {
            FeaturesBy::Auto => device.is_cpu(),
            FeaturesBy::Int8 => true,
            FeaturesBy::Float => false,
        }
    }
}

/// Which images go through which nets, and where their features are kept.
#[derive(Debug, Clone)]
pub struct FeatureSource {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders.
    pub classes: ClassNames,
    /// A file that says which image is on which side, instead of the rule by patient.
    pub splits: Option<PathBuf>,
    /// The backbones.
    pub backbones: BackboneSource,
    /// What computes their features; the backbones of a base model are run as they are.
    pub by: FeaturesBy,
    /// Training images that int8 backbones are calibrated on.
    pub calibration_images: usize,
    /// How images are prepared.
    pub preprocessing: Preprocessing,
    /// Which forms of a training image are trained on.
    pub views: Views,
    /// Changes of the corruption suite that each validation image is seen under, beside itself.
    pub corruptions: u32,
    /// Whether they count when epoch, temperature and threshold are chosen.
    pub choose_on: ChooseOn,
    /// Folder of the feature cache.
    pub cache: PathBuf,
}

/// Images divided and nets loaded.
pub(super) struct Prepared {
    pub stack: Stack,
    /// The backbones in int8, if they compute the features.
    pub int8: Option<Int8Body>,
    /// What the nets are fed with: that of the base model if there is one.
    pub preprocessing: Preprocessing,
    pub data: DataSet,
    pub extractor: Extractor,
    /// Seconds for listing, hashing and dividing the images.
    pub seconds: f64,
    /// Seconds for making the int8 backbones.
    pub quantising_seconds: f64,
}

impl FeatureSource {
    /// Divides the images and loads the nets. `seed` is that of the split.
    ///
    /// # Errors
    /// What is wrong with weights, data or cache.
    pub(super) fn prepare(
        &self,
        seed: u64,
        device: &ChosenDevice,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Prepared> {
        // Weights first: without them there is no point in hashing thousands of images.
        let stack = Stack::load(&self.backbones)?;
        let preprocessing = match &stack {
            Stack::Weights(_) => self.preprocessing.clone(),
            // The backbones get what they always got.
            Stack::Base(base) => base.contract().preprocessing.clone(),
        };
        let start = Instant::now();
        let data = DataSet::load(&self.data, &self.classes, self.splits.as_deref(), seed)?;
        let seconds = start.elapsed().as_secs_f64();
        observe(Event::Note(&format!(
            "{} training and {} validation images of {} and {} patients",
            data.train.len(),
            data.validation.len(),
            patients(&data.train),
            patients(&data.validation),
        )));
        let start = Instant::now();
        let int8 = match &stack {
            Stack::Weights(sets) if self.by.is_int8(device) => {
                let ingredients = Ingredients {
                    sets,
                    backbones: &stack.backbones()?,
                    preprocessing: &preprocessing,
                    labels: &self.labels(),
                    images: self.calibration_images,
                    // Not that of the split: runs that differ in it alone share backbones and features.
                    seed: self.views.seed,
                };
                Some(Int8Body::make(&ingredients, &data, &self.cache, observe)?)
            }
            Stack::Weights(_) | Stack::Base(_) => None,
        };
        let quantising_seconds = start.elapsed().as_secs_f64();
        let extractor = match (&stack, &int8) {
            (_, Some(int8)) => int8.model.extractor(&self.cache, observe)?,
            (Stack::Weights(sets), None) => Extractor::new(sets, &preprocessing, device, &self.cache)?,
            (Stack::Base(base), None) => base.extractor(&self.cache, observe)?,
        };
        Ok(Prepared { stack, int8, preprocessing, data, extractor, seconds, quantising_seconds })
    }

    /// In which forms its images are looked at.
    pub(super) fn forms(&self) -> Forms<'_> {
        Forms { views: &self.views, corruptions: self.corruptions, choose_on: self.choose_on }
    }

    /// The two classes as models name them.
    pub(super) fn labels(&self) -> Labels {
        Labels { negative: self.classes.negative.clone(), positive: self.classes.positive.clone() }
    }
}

/// The nets, loaded.
pub(super) enum Stack {
    Weights(Vec<WeightSet>),
    Base(Box<BaseModel>),
}

impl Stack {
    fn load(source: &BackboneSource) -> anyhow::Result<Stack> {
        Ok(match source {
            BackboneSource::Base { model } => Stack::Base(Box::new(BaseModel::read(model)?)),
            BackboneSource::Stored { kinds, store } => {
                let sets: Result<_, WeightsError> = kinds.iter().map(|kind| store.load(*kind)).collect();
                Stack::Weights(sets?)
            }
            BackboneSource::Random { kinds, seed } => {
                Stack::Weights(kinds.iter().map(|kind| WeightSet::random(*kind, *seed)).collect())
            }
        })
    }

    /// The model whose backbones are kept, if there is one.
    pub fn base(&self) -> Option<&BaseModel> {
        match self {
            Stack::Weights(_) => None,
            Stack::Base(base) => Some(base),
        }
    }

    /// The backbones, for the record of a run.
    ///
    /// # Errors
    /// If this build does not know one that the base model names.
    pub fn backbones(&self) -> anyhow::Result<Vec<BackboneUse>> {
        match self {
            Stack::Weights(sets) => Ok(sets.iter().map(backbone_use).collect()),
            Stack::Base(base) => base.backbones(),
        }
    }
}

fn backbone_use(set: &WeightSet) -> BackboneUse {
    BackboneUse { kind: set.backbone, provenance: set.provenance.clone(), fingerprint: set.fingerprint() }
}

/// How many patients these images are of.
pub(super) fn patients(items: &[Item]) -> usize {
    items.iter().map(|item| item.patient.as_str()).collect::<BTreeSet<_>>().len()
}
