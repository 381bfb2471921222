//! `decommission`: what a board holds of patients, and what is secret on it, is removed before it leaves the house.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xray_core::files::not_found_as_none;

use crate::config::Config;
use crate::models::{Disk, ModelFolder};
use crate::records::{ChainHead, RecordReader, wipe};

/// What is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decommission {
    /// Folder of records and images.
    pub store: PathBuf,
    /// Folder of the installed models.
    pub models: PathBuf,
    /// Secret files (access word, private keys), which are overwritten first, then the trusted public keys and the page's
    /// certificate; only what is there.
    pub secrets: Vec<PathBuf>,
    pub public: Vec<PathBuf>,
    /// The newest record, to be noted down: reports and exports can then still be told from forged ones.
    pub head: Option<ChainHead>,
}

impl Decommission {
    /// What would be removed from the board of a configuration.
    ///
    /// # Errors
    /// If the configuration or the folder of keys cannot be read. A record that cannot be read is no error: it goes, too.
    pub fn of(config: &Path) -> Result<Self> {
        let config = Config::read(config)?;
        let (mut secrets, mut public) = (Vec::new(), Vec::new());
        if let Some(page) = &config.page {
            secrets.extend(page.token_file.clone());
            secrets.extend(page.key.clone());
            secrets.push(page.tls_folder.join("key.pem"));
            public.push(page.tls_folder.join("certificate.pem"));
        }
        public.extend(keys_in(&config.model.keys)?);
        let there = |path: &PathBuf| path.symlink_metadata().is_ok();
        secrets.retain(there);
        public.retain(there);
        let head = RecordReader::open(&config.record.folder)
            .and_then(|reader| reader.newest())
            .ok()
            .flatten()
            .map(|record| ChainHead::of(&record));
        Ok(Decommission { store: config.record.folder, models: config.model.store, secrets, public, head })
    }

    /// Removes it all; secrets first. It may be run again after an interruption.
    ///
    /// # Errors
    /// If the program still runs, or a file cannot be removed.
    pub fn run(&self) -> Result<()> {
        for path in &self.secrets {
            overwrite(path).and_then(|()| fs::remove_file(path)).with_context(|| failed(path))?;
        }
        for path in &self.public {
            fs::remove_file(path).with_context(|| failed(path))?;
        }
        wipe_models(&self.models).with_context(|| failed(&self.models))?;
        wipe(&self.store)?;
        rustix::fs::sync();
        Ok(())
    }
}

fn failed(path: &Path) -> String {
    format!("{}: could not be removed; run it as root, with the service stopped", path.display())
}

fn keys_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("{}: the folder of keys cannot be listed; run it as root", folder.display());
    let Some(entries) = not_found_as_none(fs::read_dir(folder)).with_context(context)? else {
        return Ok(Vec::new());
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut keys = paths.with_context(context)?;
    keys.retain(|path| path.extension().is_some_and(|ending| ending == "pub"));
    keys.sort();
    Ok(keys)
}

/// A link is removed and what it leads to stays.
fn overwrite(path: &Path) -> io::Result<()> {
    let meta = path.symlink_metadata()?;
    if !meta.is_file() {
        return Ok(());
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    io::copy(&mut io::Read::take(io::repeat(0), meta.len()), &mut file)?;
    file.flush()?;
    file.sync_all()
}

/// Removes the files of a model store: those that are named by a hash, its state, its lock.
fn wipe_models(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let disk = ModelFolder::new(folder);
    let _lock = disk.lock()?;
    for name in disk.names()? {
        let hash = name.split('.').next().unwrap_or_default();
        let of_a_model = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if of_a_model || name.starts_with("state.json") {
            disk.remove(&name)?;
        }
    }
    disk.remove("lock")?;
    disk.sync()
}
