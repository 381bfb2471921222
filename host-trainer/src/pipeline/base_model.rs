//! A model whose backbones are kept bit for bit, so that only a new head is trained.

use std::path::Path;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use xray_core::engine::{self, EngineChoice};
use xray_core::package::{Contract, PackageFile, VerifiedPackage};

use super::Event;
use crate::backbones::BackboneKind;
use crate::export::Body;
use crate::features::Extractor;
use crate::run::{BackboneUse, BaseUse};
use crate::weights::Provenance;

/// A verified model and what is left of it without its head.
pub(super) struct BaseModel {
    file: PackageFile,
    package: VerifiedPackage,
    body: Body,
}

impl BaseModel {
    /// Reads a model file.
    ///
    /// # Errors
    /// If it is no package of ours.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Self::new(PackageFile::read(path)?)
    }

    /// A model that is in memory.
    ///
    /// # Errors
    /// As [`BaseModel::read`].
    pub fn new(file: PackageFile) -> anyhow::Result<Self> {
        let package = file.clone().verify()?;
        let body = Body::of(&file)?;
        Ok(BaseModel { file, package, body })
    }

    pub fn file(&self) -> &PackageFile {
        &self.file
    }

    pub fn body(&self) -> &Body {
        &self.body
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
        let fingerprint = self.body.fingerprint();
        let preprocessing = &contract.preprocessing;
        Ok(Extractor::of_model(loaded.engine, &fingerprint, contract.features, preprocessing, cache)?)
    }

    /// For the record of a run.
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
    pub fn backbones(&self) -> anyhow::Result<Vec<BackboneUse>> {
        let one = |record: &xray_core::package::BackboneRecord| {
            let kind = BackboneKind::from_str(&record.name, false)
                .map_err(|_| anyhow!("the backbone {} is not known to this release", record.name))?;
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
