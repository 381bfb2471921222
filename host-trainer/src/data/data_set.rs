//! A data set that is divided into training, validation and test images.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Item;

/// What an image is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Learned from.
    Train,
    /// Watched while learning: early stopping, thresholds.
    Validation,
    /// Judged by, once.
    Test,
}

impl Role {
    /// The name in splits files and fingerprints: `train`, `val` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Train => "train",
            Role::Validation => "val",
            Role::Test => "test",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Train, Role::Validation, Role::Test].into_iter().find(|role| role.name() == name)
    }
}

/// A divided data set; each side is ordered by [`Item::relative`]. `test` may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Learned from; both classes occur.
    pub train: Vec<Item>,
    /// Watched while learning; both classes occur; no patient of `train`.
    pub validation: Vec<Item>,
    /// Judged by.
    pub test: Vec<Item>,
}

impl DataSet {
    /// Puts each item on its side, in order; those of no role are left out.
    pub(super) fn by_role(items: Vec<Item>, role: impl Fn(&Item) -> Option<Role>) -> DataSet {
        let mut set = DataSet { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for item in items {
            match role(&item) {
                Some(Role::Train) => set.train.push(item),
                Some(Role::Validation) => set.validation.push(item),
                Some(Role::Test) => set.test.push(item),
                None => {}
            }
        }
        set
    }

    /// The images of one role.
    pub fn role(&self, role: Role) -> &[Item] {
        match role {
            Role::Train => &self.train,
            Role::Validation => &self.validation,
            Role::Test => &self.test,
        }
    }

    /// SHA-256 (64 hex digits) over the sorted lines `SHA256 ROLE LABEL` (label 0 or 1) of all images: the
    /// identity of what was learned from, whatever the files are called and wherever they lie.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = [Role::Train, Role::Validation, Role::Test]
            .into_iter()
            .flat_map(|role| self.role(role).iter().map(move |item| (role, item)))
            .map(|(role, item)| format!("{} {} {}\n", item.sha256, role.name(), item.label as u8))
            .collect();
        lines.sort_unstable();
        let mut hash = Sha256::new();
        lines.iter().for_each(|line| hash.update(line));
        xray_core::hex(&hash.finalize())
    }
}
