//! The image files below a folder, by the names that tables give them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use crate::data::DataError;
use crate::data::clutter::is_clutter;
use crate::data::csv_file::comparable;

/// Regular files below a folder; links are not followed.
pub(super) struct ImageFiles {
    /// By path below the folder.
    by_path: BTreeMap<String, PathBuf>,
    /// Paths by the file's name, and by its name without extension.
    by_name: BTreeMap<String, Vec<String>>,
}

impl ImageFiles {
    pub fn below(root: &Path) -> Result<ImageFiles, DataError> {
        let mut files = ImageFiles { by_path: BTreeMap::new(), by_name: BTreeMap::new() };
        let entries = WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter();
        for entry in entries.filter_entry(|entry| !is_clutter(&entry.file_name().to_string_lossy())) {
            let entry = entry.map_err(|error| DataError::Io {
                path: error.path().unwrap_or(root).to_owned(),
                source: error.into(),
            })?;
            let below = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
            let (true, Some(below)) = (entry.file_type().is_file(), below) else { continue };
            let path = comparable(below);
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            let stem = name.rsplit_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned());
            if stem != name {
                files.by_name.entry(stem).or_default().push(path.clone());
            }
            files.by_name.entry(name).or_default().push(path.clone());
            files.by_path.insert(path, entry.into_path());
        }
        Ok(files)
    }

    /// The file of an image: at its path below the folder, or below one of the folders that the path begins with, as archives
    /// name themselves; else the only file of that name, with or without its extension.
    ///
    /// # Errors
    /// If the path leads outside, or several files have the name.
    pub fn find(&self, image: &str) -> Result<Option<PathBuf>, String> {
        let inside = Path::new(image).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            return Err(format!(
                "{image:?} is no path below the data folder; write it without / in front and without .."
            ));
        }
        let mut rest = image;
        loop {
            if let Some(path) = self.by_path.get(rest) {
                return Ok(Some(path.clone()));
            }
            match rest.split_once('/') {
                Some((_, below)) => rest = below,
                None => break,
            }
        }
        // A path names one file; only a bare name is looked for in all folders.
        if image.contains('/') {
            return Ok(None);
        }
        match self.by_name.get(image).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(self.by_path.get(one).cloned()),
            Some([first, second, ..]) => Err(format!(
                "{image} is the name of several files ({first}, {second}); write the path of one"
            )),
        }
    }
}
