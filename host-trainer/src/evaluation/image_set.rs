//! The X-rays that models are evaluated on.

use crate::data::{ClassNames, DataError, DataSet, DataSource, Item, Role, Split, of_split};

/// Which X-rays models are evaluated on.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSet {
    /// The folders with the class folders: one a hospital, at least one. Where a splits file assigns images, it says which
    /// are in the split; otherwise the folders do.
    pub sources: Vec<DataSource>,
    /// Names of the class folders; if none, those in the model.
    pub classes: Option<ClassNames>,
    pub split: Split,
}

impl ImageSet {
    /// The images, in the order of [`Item::relative`]. Of several hospitals, these paths begin with the name of theirs, as in
    /// [`DataSet::load_sources`].
    ///
    /// # Errors
    /// As [`of_split`], or with a splits file as [`DataSet::load`].
    pub(crate) fn items(&self, classes: &ClassNames) -> Result<Vec<Item>, DataError> {
        let several = self.sources.len() > 1;
        let mut all = Vec::new();
        for source in &self.sources {
            let items = self.of_source(source, classes)?.into_iter();
            all.extend(items.map(|item| if several { source.own(item) } else { item }));
        }
        all.sort_by(|a, b| a.relative.cmp(&b.relative));
        Ok(all)
    }

    fn of_source(&self, source: &DataSource, classes: &ClassNames) -> Result<Vec<Item>, DataError> {
        let Some(file) = &source.splits else { return of_split(&source.folder, classes, self.split) };
        let role = match self.split {
            Split::Train => Role::Train,
            Split::Val => Role::Validation,
            Split::Test => Role::Test,
        };
        // The file assigns every image: nothing is drawn, so there is no seed.
        Ok(DataSet::load(&source.folder, classes, Some(file), 0)?.role(role).to_vec())
    }

    /// Whether a splits file assigns images.
    pub fn has_splits(&self) -> bool {
        self.sources.iter().any(|source| source.splits.is_some())
    }

    /// The folders, for messages.
    pub(crate) fn folders(&self) -> String {
        DataSource::folders(&self.sources)
    }
}
