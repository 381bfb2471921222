//! The folder where imported weights are kept, one file a backbone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::import::read_bounded;
use super::{WeightSet, WeightsError, safe};
use crate::architectures::BackboneKind;
use xray_core::files::{PUBLIC, write_atomic};

/// Environment variable that names the folder.
pub const STORE_VARIABLE: &str = "XRAY_EDGE_WEIGHTS";

/// The folder where imported weights are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightStore {
    dir: PathBuf,
}

/// One file of the store.
#[derive(Debug)]
pub struct StoredWeights {
    pub backbone: BackboneKind,
    pub path: PathBuf,
    /// The weights, or why they cannot be read.
    pub weights: Result<WeightSet, WeightsError>,
}

impl WeightStore {
    /// The store in this folder, which is made when something is saved.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        WeightStore { dir: dir.into() }
    }

    /// The store that the user means: `flag` if given, else `$XRAY_EDGE_WEIGHTS`, else
    /// `$XDG_DATA_HOME/xray-edge/weights`, else `~/.local/share/xray-edge/weights`.
    ///
    /// # Errors
    /// [`WeightsError::NoStore`] if none of these is set.
    pub fn open(flag: Option<PathBuf>) -> Result<Self, WeightsError> {
        Self::resolve(flag, |name| std::env::var_os(name))
    }

    fn resolve(
        flag: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, WeightsError> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG base directory specification: a relative XDG_DATA_HOME is to be ignored.
        let data = || path("XDG_DATA_HOME").filter(|dir| dir.is_absolute());
        let home = || path("HOME").map(|home| home.join(".local/share"));
        flag.or_else(|| path(STORE_VARIABLE))
            .or_else(|| data().or_else(home).map(|data| data.join("xray-edge/weights")))
            .map(WeightStore::at)
            .ok_or(WeightsError::NoStore)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that holds, or would hold, the weights of this net.
    pub fn path(&self, kind: BackboneKind) -> PathBuf {
        self.dir.join(format!("{}.safetensors", kind.name()))
    }

    /// The weights of this net.
    ///
    /// # Errors
    /// [`WeightsError::NotFound`], which names the two commands that bring weights, if there are none;
    /// otherwise as [`super::import`].
    pub fn load(&self, kind: BackboneKind) -> Result<WeightSet, WeightsError> {
        let path = self.path(kind);
        if !path.exists() {
            return Err(WeightsError::NotFound { backbone: kind.name().to_owned(), dir: self.dir.clone() });
        }
        let raw = safe::read(&path, &read_bounded(&path)?, kind)?;
        let Some(provenance) = raw.provenance else {
            return Err(WeightsError::format(&path, "it was not written by `weights import`"));
        };
        let set =
            WeightSet { backbone: kind, conventions: raw.conventions, provenance, tensors: raw.tensors };
        set.check()?;
        Ok(set)
    }

    /// Stores these weights and replaces others of the same backbone. A reader sees the old file or the new
    /// one, also when the power fails.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] if they are not those of the net, [`WeightsError::Io`].
    pub fn save(&self, set: &WeightSet) -> Result<PathBuf, WeightsError> {
        set.check()?;
        let path = self.path(set.backbone);
        let bytes = safe::write(&path, set)?;
        write_atomic(&path, &bytes, PUBLIC).map_err(|e| WeightsError::io("write", &path, &e))?;
        Ok(path)
    }

    pub fn list(&self) -> Vec<StoredWeights> {
        let there = BackboneKind::ALL.into_iter().filter(|kind| self.path(*kind).exists());
        there
            .map(|backbone| StoredWeights {
                backbone,
                path: self.path(backbone),
                weights: self.load(backbone),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(variables: &[(&str, &str)], flag: Option<&str>) -> Result<PathBuf, WeightsError> {
        let variable =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        WeightStore::resolve(flag.map(PathBuf::from), variable).map(|store| store.dir)
    }

    #[test]
    fn the_nearest_wish_wins() {
        let all = [("HOME", "/h"), ("XDG_DATA_HOME", "/x"), (STORE_VARIABLE, "/s")];
        assert_eq!(dir(&all, Some("/f")), Ok("/f".into()));
        assert_eq!(dir(&all, None), Ok("/s".into()));
        assert_eq!(dir(&all[..2], None), Ok("/x/xray-edge/weights".into()));
        assert_eq!(
            dir(&[("HOME", "/h"), ("XDG_DATA_HOME", "x")], None),
            Ok("/h/.local/share/xray-edge/weights".into())
        );
        assert_eq!(dir(&[("HOME", "")], None), Err(WeightsError::NoStore));
    }
}
