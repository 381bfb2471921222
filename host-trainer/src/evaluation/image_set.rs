//! The X-rays that models are evaluated on.

use std::path::PathBuf;

use crate::data::{ClassNames, DataError, DataSet, Item, Role, Split, of_split};

/// Which X-rays models are evaluated on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders; if none, those in the model.
    pub classes: Option<ClassNames>,
    pub split: Split,
    /// The file that assigns images to splits; if none, the folders do.
    pub splits: Option<PathBuf>,
}

impl ImageSet {
    /// The images, in the order of [`Item::relative`].
    ///
    /// # Errors
    /// As [`of_split`], or with a splits file as [`DataSet::load`].
    pub(crate) fn items(&self, classes: &ClassNames) -> Result<Vec<Item>, DataError> {
        let Some(file) = &self.splits else { return of_split(&self.data, classes, self.split) };
        let role = match self.split {
            Split::Train => Role::Train,
            Split::Val => Role::Validation,
            Split::Test => Role::Test,
        };
        // The file assigns every image: nothing is drawn, so there is no seed.
        Ok(DataSet::load(&self.data, classes, Some(file), 0)?.role(role).to_vec())
    }
}
