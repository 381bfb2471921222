//! Divides a data set so that no patient is in two splits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::data_set::{DataSet, Role};
use super::folder::{Listed, listed};
use super::splits_file;
use super::{ClassNames, DataError, DataSource, Item, Split, item_notes};

/// The part of the patients of `train` that is kept for validation.
pub const VALIDATION_FRACTION: f64 = 0.1;

impl DataSet {
    /// Lists `dir` and divides it, by the file `splits` if given, else by [`DataSet::carve`] with a tenth
    /// ([`VALIDATION_FRACTION`]) of the patients.
    ///
    /// A splits file is CSV with the columns `path` (from the split folder on, as in [`Item::relative`]),
    /// `role` (`train`, `val` or `test`) and `patient`. It overrides folders and file names: listed images
    /// get the role and the patient that it names. Every image of the folder `train` must be listed, so that
    /// none is forgotten; images of `test` that are not listed stay test images; images of `val` that are not
    /// listed are left out, since the file says what validation is.
    ///
    /// # Errors
    /// As [`super::list`], [`DataSet::carve`] and, with a splits file, [`DataError::SplitsLine`] or
    /// [`DataError::SplitsFile`], which name the image, role or patient that is wrong.
    pub fn load(
        dir: &Path,
        classes: &ClassNames,
        splits: Option<&Path>,
        seed: u64,
    ) -> Result<DataSet, DataError> {
        let source = DataSource { splits: splits.map(Path::to_owned), ..DataSource::new(dir) };
        DataSet::load_source(&source, classes, seed)
    }

    /// As [`DataSet::load`], with everything that can be said of a source: a table takes the place of folders and of a
    /// splits file. Without rows for validation it is divided by [`DataSet::carve`], too.
    ///
    /// # Errors
    /// As [`DataSet::load`]; [`DataError::TableFile`] and [`DataError::TableLine`] name what is wrong in a table.
    pub fn load_source(source: &DataSource, classes: &ClassNames, seed: u64) -> Result<DataSet, DataError> {
        let DataSource { folder, splits, table, patients, .. } = source;
        let patients = patients.as_ref();
        let Listed { items, mut notes } = match table {
            Some(table) => table.items(folder, classes, patients)?,
            None => listed(folder, classes, patients)?,
        };
        let by_table = table.is_some() && items.iter().any(|item| item.split == Split::Val);
        let mut set = match splits {
            Some(file) => splits_file::divide(items, file, classes)?,
            None if by_table => DataSet::by_split(items),
            None if !items.iter().any(|item| item.split == Split::Train) => {
                return Err(DataError::SplitMissing {
                    path: folder.clone(),
                    split: Split::Train.name(),
                    found: "no train/".to_owned(),
                });
            }
            None => DataSet::carve(items, classes, VALIDATION_FRACTION, seed)?,
        };
        let all: Vec<&Item> = set.images().map(|(_, item)| item).collect();
        notes.extend(item_notes::class_order(classes));
        notes.extend(item_notes::without_patient(&all));
        notes.extend(item_notes::lateral(&all));
        set.notes = notes;
        Ok(set)
    }

    /// Each image on the side of its split.
    fn by_split(items: Vec<Item>) -> DataSet {
        DataSet::by_role(items, |item| {
            Some(match item.split {
                Split::Train => Role::Train,
                Split::Val => Role::Validation,
                Split::Test => Role::Test,
            })
        })
    }

    /// Keeps `fraction` of the patients of `train` for validation, of each class alike, and adds the folder
    /// `val`. The official `val` holds 16 images, too few for validation.
    ///
    /// All images of a patient go to the same split. A patient with an image of the positive class counts as
    /// positive. Patients of each class are ordered by the SHA-256 of seed and name and the first
    /// `fraction`, rounded, at least one and never all, are kept: the same seed gives the same patients on
    /// every machine, and adding a patient moves few others. A patient with images in both `train` and `val`
    /// is treated as one of `train`.
    ///
    /// # Errors
    /// [`DataError::TooFewPatients`] when a class has fewer than two patients in `train`.
    pub fn carve(
        items: Vec<Item>,
        classes: &ClassNames,
        fraction: f64,
        seed: u64,
    ) -> Result<DataSet, DataError> {
        // Of each patient of train: whether any image of theirs is positive.
        let mut patients: BTreeMap<&str, bool> = BTreeMap::new();
        for item in items.iter().filter(|item| item.split == Split::Train) {
            *patients.entry(&item.patient).or_default() |= item.label;
        }
        let mut kept: BTreeSet<String> = BTreeSet::new();
        for label in [false, true] {
            let mut stratum: Vec<&str> =
                patients.iter().filter(|(_, positive)| **positive == label).map(|(name, _)| *name).collect();
            if stratum.len() < 2 {
                let class = classes.name(label).to_owned();
                return Err(DataError::TooFewPatients { class, patients: stratum.len() });
            }
            stratum.sort_by_cached_key(|patient| order_key(seed, patient));
            let count = (fraction * stratum.len() as f64).round() as usize;
            let count = count.clamp(1, stratum.len() - 1);
            kept.extend(stratum.into_iter().take(count).map(str::to_owned));
        }
        let trained: BTreeSet<String> =
            patients.into_keys().filter(|name| !kept.contains(*name)).map(str::to_owned).collect();
        Ok(DataSet::by_role(items, |item| match item.split {
            Split::Test => Some(Role::Test),
            _ if trained.contains(&item.patient) => Some(Role::Train),
            _ => Some(Role::Validation),
        }))
    }
}

/// The sort key of a patient for a seed.
fn order_key(seed: u64, patient: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(patient);
    hash.finalize().into()
}
