//! Walks a data folder and finds the files of each split and class.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::clutter::is_clutter;
use super::notes::{DataNote, NoteKind};
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

/// How names of split and class folders are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Exact,
    AnyCase,
}

impl Names {
    fn equal(self, name: &str, wanted: &str) -> bool {
        name == wanted || (self == Names::AnyCase && name.to_lowercase() == wanted.to_lowercase())
    }
}

/// The content of a data folder.
#[derive(Default)]
pub(super) struct FolderContent {
    pub files: Vec<Candidate>,
    /// Folders directly in each split folder.
    in_split: BTreeMap<Split, BTreeSet<String>>,
    /// Every folder directly in the root, to be named when no split was found.
    at_root: BTreeSet<String>,
    /// Files whose names hold a backslash.
    backslashes: usize,
    links: Vec<String>,
    clutter: Vec<String>,
    /// Images of other classes, by class and split.
    others: BTreeMap<String, BTreeMap<Split, usize>>,
    /// Folders that are called as a split or class but for the case of letters.
    other_case: BTreeSet<String>,
}

impl FolderContent {
    /// The content of `root`. Folders are found by their names in any case of letters if there are none of the exact names.
    pub fn of(root: &Path, dir: &Path, classes: &ClassNames) -> Result<FolderContent, DataError> {
        let exact = walk(root, classes, Names::Exact)?;
        match exact.check(dir, classes) {
            Ok(()) => Ok(exact),
            Err(error @ (DataError::NoSplitFolders { .. } | DataError::ClassFolderMissing { .. })) => {
                let relaxed = walk(root, classes, Names::AnyCase)?;
                if relaxed.check(dir, classes).is_ok() { Ok(relaxed) } else { Err(error) }
            }
            Err(other) => Err(other),
        }
    }

    /// Whether every split that is there has both classes, each with a file.
    fn check(&self, dir: &Path, classes: &ClassNames) -> Result<(), DataError> {
        let path = dir.to_owned();
        if self.in_split.is_empty() {
            if self.backslashes > 0 {
                return Err(DataError::Backslashes { path, files: self.backslashes });
            }
            let is_there = |class| self.at_root.iter().any(|folder| Names::AnyCase.equal(folder, class));
            let found = names(self.at_root.iter());
            return Err(match is_there(&classes.negative) && is_there(&classes.positive) {
                true => DataError::NotDivided { path, found },
                false => DataError::NoSplitFolders { path, found },
            });
        }
        for (&split, folders) in &self.in_split {
            for label in [false, true] {
                let class = classes.name(label);
                let (split_name, class_name) = (split.name(), class.to_owned());
                let has_files = self.files.iter().any(|file| file.split == split && file.label == label);
                if !has_files && !folders.contains(class) {
                    let found = names(folders.iter());
                    return Err(DataError::ClassFolderMissing {
                        path,
                        split: split_name,
                        class: class_name,
                        found,
                    });
                }
                if !has_files {
                    return Err(DataError::EmptyClass { path, split: split_name, class: class_name });
                }
            }
        }
        Ok(())
    }

    /// What was passed over.
    pub fn notes(&self) -> Vec<DataNote> {
        let links = "symbolic links are not followed, so their images are left out; copy the files to where the links are";
        let clutter = "files or folders are what a system or a storage device left behind, and passed over";
        let case = "folders have the names of splits or classes in other letters, and are taken for them";
        let fixed = [
            DataNote::of(NoteKind::Links, self.links.iter().cloned(), links),
            DataNote::of(NoteKind::Clutter, self.clutter.iter().cloned(), clutter),
            DataNote::of(NoteKind::NameCase, self.other_case.iter().cloned(), case),
        ];
        let others = self.others.iter().map(|(class, splits)| DataNote {
            kind: NoteKind::OtherClass,
            count: splits.values().sum(),
            first: splits.iter().map(|(split, count)| format!("{count} in {}/{class}", split.name())).collect(),
            text: format!(
                "images of {class} are left out, which is neither of the two classes; name others with --classes"
            ),
        });
        fixed.into_iter().flatten().chain(others).collect()
    }
}

fn walk(root: &Path, classes: &ClassNames, how: Names) -> Result<FolderContent, DataError> {
    let mut found = FolderContent::default();
    let mut entries = WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| DataError::Io {
            path: error.path().unwrap_or(root).to_owned(),
            source: error.into(),
        })?;
        let parts = components(root, entry.path())?;
        let (kind, relative) = (entry.file_type(), parts.join("/"));
        if is_clutter(&entry.file_name().to_string_lossy()) {
            found.clutter.push(relative);
            if kind.is_dir() {
                entries.skip_current_dir();
            }
            continue;
        }
        let place = parts.iter().enumerate().find_map(|(i, part)| {
            Split::ALL.into_iter().find(|split| how.equal(part, split.name())).map(|split| (i, split))
        });
        if kind.is_symlink() {
            found.links.push(relative);
        } else if kind.is_dir() {
            if parts.len() == 1 {
                found.at_root.insert(parts[0].clone());
            }
            if let Some((i, split)) = place {
                found.note_case(&parts, i, split, classes, how);
                let folders = found.in_split.entry(split).or_default();
                folders.extend((parts.len() == i + 2).then(|| parts[i + 1].clone()));
            }
        } else if kind.is_file() {
            found.backslashes += usize::from(place.is_none() && relative.contains('\\'));
            let Some((i, split)) = place else { continue };
            let Some(class) = parts.get(i + 1).filter(|_| parts.len() > i + 2) else { continue };
            match [false, true].into_iter().find(|label| how.equal(class, classes.name(*label))) {
                Some(label) => {
                    let relative = parts[i..].join("/");
                    found.files.push(Candidate { path: entry.into_path(), depth: i, relative, split, label });
                }
                None => *found.others.entry(class.clone()).or_default().entry(split).or_default() += 1,
            }
        }
    }
    Ok(found)
}

impl FolderContent {
    /// Remembers a split or class folder whose name was not the exact one.
    fn note_case(&mut self, parts: &[String], i: usize, split: Split, classes: &ClassNames, how: Names) {
        let folder = parts.join("/");
        let is_class = |name: &str| [false, true].iter().any(|label| how.equal(name, classes.name(*label)));
        let exact = |name: &str| [false, true].iter().any(|label| name == classes.name(*label));
        let odd_split = parts.len() == i + 1 && parts[i] != split.name();
        let odd_class = parts.len() == i + 2 && is_class(&parts[i + 1]) && !exact(&parts[i + 1]);
        if odd_split || odd_class {
            self.other_case.insert(folder);
        }
    }
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
