//! Putting a model in use, and rollback by hand.

use std::path::PathBuf;

use xray_core::package::{PackageError, PackageFile, SignatureFile, SignedBytes};

use super::{
    Disk, InstallOptions, Installed, ModelEvent, ModelRefusal, ModelStore, ModelStoreError, SelfTestReport,
};

/// A model to install, and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub model: PathBuf,
    pub signature: PathBuf,
}

/// The outcome of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub model: Installed,
    /// The trusted comment of its signature.
    pub comment: String,
    /// That it runs here; none if it was in use already.
    pub proof: Option<SelfTestReport>,
    /// Screenings that it has to do well; 0 if it is not on trial.
    pub trial: u32,
}

impl<D: Disk> ModelStore<D> {
    /// Puts the model in a file in use, if a trusted key signed it and `self_test` finds that it runs here.
    ///
    /// # Errors
    /// As [`ModelStore::install`]; or the file cannot be read.
    pub fn install_file(
        &self,
        source: &SourceFile,
        options: InstallOptions,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<Installation, ModelStoreError> {
        let file = PackageFile::read(&source.model).map_err(ModelRefusal::from)?;
        let signature = SignatureFile::read(&source.signature, &source.model);
        self.install_read(file, signature, options, self_test)
    }

    /// The same with files that were read already.
    ///
    /// # Errors
    /// As [`ModelStore::install_file`].
    pub fn install_read(
        &self,
        file: PackageFile,
        signature: Result<SignatureFile, PackageError>,
        options: InstallOptions,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<Installation, ModelStoreError> {
        match signature {
            Ok(signature) => self.install(file, &signature, options, self_test),
            Err(error) => self.refused(file.sha256(), error.into(), options.dry_run),
        }
    }

    /// Puts a model in use, on trial if there is another to go back to. A model that is in use already stays.
    ///
    /// # Errors
    /// [`ModelStoreError::Refused`] if the model must not run here; this is an event. Otherwise what the disk says. In
    /// every case the board keeps the model that it has.
    pub fn install(
        &self,
        file: PackageFile,
        signature: &SignatureFile,
        options: InstallOptions,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<Installation, ModelStoreError> {
        let sha256 = file.sha256().to_owned();
        match self.try_install(file, signature, options, self_test) {
            Err(ModelStoreError::Refused(refusal)) => self.refused(&sha256, refusal, options.dry_run),
            other => other,
        }
    }

    fn try_install(
        &self,
        file: PackageFile,
        signature: &SignatureFile,
        options: InstallOptions,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<Installation, ModelStoreError> {
        let signed = self.keys.verify(file, signature).map_err(ModelRefusal::from)?;
        let sha256 = signed.file().sha256().to_owned();
        let comment = signed.comment().to_owned();
        let state = self.state()?;
        if let Some(active) = state.active().filter(|active| active.sha256 == sha256) {
            let trial = state.trial().map_or(0, |trial| trial.screenings_left);
            return Ok(Installation { model: active.clone(), comment, proof: None, trial });
        }
        // What needs no version is asked before the model is loaded, which takes seconds.
        state.check_candidate(&sha256, None, options)?;
        let proof = self_test(signed.clone())?;
        let model = Installed { sha256, version: proof.version, key: signed.key().to_owned(), failed: None };
        let mut state = state;
        if !options.dry_run {
            let _lock = self.disk.lock().map_err(self.io("lock"))?;
            state = self.state()?;
            state.check_candidate(&model.sha256, Some(model.version), options)?;
            self.clean(&state)?;
            self.keep(&signed)?;
            state.install(model.clone(), options);
            self.commit(&state)?;
            // What stays behind is taken away by the next installation.
            let _ = self.clean(&state);
        } else {
            state.check_candidate(&model.sha256, Some(model.version), options)?;
            state.install(model.clone(), options);
        }
        let trial = state.trial().map_or(0, |trial| trial.screenings_left);
        Ok(Installation { model, comment, proof: Some(proof), trial })
    }

    /// Puts the other model in use, if `self_test` finds that it still runs. A model on trial has then failed. With
    /// `dry_run` nothing is changed. Gives the model.
    ///
    /// # Errors
    /// [`ModelRefusal::NothingElse`], why the other cannot be run, or what the disk says.
    pub fn rollback(
        &self,
        dry_run: bool,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<Installed, ModelStoreError> {
        let state = self.state()?;
        if state.active().is_none() {
            return Err(ModelStoreError::NoModel);
        }
        let other = state.fallback()?.clone();
        self_test(self.signed(&other.sha256)?)?;
        if !dry_run {
            let _lock = self.disk.lock().map_err(self.io("lock"))?;
            let mut state = self.state()?;
            if state.fallback()? != &other {
                let reason = "another model was installed at the same time".to_owned();
                return Err(ModelRefusal::NothingElse { reason }.into());
            }
            let on_trial = state.trial().is_some();
            state.go_back("asked for by hand", on_trial)?;
            self.commit(&state)?;
        }
        Ok(other)
    }

    /// Writes down that a file is not put in use, and why.
    ///
    /// # Errors
    /// What the disk says.
    pub fn refuse(&self, sha256: &str, refusal: &ModelRefusal) -> Result<(), ModelStoreError> {
        let _lock = self.disk.lock().map_err(self.io("lock"))?;
        let mut state = self.state()?;
        state.happened(ModelEvent::Refused { sha256: sha256.to_owned(), reason: refusal.to_string() });
        self.commit(&state)
    }

    fn refused<T>(&self, sha256: &str, refusal: ModelRefusal, dry_run: bool) -> Result<T, ModelStoreError> {
        if !dry_run {
            self.refuse(sha256, &refusal)?;
        }
        Err(refusal.into())
    }
}
