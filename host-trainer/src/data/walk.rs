//! Walks a data folder and finds the files of each split and class.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{ClassNames, DataError, Split};

/// A file in a class folder, not read yet.
pub(super) struct Candidate {
    pub path: PathBuf,
    /// Folders between the root and the split folder.
    pub depth: usize,
    pub relative: String,
    pub split: Split,
    pub label: bool,
}

/// The content of a data folder.
#[derive(Default)]
pub(super) struct FolderContent {
    pub files: Vec<Candidate>,
    /// Folders directly in each split folder.
    in_split: BTreeMap<Split, BTreeSet<String>>,
    /// Every folder directly in the root, to be named when no split was found.
    at_root: BTreeSet<String>,
}

impl FolderContent {
    /// Whether every split that is there has both classes, each with a file.
    pub fn check(&self, dir: &Path, classes: &ClassNames) -> Result<(), DataError> {
        let path = dir.to_owned();
        if self.in_split.is_empty() {
            return Err(DataError::NoSplitFolders { path, found: names(self.at_root.iter()) });
        }
        for (&split, folders) in &self.in_split {
            for label in [false, true] {
                let class = classes.name(label);
                let (split_name, class_name) = (split.name(), class.to_owned());
                if !folders.contains(class) {
                    let found = names(folders.iter());
                    return Err(DataError::ClassFolderMissing {
                        path,
                        split: split_name,
                        class: class_name,
                        found,
                    });
                }
                if !self.files.iter().any(|file| file.split == split && file.label == label) {
                    return Err(DataError::EmptyClass { path, split: split_name, class: class_name });
                }
            }
        }
        Ok(())
    }
}

pub(super) fn walk(root: &Path, classes: &ClassNames) -> Result<FolderContent, DataError> {
    let mut found = FolderContent::default();
    let entries = WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !is_clutter(entry)) {
        let entry = entry.map_err(|error| DataError::Io {
            path: error.path().unwrap_or(root).to_owned(),
            source: error.into(),
        })?;
        let parts = components(root, entry.path())?;
        let place = parts.iter().enumerate().find_map(|(i, part)| {
            Split::ALL.into_iter().find(|split| split.name() == part).map(|split| (i, split))
        });
        if entry.file_type().is_dir() {
            if parts.len() == 1 {
                found.at_root.insert(parts[0].clone());
            }
            if let Some((i, split)) = place {
                let folders = found.in_split.entry(split).or_default();
                folders.extend((parts.len() == i + 2).then(|| parts[i + 1].clone()));
            }
        } else if let (Some((i, split)), true) = (place, entry.file_type().is_file()) {
            let class = parts.get(i + 1).filter(|_| parts.len() > i + 2);
            let label = [false, true].into_iter().find(|l| class.is_some_and(|c| c == classes.name(*l)));
            if let Some(label) = label {
                let relative = parts[i..].join("/");
                found.files.push(Candidate { path: entry.into_path(), depth: i, relative, split, label });
            }
        }
    }
    Ok(found)
}

/// What operating systems leave behind.
fn is_clutter(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || ["__MACOSX", "Thumbs.db", "desktop.ini"].contains(&name.as_ref())
}

fn components(root: &Path, path: &Path) -> Result<Vec<String>, DataError> {
    let below = path.strip_prefix(root).unwrap_or(path);
    below
        .iter()
        .map(|part| part.to_str().map(str::to_owned).ok_or(DataError::Name { path: path.to_owned() }))
        .collect()
}

/// `a, b` or `nothing`.
pub(super) fn names(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let list: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
    if list.is_empty() { "no folders".to_owned() } else { list.join(", ") }
}
