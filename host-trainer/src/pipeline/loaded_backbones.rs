//! The backbones of a fit, loaded.

use super::{BackboneSource, BaseModel};
use crate::run::BackboneUse;
use crate::weights::{WeightSet, WeightsError};

/// Backbones whose weights are known, or those inside a model.
pub(crate) enum LoadedBackbones {
    Weights(Vec<WeightSet>),
    Base(Box<BaseModel>),
}

impl LoadedBackbones {
    /// # Errors
    /// If weights are missing or unusable, or the base model cannot be read.
    pub fn load(source: &BackboneSource) -> anyhow::Result<LoadedBackbones> {
        Ok(match source {
            BackboneSource::Base { model } => LoadedBackbones::Base(Box::new(BaseModel::read(model)?)),
            BackboneSource::Stored { kinds, store } => {
                let sets: Result<_, WeightsError> = kinds.iter().map(|kind| store.load(*kind)).collect();
                LoadedBackbones::Weights(sets?)
            }
            BackboneSource::Random { kinds, seed } => {
                LoadedBackbones::Weights(kinds.iter().map(|kind| WeightSet::random(*kind, *seed)).collect())
            }
        })
    }

    /// The model whose backbones are kept, if there is one.
    pub fn base(&self) -> Option<&BaseModel> {
        match self {
            LoadedBackbones::Weights(_) => None,
            LoadedBackbones::Base(base) => Some(base),
        }
    }

    ///
    /// # Errors
    /// If this build does not know one that the base model names.
    pub fn uses(&self) -> anyhow::Result<Vec<BackboneUse>> {
        match self {
            LoadedBackbones::Weights(sets) => Ok(sets.iter().map(backbone_use).collect()),
            LoadedBackbones::Base(base) => base.backbone_uses(),
        }
    }
}

fn backbone_use(set: &WeightSet) -> BackboneUse {
    BackboneUse { kind: set.backbone, provenance: set.provenance.clone(), fingerprint: set.fingerprint() }
}
