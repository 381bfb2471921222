//! Which images go through which nets: what `fit` and `features` begin with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use xray_core::preprocess::Preprocessing;

use super::Event;
use super::base::BaseModel;
use crate::backbones::BackboneKind;
use crate::data::{ClassNames, DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extractor, Views};
use crate::run::BackboneUse;
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
    /// How images are prepared.
    pub preprocessing: Preprocessing,
    /// Which forms of a training image are trained on.
    pub views: Views,
    /// Folder of the feature cache.
    pub cache: PathBuf,
}

/// Images divided and nets loaded.
pub(super) struct Prepared {
    pub stack: Stack,
    /// What the nets are fed with: that of the base model if there is one.
    pub preprocessing: Preprocessing,
    pub data: DataSet,
    pub extractor: Extractor,
    /// Seconds for listing, hashing and dividing the images.
    pub seconds: f64,
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
        let extractor = match &stack {
            Stack::Weights(sets) => Extractor::new(sets, &preprocessing, device, &self.cache)?,
            Stack::Base(base) => base.extractor(&self.cache, observe)?,
        };
        Ok(Prepared { stack, preprocessing, data, extractor, seconds })
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
