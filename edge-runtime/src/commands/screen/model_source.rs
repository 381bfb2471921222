//! Which model screens: a file, the one that is installed on this board, or the newest file at hand.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use xray_core::engine::EngineOptions;
use xray_core::files::not_found_as_none;
use xray_core::screening::{NoResult, ScreenedPath, Screener, ScreeningError};

use crate::commands::model::StoreLocation;
use crate::models::{ModelFolder, ModelStore, State, TrialOutcome, TrialStatus, load_checked};

/// Which model screens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A file, signed or not.
    File(PathBuf),
    /// The installed one, else the newest file at hand where no key is trusted.
    Automatic(ModelSearch),
}

/// Where a model is looked for when none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelSearch {
    pub installed: StoreLocation,
    /// Folders whose `*.onnx` files may run unsigned on a machine without trusted keys.
    pub folders: Vec<PathBuf>,
}

/// A model that is ready, and where it came from.
pub struct LoadedModel {
    pub screener: Screener,
    /// What people must know about the choice: one line each.
    pub notes: Vec<String>,
    store: Option<ModelStore<ModelFolder>>,
}

impl Default for ModelSource {
    fn default() -> Self {
        ModelSource::automatic(StoreLocation::default())
    }
}

impl ModelSource {
    /// The installed model, else the newest beside the program and in `models/` of the current directory.
    pub fn automatic(installed: StoreLocation) -> Self {
        let program = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
        let folders = program.into_iter().chain([PathBuf::from("models")]).collect();
        ModelSource::Automatic(ModelSearch { installed, folders })
    }

    /// Loads the model.
    ///
    /// # Errors
    /// If it cannot be loaded, or there is none that may run here.
    pub fn load(&self, engine: EngineOptions) -> Result<LoadedModel> {
        match self {
            ModelSource::File(file) => load_file(file, engine, Vec::new()),
            ModelSource::Automatic(search) => search.load(engine),
        }
    }
}

impl ModelSearch {
    fn load(&self, engine: EngineOptions) -> Result<LoadedModel> {
        let installed = State::read(&ModelFolder::new(&self.installed.store))?.active().is_some();
        if installed || has_keys(&self.installed.keys) {
            return self.load_installed(engine).map_err(|error| match self.newest() {
                Some(file) if !installed => error.context(format!(
                    "{}: it may not run here: this board has trusted keys ({}) and runs no model that it has not \
                     installed; `edge-runtime model install {}` installs it if it is signed, and --model runs it once",
                    file.display(),
                    self.installed.keys.display(),
                    file.display()
                )),
                _ => error,
            });
        }
        match self.newest() {
            Some(file) => {
                let store = self.installed.store.display();
                let note = format!(
                    "model {}: the newest model file at hand; none is installed in {store}, and no key is trusted here",
                    file.display()
                );
                load_file(&file, engine, vec![note])
            }
            None => {
                let folders: Vec<_> =
                    self.folders.iter().map(|folder| folder.display().to_string()).collect();
                bail!(
                    "no model is installed on this board ({}), and there is no *.onnx file in {}; name one with --model",
                    self.installed.store.display(),
                    folders.join(" or ")
                )
            }
        }
    }

    fn load_installed(&self, engine: EngineOptions) -> Result<LoadedModel> {
        let context = "without --model, the model that is installed on this board screens";
        let store = self.installed.open().context(context)?;
        let started = store.start(|signed| load_checked(signed, engine)).context(context)?;
        let went_back = started
            .went_back
            .map(|reason| format!("warning: this board went back to the model before: {reason}"));
        Ok(LoadedModel {
            screener: started.ready,
            notes: went_back.into_iter().collect(),
            store: Some(store),
        })
    }

    /// The newest `*.onnx` file in the folders, by modification time, then by name.
    fn newest(&self) -> Option<PathBuf> {
        let files =
            self.folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let models = files
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "onnx") && path.is_file());
        models.max_by_key(|path| (modified(path), path.clone()))
    }
}

fn modified(path: &Path) -> SystemTime {
    std::fs::metadata(path).and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Whether this machine trusts any key. A folder that cannot be listed counts as one with keys.
fn has_keys(folder: &Path) -> bool {
    match not_found_as_none(std::fs::read_dir(folder)) {
        Ok(None) => false,
        Ok(Some(entries)) => {
            entries.flatten().any(|entry| entry.path().extension().is_some_and(|ending| ending == "pub"))
        }
        Err(_) => true,
    }
}

fn load_file(file: &Path, engine: EngineOptions, notes: Vec<String>) -> Result<LoadedModel> {
    Ok(LoadedModel { screener: Screener::load_with(file, engine)?, notes, store: None })
}

impl LoadedModel {
    /// Reports that the program ends in order, so that its end does not count against a model on trial.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn end(&self) -> Result<()> {
        if let Some(store) = &self.store {
            store.settled(self.screener.model_sha256())?;
        }
        Ok(())
    }

    /// Counts a screening for or against an installed model that is on trial.
    ///
    /// # Errors
    /// If another model is in use from now on, or the store cannot be written.
    pub fn count(&self, item: &ScreenedPath) -> Result<()> {
        let outcome = match &item.outcome {
            Ok(_) => TrialOutcome::Succeeded,
            Err(NoResult::Screening(ScreeningError::Engine { source, .. })) => {
                TrialOutcome::Failed(source.to_string())
            }
            Err(_) => return Ok(()),
        };
        let Some(store) = &self.store else { return Ok(()) };
        match store.screened(self.screener.model_sha256(), &outcome)? {
            TrialStatus::Replaced => bail!(
                "another model is in use on this board from now on (see `edge-runtime model status`); screen the rest again"
            ),
            TrialStatus::Steady | TrialStatus::OnTrial { .. } | TrialStatus::Confirmed => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_newest_file_of_all_folders_is_found_by_its_time_and_its_ending() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("models/folder.onnx")).expect("made");
        let write = |name: &str, age: u64| {
            let file = std::fs::File::create(at(name)).expect("created");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).expect("set");
        };
        let folders = vec![folder.path().to_owned(), at("models"), at("missing")];
        let search = ModelSearch { folders, ..ModelSearch::default() };
        assert_eq!(search.newest(), None);
        write("old.onnx", 30);
        write("models/new.onnx", 10);
        write("models/newer.txt", 5);
        assert_eq!(search.newest(), Some(at("models/new.onnx")));
        write("models/other.onnx", 10);
        assert_eq!(search.newest(), Some(at("models/other.onnx")), "of one time, the last name");
        write("newest.onnx", 1);
        assert_eq!(search.newest(), Some(at("newest.onnx")));
    }

    #[test]
    fn keys_are_public_keys_and_a_folder_that_cannot_be_listed_may_hold_some() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!has_keys(&folder.path().join("none")));
        std::fs::write(folder.path().join("README"), "").expect("written");
        assert!(!has_keys(folder.path()));
        assert!(has_keys(&folder.path().join("README")), "it is no folder");
        std::fs::write(folder.path().join("2026.pub"), "").expect("written");
        assert!(has_keys(folder.path()));
    }
}
