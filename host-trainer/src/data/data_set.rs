//! A data set that is divided into training, validation and test images.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Item;
use super::notes::DataNote;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Training.
    Train,
    /// Validation during training: early stopping, thresholds.
    Validation,
    /// The final evaluation.
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

    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Train, Role::Validation, Role::Test].into_iter().find(|role| role.name() == name)
    }
}

/// A divided data set; each split is ordered by [`Item::relative`]. `test` may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataSet {
    /// Both classes occur.
    pub train: Vec<Item>,
    /// Both classes occur; no patient of `train`.
    pub validation: Vec<Item>,
    pub test: Vec<Item>,
    /// What its folder or table holds beside these images, and what is to be said of them.
    pub notes: Vec<DataNote>,
}

impl DataSet {
    /// Assigns each item to its split, in order; items without a role are left out.
    pub(super) fn by_role(items: Vec<Item>, role: impl Fn(&Item) -> Option<Role>) -> DataSet {
        let mut set = DataSet::default();
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

    /// Every image, with its role.
    pub fn images(&self) -> impl Iterator<Item = (Role, &Item)> {
        [Role::Train, Role::Validation, Role::Test]
            .into_iter()
            .flat_map(move |role| self.role(role).iter().map(move |item| (role, item)))
    }

    pub fn role(&self, role: Role) -> &[Item] {
        match role {
            Role::Train => &self.train,
            Role::Validation => &self.validation,
            Role::Test => &self.test,
        }
    }

    /// SHA-256 (64 hex digits) over the sorted lines `SHA256 ROLE LABEL` (label 0 or 1) of all images: the
    /// identity of the data set, whatever the files are called and wherever they are.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = self
            .images()
            .map(|(role, item)| format!("{} {} {}\n", item.sha256, role.name(), item.label as u8))
            .collect();
        lines.sort_unstable();
        let mut hash = Sha256::new();
        lines.iter().for_each(|line| hash.update(line));
        xray_core::hex(&hash.finalize())
    }
}
