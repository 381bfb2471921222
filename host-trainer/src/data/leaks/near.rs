//! Near-duplicates among the images of a data set.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::hash::PictureHash;
use super::{DuplicatePair, LeakedImage, NEAR};
use crate::data::notes::{DataNote, NoteKind};
use crate::data::{Item, Role};

/// Near-duplicates.
#[derive(Default)]
pub(super) struct Near {
    /// On two sides, nearest first.
    pub pairs: Vec<DuplicatePair>,
    /// On one side.
    pub within: usize,
    /// In both classes, nearest first.
    pub contradictions: Vec<DuplicatePair>,
    /// Images of two patients on one side, in order.
    other_patients: BTreeSet<String>,
}

impl Near {
    pub fn among(all: &[(PictureHash, Role, &Item)]) -> Near {
        let rows = all.par_iter().enumerate().map(|(at, (hash, role, item))| {
            let mut near = Near::default();
            for (other, other_role, other_item) in &all[at + 1..] {
                let (distance, mirrored) = hash.distance(other);
                if distance <= NEAR {
                    let pair = DuplicatePair {
                        distance,
                        mirrored,
                        first: LeakedImage::new(*role, item),
                        second: LeakedImage::new(*other_role, other_item),
                    };
                    near.add(pair);
                }
            }
            near
        });
        let mut near = rows.reduce(Near::default, Near::joined);
        let key = |pair: &DuplicatePair| (pair.distance, pair.first.path.clone(), pair.second.path.clone());
        near.pairs.sort_by_cached_key(key);
        near.contradictions.sort_by_cached_key(key);
        near
    }

    fn add(&mut self, pair: DuplicatePair) {
        if pair.first.role == pair.second.role {
            self.within += 1;
            if pair.first.patient != pair.second.patient {
                self.other_patients.extend([pair.first.path.clone(), pair.second.path.clone()]);
            }
        } else {
            self.pairs.push(pair.clone());
        }
        if pair.first.label != pair.second.label {
            self.contradictions.push(pair);
        }
    }

    fn joined(mut self, more: Near) -> Near {
        self.pairs.extend(more.pairs);
        self.contradictions.extend(more.contradictions);
        self.other_patients.extend(more.other_patients);
        Near { within: self.within + more.within, ..self }
    }

    pub fn notes(&self) -> impl Iterator<Item = DataNote> {
        let contradictions =
            self.contradictions.iter().map(|pair| format!("{} = {}", pair.first.path, pair.second.path));
        [
            DataNote::of(
                NoteKind::Contradiction,
                contradictions,
                "pairs of images are one image in both classes, so one of the two labels is wrong; keep the right one",
            ),
            DataNote::of(
                NoteKind::OtherPatient,
                self.other_patients.iter().cloned(),
                "images in one split are there twice as two patients; keep one of each, or give them one patient",
            ),
        ]
        .into_iter()
        .flatten()
    }
}
