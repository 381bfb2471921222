//! A model whose backbones are kept bit for bit, so that only a new classifier head is trained.

use std::path::Path;

use anyhow::{Context, anyhow};
use xray_core::engine::{self, EngineChoice};
use xray_core::package::{BackboneRecord, Contract, PackageFile, VerifiedPackage};

use super::Event;
use crate::architectures::BackboneKind;
use crate::export::BackboneGraph;
use crate::features::Extractor;
use crate::run::{BackboneUse, BaseUse};
use crate::weights::Provenance;

/// A verified model and its graph without the head.
pub(crate) struct BaseModel {
    file: PackageFile,
    package: VerifiedPackage,
    backbones: BackboneGraph,
}

impl BaseModel {
    /// Reads a model file.
    ///
    /// # Errors
    /// If it is no model package.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Self::new(PackageFile::read(path)?)
    }

    /// A model that is in memory.
    ///
    /// # Errors
    /// As [`BaseModel::read`].
    pub fn new(file: PackageFile) -> anyhow::Result<Self> {
        let package = file.clone().verify()?;
        let backbones = BackboneGraph::of(&file)?;
        Ok(BaseModel { file, package, backbones })
    }

    pub fn file(&self) -> &PackageFile {
        &self.file
    }

    pub fn backbone_graph(&self) -> &BackboneGraph {
        &self.backbones
    }

    pub fn contract(&self) -> &Contract {
        self.package.contract()
    }

    /// Its backbones on the engine that the device uses.
    ///
    /// # Errors
    /// If the engine refuses the model or the cache cannot be opened.
    pub fn extractor(&self, cache: &Path, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Extractor> {
        let loaded = engine::load(&self.package, EngineChoice::Auto)?;
        loaded.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
        let contract = self.contract();
        let fingerprint = self.backbones.fingerprint();
        let preprocessing = &contract.preprocessing;
        Ok(Extractor::of_model(loaded.engine, &fingerprint, contract.features, preprocessing, cache)?)
    }

    pub fn record(&self) -> BaseUse {
        BaseUse {
            file: self.file.path().display().to_string(),
            sha256: self.file.sha256().to_owned(),
            precision: self.contract().precision,
        }
    }

    /// The backbones that the contract names.
    ///
    /// # Errors
    /// If this build does not know one of them.
    pub fn backbone_uses(&self) -> anyhow::Result<Vec<BackboneUse>> {
        let one = |record: &BackboneRecord| {
            let kind = BackboneKind::from_name(&record.name)
                .ok_or_else(|| anyhow!("the backbone {} is not known to this release", record.name))?;
            let provenance = Provenance::Model {
                sha256: self.file.sha256().to_owned(),
                weights: record.weights.clone(),
                random: record.random,
            };
            Ok(BackboneUse { kind, provenance, fingerprint: record.fingerprint.clone() })
        };
        let all: anyhow::Result<Vec<_>> = self.contract().backbones.iter().map(one).collect();
        all.with_context(|| format!("{}: not a base for this release", self.file.path().display()))
    }
}
