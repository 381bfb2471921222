//! The options that say which X-rays models are evaluated on, the same for `evaluate`, `audit`, `compare` and `gate`.

use clap::Args;

use crate::data::{ClassNames, DataSource, SourceError, SourceSplits, Split};
use crate::evaluation::ImageSet;

/// Which X-rays models are evaluated on.
#[derive(Debug, Args)]
pub struct ImageSetArgs {
    /// Folder with the class folders; several hospitals are given by several --data NAME=DIR
    #[arg(long, value_name = "[NAME=]DIR", required = true)]
    data: Vec<DataSource>,
    /// Which split: the folder of that name
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
    /// Names of the class folders, the one without the finding first [default: as in the model]
    #[arg(long, value_name = "NEGATIVE,POSITIVE")]
    classes: Option<ClassNames>,
}

/// The same, where a file may assign images to splits.
#[derive(Debug, Args)]
pub struct SplitImageSetArgs {
    #[command(flatten)]
    images: ImageSetArgs,
    /// CSV file that the images were split by (columns path,role,patient): it says which image is in which split, not the
    /// folders; needed if it moves images of the folder `test`; of several hospitals NAME=FILE
    #[arg(long, value_name = "[NAME=]FILE")]
    splits: Vec<SourceSplits>,
}

impl SplitImageSetArgs {
    /// # Errors
    /// [`SourceError`] if names of hospitals are missing, doubled or not known.
    pub fn set(self) -> Result<ImageSet, SourceError> {
        self.images.set(self.splits)
    }
}

impl ImageSetArgs {
    /// The images, split by files if there are any.
    ///
    /// # Errors
    /// [`SourceError`] if names of hospitals are missing, doubled or not known.
    pub fn set(self, splits: Vec<SourceSplits>) -> Result<ImageSet, SourceError> {
        let sources = DataSource::join(self.data, splits, Vec::new())?;
        Ok(ImageSet { sources, classes: self.classes, split: self.split })
    }
}
