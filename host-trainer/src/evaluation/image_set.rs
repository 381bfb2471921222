//! The X-rays that models are judged on.

use std::path::PathBuf;

use crate::data::{ClassNames, DataError, DataSet, Item, Role, Split, of_split};

/// Which X-rays models are judged on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedSet {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders; those in the model if none.
    pub classes: Option<ClassNames>,
    /// Which side.
    pub split: Split,
    /// The file that says which image is on which side; the folders say so if none.
    pub splits: Option<PathBuf>,
}

impl JudgedSet {
    /// The images, in the order of [`Item::relative`].
    ///
    /// # Errors
    /// As [`of_split`], or with a splits file as [`DataSet::load`].
    pub(super) fn items(&self, classes: &ClassNames) -> Result<Vec<Item>, DataError> {
        let Some(file) = &self.splits else { return of_split(&self.data, classes, self.split) };
        let role = match self.split {
            Split::Train => Role::Train,
            Split::Val => Role::Validation,
            Split::Test => Role::Test,
        };
        // The file says who is on which side: nothing is drawn, so there is no seed.
        Ok(DataSet::load(&self.data, classes, Some(file), 0)?.role(role).to_vec())
    }
}
