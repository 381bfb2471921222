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
mod hash_cache;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};


pub use hash::PictureHash;
use hash_cache::HashCache;

use super::{DataSet, Item, Role, patient_by_name};

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
    /// Patients on two sides.
    pub patients: Vec<SharedPatient>,
    /// Images that could not be read and were not compared.
    pub unreadable: Vec<String>,
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

/// Compares every two images of the set and looks for patients on two sides. Hashes are kept in the folder `cache`.
///
/// # Errors
/// [`LeakError`] if the cache fails. An image that cannot be read is no error: it is named in the result.
pub fn find(data: &DataSet, cache: &Path) -> Result<Leaks, LeakError> {
    let sides = [Role::Train, Role::Validation, Role::Test];
    let all: Vec<(Role, &Item)> =
        sides.into_iter().flat_map(|role| data.role(role).iter().map(move |item| (role, item))).collect();
    let hashes = hashes(&all, cache)?;
    let compared: Vec<(PictureHash, Role, &Item)> =
        hashes.iter().zip(&all).filter_map(|(hash, (role, item))| Some(((*hash)?, *role, *item))).collect();
    let (mut pairs, within) = near(&compared);
    pairs.sort_by(|a, b| {
        (a.distance, &a.first.path, &a.second.path).cmp(&(b.distance, &b.first.path, &b.second.path))
    });
    let unread = hashes.iter().zip(&all).filter(|(hash, _)| hash.is_none());
    let unreadable = unread.map(|(_, (_, item))| item.relative.clone()).collect();
    Ok(Leaks { pairs, within, patients: shared(&all), unreadable })
}

/// The hash of every image, in order; none for those that cannot be read.
fn hashes(all: &[(Role, &Item)], cache: &Path) -> Result<Vec<Option<PictureHash>>, LeakError> {
    let mut known = HashCache::read(cache)?;
    let contents: Vec<[u8; 32]> = all.iter().map(|(_, item)| digest(&item.sha256)).collect();
    let missing: Vec<usize> = (0..all.len()).filter(|at| known.get(&contents[*at]).is_none()).collect();
    let computed: Vec<(usize, Option<PictureHash>)> =
        missing.par_iter().map(|at| (*at, computed(&all[*at].1.path))).collect();
    let mut added = false;
    for (at, hash) in computed {
        if let Some(hash) = hash {
            known.insert(contents[at], hash);
            added = true;
        }
    }
    if added {
        known.write(cache)?;
    }
    Ok(contents.iter().map(|content| known.get(content)).collect())
}

fn computed(path: &Path) -> Option<PictureHash> {
    PictureHash::of(&crate::decoding::read_file(path).ok()?).ok()
}

/// The bytes of 64 hex digits; what is no hex digit counts as 0.
fn digest(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| {
        hex.get(2 * at..2 * at + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok()).unwrap_or(0)
    })
}

/// Near-duplicates on two sides, and the number of those on one.
fn near(all: &[(PictureHash, Role, &Item)]) -> (Vec<DuplicatePair>, usize) {
    let place = |role: Role, item: &Item| LeakedImage {
        role,
        path: item.relative.clone(),
        patient: item.patient.clone(),
        label: item.label,
    };
    let rows = all.par_iter().enumerate().map(|(at, (hash, role, item))| {
        let mut within = 0;
        let mut pairs = Vec::new();
        for (other, other_role, other_item) in &all[at + 1..] {
            let (distance, mirrored) = hash.distance(other);
            if distance <= NEAR && role == other_role {
                within += 1;
            } else if distance <= NEAR {
                let (first, second) = (place(*role, item), place(*other_role, other_item));
                pairs.push(DuplicatePair { distance, mirrored, first, second });
            }
        }
        (pairs, within)
    });
    rows.reduce(Default::default, |(mut pairs, within), (more, more_within)| {
        pairs.extend(more);
        (pairs, within + more_within)
    })
}

/// Patients on two sides.
fn shared(all: &[(Role, &Item)]) -> Vec<SharedPatient> {
    let mut images: BTreeMap<&str, BTreeMap<Role, usize>> = BTreeMap::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (role, item) in all {
        *images.entry(&item.patient).or_default().entry(*role).or_default() += 1;
        if item.patient != patient_by_name(item) {
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
