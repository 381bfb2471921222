//! The options that say which X-rays models are evaluated on, the same for `evaluate`, `compare` and `gate`.

use std::path::PathBuf;

use clap::Args;

use crate::data::{ClassNames, Split};
use crate::evaluation::ImageSet;

/// Which X-rays models are evaluated on.
#[derive(Debug, Args)]
pub struct ImageSetArgs {
    /// Folder with the class folders
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
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
    /// folders; needed if it moves images of the folder `test`
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
}

impl SplitImageSetArgs {
    pub fn set(self) -> ImageSet {
        self.images.set(self.splits)
    }
}

impl ImageSetArgs {
    /// The images, split by a file if there is one.
    pub fn set(self, splits: Option<PathBuf>) -> ImageSet {
        ImageSet { data: self.data, classes: self.classes, split: self.split, splits }
    }
}
