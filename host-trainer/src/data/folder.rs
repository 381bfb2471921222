//! Lists the images of a data set on disk.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DataError;
use super::header::dicom_identity;
use super::item_notes;
use super::notes::DataNote;
use super::patient::{PatientPattern, dicom_patient, patient_of, unknown_patient};
use super::walk::{Candidate, FolderContent, names};

/// The split folder of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    Train,
    Val,
    Test,
}

impl Split {
    /// Every split, in the order in which they are listed.
    pub const ALL: [Split; 3] = [Split::Train, Split::Val, Split::Test];

    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Val => "val",
            Split::Test => "test",
        }
    }
}

/// The names of the two class folders. As text: `NEGATIVE,POSITIVE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassNames {
    /// Images without the finding (label `false`).
    pub negative: String,
    /// Images with the finding (label `true`).
    pub positive: String,
}

impl Default for ClassNames {
    fn default() -> Self {
        ClassNames { negative: "NORMAL".to_owned(), positive: "PNEUMONIA".to_owned() }
    }
}

impl FromStr for ClassNames {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let wrong = || DataError::ClassNames { given: text.to_owned() };
        let (negative, positive) = text.split_once(',').ok_or_else(wrong)?;
        let (negative, positive) = (negative.trim(), positive.trim());
        let usable =
            |name: &str| !name.is_empty() && !name.contains(['/', '\\', ',']) && !name.starts_with('.');
        if !usable(negative) || !usable(positive) || negative == positive {
            return Err(wrong());
        }
        Ok(ClassNames { negative: negative.to_owned(), positive: positive.to_owned() })
    }
}

impl ClassNames {
    /// The class folder of a label.
    pub fn name(&self, label: bool) -> &str {
        if label { &self.positive } else { &self.negative }
    }
}

/// One image of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub path: PathBuf,
    /// Its path from the split folder on, with `/` on every system: `train/NORMAL/IM-0115-0001.jpeg`.
    pub relative: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// The split folder that it lies in.
    pub split: Split,
    /// Whose it is: by a file, a pattern, the DICOM file itself, or its name (see [`patient_of`]).
    pub patient: String,
    /// The hospital that it is from; empty where there is only one.
    pub source: String,
    /// SHA-256 of the file's bytes (64 hex digits).
    pub sha256: String,
}

/// Every image below `dir`, ordered by [`Item::relative`].
///
/// An image is a regular file, whatever its extension, somewhere below a folder `train`, `val` or `test` and in it a class
/// folder; these may lie at any depth (archives nest `chest_xray/chest_xray/train`). What systems and storage devices leave
/// behind is passed over. Symbolic links are not followed, except `dir` itself, so nothing outside it is read. Folders of
/// other names beside the two classes are left out.
///
/// Where several folders below `dir` hold splits, they are joined. A path such as `train/NORMAL/a.jpeg` that
/// occurs in several of them with the same bytes counts once, the one nearest to `dir`. Equal images under
/// different names all count: the official set has such, and its published sizes count them.
///
/// # Errors
/// [`DataError`] when `dir` or both splits and classes are missing, a class of a split is empty, a path
/// occurs twice with different bytes, or a file cannot be read.
pub fn list(dir: &Path, classes: &ClassNames) -> Result<Vec<Item>, DataError> {
    Ok(listed(dir, classes, None)?.items)
}

/// The images of a folder, and what else is to be said of it.
pub(super) struct Listed {
    /// Ordered by [`Item::relative`].
    pub items: Vec<Item>,
    pub notes: Vec<DataNote>,
}

/// As [`list`], with patients by a pattern, if there is one.
pub(super) fn listed(
    dir: &Path,
    classes: &ClassNames,
    patients: Option<&PatientPattern>,
) -> Result<Listed, DataError> {
    if !dir.is_dir() {
        return Err(DataError::DirectoryMissing { path: dir.to_owned() });
    }
    let root = std::fs::canonicalize(dir).map_err(|source| DataError::Io { path: dir.to_owned(), source })?;
    let found = FolderContent::of(&root, dir, classes)?;
    let mut notes = found.notes();

    let hashed =
        |file: Candidate| -> Result<(usize, Item), DataError> { Ok((file.depth, item(file, patients)?)) };
    let mut items = found.files.into_par_iter().map(hashed).collect::<Result<Vec<_>, _>>()?;
    // Nearest to `dir` first among those that claim the same place.
    items.sort_by(|(d1, a), (d2, b)| (&a.relative, d1, &a.path).cmp(&(&b.relative, d2, &b.path)));
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for (_, item) in items {
        match kept.last() {
            Some(last) if last.relative == item.relative => {
                if last.sha256 != item.sha256 {
                    return Err(DataError::Conflict {
                        relative: item.relative,
                        first: last.path.clone(),
                        second: item.path,
                    });
                }
            }
            _ => kept.push(item),
        }
    }
    notes.extend(item_notes::case_twins(&kept.iter().collect::<Vec<_>>()));
    Ok(Listed { items: kept, notes })
}

/// The images of one split folder, ordered by [`Item::relative`].
///
/// # Errors
/// As [`list`], and [`DataError::SplitMissing`] when there are none.
pub fn of_split(dir: &Path, classes: &ClassNames, split: Split) -> Result<Vec<Item>, DataError> {
    let all = list(dir, classes)?;
    let there: BTreeSet<_> = all.iter().map(|item| item.split).collect();
    if !there.contains(&split) {
        let found = names(there.iter().map(|split| split.name()));
        return Err(DataError::SplitMissing { path: dir.to_owned(), split: split.name(), found });
    }
    Ok(all.into_iter().filter(|item| item.split == split).collect())
}

/// Hashes a file and finds out whose it is.
fn item(file: Candidate, patients: Option<&PatientPattern>) -> Result<Item, DataError> {
    let Candidate { path, relative, split, label, .. } = file;
    let sha256 = sha256(&path)?;
    let patient = patient(&path, &relative, patients)?;
    Ok(Item { patient, source: String::new(), path, relative, label, split, sha256 })
}

/// Whose a file is: a pattern comes before what a DICOM file says, and that before its name.
pub(super) fn patient(
    path: &Path,
    relative: &str,
    patients: Option<&PatientPattern>,
) -> Result<String, DataError> {
    if let Some(patient) = patients.and_then(|pattern| pattern.patient_of(relative)) {
        return Ok(patient);
    }
    let identity = dicom_identity(path)?;
    Ok(identity.as_ref().and_then(dicom_patient).unwrap_or_else(|| match patients {
        None => patient_of(relative),
        // A pattern that does not fit tells nothing.
        Some(_) => unknown_patient(relative),
    }))
}

/// SHA-256 of a file's bytes (64 hex digits).
pub(super) fn sha256(path: &Path) -> Result<String, DataError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| std::io::copy(&mut file, &mut HashWriter(&mut hash)))
        .map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    Ok(xray_core::hex(&hash.finalize()))
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
