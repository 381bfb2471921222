//! Leaks: near-duplicate images and patients in two splits of a data set, which make figures look better than they are.
//!
//! Two images count as near-duplicates when their [`PictureHash`]es differ in at most [`NEAR`] of 256 bits. Chest
//! X-rays are so alike that the usual hashes of 64 bits do not distinguish children: of the 15.3 million pairs among 5533
//! images of the public set, 812 have the same 8 × 8 difference hash, and only 30 of these are the same image. With the
//! hash used here those 30 differ in no bit and the next pair, two children, in 38; mirrored, in 56. The 24 nearest
//! pairs were looked at: all show different pictures. How far a copy is from its original, over every fifth image:
//!
//! | copy | median | 19 of 20 | most |
//! | --- | --- | --- | --- |
//! | half the size | 2 | 4 | 8 |
//! | noise of 5 levels | 2 | 6 | 12 |
//! | JPEG quality 20 | 6 | 10 | 18 |
//! | gamma 1.4 | 10 | 18 | 24 |
//! | turned by 1 degree | 16 | 24 | 34 |
//! | a hundredth cut off every side | 18 | 26 | 38 |
//! | CLAHE | 20 | 28 | 42 |
//! | histogram equalisation | 22 | 44 | 78 |
//! | a fiftieth cut off every side | 36 | 48 | 66 |
//!
//! So a copy that was only stored anew is always found, one that was equalised or cut not always.

mod hash;
mod look;
mod look_cache;
mod look_notes;
mod near;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use hash::PictureHash;
use look::Look;
use look_cache::LookCache;
use near::Near;

use super::notes::DataNote;
use super::{ClassNames, DataSet, Item, Role, is_numbered_anew};

/// In how many of 256 bits two images may differ and still count as one.
pub const NEAR: u32 = 32;

/// The cache of hashes failed, so that leaks could not be searched.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; check the folder of the cache, its permissions and the space left", .path.display())]
pub struct LeakError {
    /// The file of the cache.
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// An image of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeakedImage {
    pub role: Role,
    /// [`Item::relative`].
    pub path: String,
    pub patient: String,
    /// Whether it shows the finding.
    pub label: bool,
}

/// Two images on two sides that are one, or nearly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicatePair {
    /// Bits of 256 in which they differ.
    pub distance: u32,
    /// Whether one is the mirror image of the other.
    pub mirrored: bool,
    pub first: LeakedImage,
    pub second: LeakedImage,
}

/// A patient with images on two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedPatient {
    pub patient: String,
    /// Images by side.
    pub images: BTreeMap<Role, usize>,
    /// `false` where only file names say that it is one child, and one of the sides is the test images: the public set
    /// numbers its patients anew there, so equal numbers are no evidence.
    pub certain: bool,
}

/// How many leaks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakCounts {
    /// Pairs of near-duplicates on two sides.
    pub pairs: usize,
    /// Patients who are certainly on two sides.
    pub patients: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaks {
    /// Near-duplicates on two sides, nearest first.
    pub pairs: Vec<DuplicatePair>,
    /// Pairs of near-duplicates on one side: no leak, but those count double in training or in figures.
    pub within: usize,
    /// Near-duplicates of which one is in each class, on one side or two: one of the labels is wrong.
    pub contradictions: Vec<DuplicatePair>,
    /// Patients on two sides.
    pub patients: Vec<SharedPatient>,
    /// Images that could not be read and were not compared.
    pub unreadable: Vec<String>,
    /// What else is to be said of the images.
    pub notes: Vec<DataNote>,
}

impl Leaks {
    pub fn counts(&self) -> LeakCounts {
        LeakCounts {
            pairs: self.pairs.len(),
            patients: self.patients.iter().filter(|shared| shared.certain).count(),
        }
    }
}

impl LeakCounts {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.pairs > 0 || self.patients > 0
    }
}

/// Compares every two images of the set and looks for patients on two sides. What images look like is kept in the folder
/// `cache`.
///
/// # Errors
/// [`LeakError`] if the cache fails. An image that cannot be read is no error: it is named in the result.
pub fn find(data: &DataSet, classes: &ClassNames, cache: &Path) -> Result<Leaks, LeakError> {
    let all: Vec<(Role, &Item)> = data.images().collect();
    let looks = looks(&all, cache)?;
    let compared: Vec<(PictureHash, Role, &Item)> = looks
        .iter()
        .zip(&all)
        .filter_map(|(look, (role, item))| Some((look.as_ref().ok()?.hash, *role, *item)))
        .collect();
    let near = Near::among(&compared);
    let unreadable = looks.iter().zip(&all).filter(|(look, _)| look.is_err());
    let unreadable = unreadable.map(|(_, (_, item))| item.relative.clone()).collect();
    let items: Vec<&Item> = all.iter().map(|(_, item)| *item).collect();
    let mut notes = look_notes::notes(&items, &looks, classes);
    notes.extend(near.notes());
    Ok(Leaks {
        pairs: near.pairs,
        within: near.within,
        contradictions: near.contradictions,
        patients: shared(&all),
        unreadable,
        notes,
    })
}

/// What every image looks like, in order; a code for those that cannot be read.
fn looks(all: &[(Role, &Item)], cache: &Path) -> Result<Vec<Result<Look, &'static str>>, LeakError> {
    let mut known = LookCache::read(cache)?;
    let contents: Vec<[u8; 32]> = all.iter().map(|(_, item)| digest(&item.sha256)).collect();
    let missing: Vec<usize> = (0..all.len()).filter(|at| known.get(&contents[*at]).is_none()).collect();
    let computed: Vec<(usize, Result<Look, &'static str>)> =
        missing.par_iter().map(|at| (*at, Look::of_file(&all[*at].1.path))).collect();
    let mut added = false;
    let mut failed = BTreeMap::new();
    for (at, look) in computed {
        match look {
            Ok(look) => {
                known.insert(contents[at], look);
                added = true;
            }
            Err(code) => {
                failed.insert(contents[at], code);
            }
        }
    }
    if added {
        known.write(cache)?;
    }
    let look =
        |content: &[u8; 32]| known.get(content).ok_or(failed.get(content).copied().unwrap_or("unreadable"));
    Ok(contents.iter().map(look).collect())
}

/// The bytes of 64 hex digits; what is no hex digit counts as 0.
fn digest(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| {
        hex.get(2 * at..2 * at + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok()).unwrap_or(0)
    })
}

impl LeakedImage {
    fn new(role: Role, item: &Item) -> LeakedImage {
        LeakedImage { role, path: item.relative.clone(), patient: item.patient.clone(), label: item.label }
    }
}

/// Patients on two sides.
fn shared(all: &[(Role, &Item)]) -> Vec<SharedPatient> {
    let mut images: BTreeMap<&str, BTreeMap<Role, usize>> = BTreeMap::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (role, item) in all {
        *images.entry(&item.patient).or_default().entry(*role).or_default() += 1;
        if !is_numbered_anew(item) {
            named.insert(&item.patient);
        }
    }
    let on_two = images.into_iter().filter(|(_, images)| images.len() > 1);
    on_two
        .map(|(patient, images)| SharedPatient {
            patient: patient.to_owned(),
            certain: named.contains(patient)
                || (images.contains_key(&Role::Train) && images.contains_key(&Role::Validation)),
            images,
        })
        .collect()
}
