//! The feature cache: one small file for each image, view and backbone. Files are written atomically, so that an
//! interrupted extraction continues where it stopped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::Preprocessing;

use super::{FeatureError, View};
use xray_core::files::not_found_as_none;

/// Raised whenever the same image and weights would give other features than before.
const FORMAT: u32 = 1;

/// Bytes of SHA-256 that stand behind the features in a file.
const CHECK_BYTES: usize = 8;

/// What features depend on apart from the image.
#[derive(Debug, Clone, Copy)]
pub struct CacheKey<'a> {
    /// What gives the features, for the folder's name.
    pub net: &'a str,
    /// SHA-256 (hex) over everything in it that has an effect on them.
    pub fingerprint: &'a str,
    /// Features an image.
    pub features: usize,
    /// What computes them (`cpu`, `vulkan`, `fused`, …): they differ in the last bits.
    pub device: &'a str,
}

/// The features of one net under one preprocessing on one kind of device.
#[derive(Debug, Clone)]
pub struct FeatureCache {
    folder: PathBuf,
    features: usize,
}

impl FeatureCache {
    /// Opens the part of the cache below `root` that belongs to `key` and this preprocessing.
    ///
    /// # Errors
    /// [`FeatureError::Cache`] if the folder cannot be made.
    pub fn open(root: &Path, key: CacheKey<'_>, preprocessing: &Preprocessing) -> Result<Self, FeatureError> {
        let mut hash = Sha256::new();
        hash.update(FORMAT.to_le_bytes());
        hash.update(key.fingerprint);
        hash.update(format!("{preprocessing:?}"));
        hash.update(key.device);
        let folder = root.join(format!("{}-{}", key.net, &hex(&hash.finalize())[..16]));
        fs::create_dir_all(&folder).map_err(|source| FeatureError::Cache { path: folder.clone(), source })?;
        Ok(FeatureCache { folder, features: key.features })
    }

    /// The name of the folder: the net, and a hash over everything that has an effect on its features.
    pub fn name(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Features an image.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The features of an image, if a complete file exists.
    ///
    /// # Errors
    /// [`FeatureError::Cache`] if a file is there and cannot be read.
    pub fn get(&self, sha256: &str, view: &View) -> Result<Option<Vec<f32>>, FeatureError> {
        let path = self.path(sha256, view);
        let bytes = match not_found_as_none(fs::read(&path)) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(source) => return Err(FeatureError::Cache { path, source }),
        };
        let length = self.features * size_of::<f32>();
        if bytes.len() != length + CHECK_BYTES {
            return Ok(None);
        }
        let (payload, check) = bytes.split_at(length);
        if Sha256::digest(payload)[..CHECK_BYTES] != *check {
            return Ok(None);
        }
        let floats = payload.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok(Some(floats.collect()))
    }

    /// Stores the features of an image.
    ///
    /// # Errors
    /// [`FeatureError::Cache`] if the file cannot be written.
    pub fn put(&self, sha256: &str, view: &View, features: &[f32]) -> Result<(), FeatureError> {
        let path = self.path(sha256, view);
        let write = || -> std::io::Result<()> {
            let folder = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder)?;
            let payload: Vec<u8> = features.iter().flat_map(|f| f.to_le_bytes()).collect();
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&payload)?;
            file.write_all(&Sha256::digest(&payload)[..CHECK_BYTES])?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|source| FeatureError::Cache { path: path.clone(), source })
    }

    fn path(&self, sha256: &str, view: &View) -> PathBuf {
        let subfolder = sha256.get(..2).unwrap_or("xx");
        self.folder.join(subfolder).join(format!("{sha256}-{}.f32", view.name()))
    }
}
