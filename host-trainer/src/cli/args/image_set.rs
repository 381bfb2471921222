//! The options that say which X-rays models are judged on, the same for `evaluate`, `compare` and `gate`.

use std::path::PathBuf;

use clap::Args;

use crate::data::{ClassNames, Split};
use crate::pipeline::JudgedSet;

/// Which X-rays models are judged on.
#[derive(Debug, Args)]
pub struct JudgedArgs {
    /// Folder with the class folders
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Which side of it: the folder of that name
    #[arg(long, value_enum, default_value = "test")]
    pub split: Split,
    /// Names of the class folders, the one without the finding first [default: as in the model]
    #[arg(long, value_name = "NEGATIVE,POSITIVE")]
    pub classes: Option<ClassNames>,
}

/// The same, where a file may say who is on which side.
#[derive(Debug, Args)]
pub struct DividedArgs {
    #[command(flatten)]
    pub images: JudgedArgs,
    /// CSV file that the images were divided by (columns path,role,patient): it says who is on which side, not the
    /// folders; needed where it moves images of the folder `test`
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
}

impl DividedArgs {
    /// The set that they name.
    pub fn set(self) -> JudgedSet {
        self.images.set(self.splits)
    }
}

impl JudgedArgs {
    /// The set that they name, divided by a splits file if there is one.
    pub fn set(self, splits: Option<PathBuf>) -> JudgedSet {
        JudgedSet { data: self.data, classes: self.classes, split: self.split, splits }
    }
}
