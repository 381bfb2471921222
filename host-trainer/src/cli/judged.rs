//! The options that say which X-rays models are judged on, the same for `evaluate`, `compare` and `gate`.

use std::path::PathBuf;

use clap::Args;

use crate::data::{ClassNames, Split};

/// Which X-rays models are judged on.
#[derive(Debug, Args)]
pub struct JudgedArgs {
    /// Folder with the class folders
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Which folder of it
    #[arg(long, value_enum, default_value = "test")]
    pub split: Split,
    /// Names of the class folders, the one without the finding first [default: as in the model]
    #[arg(long, value_name = "NEGATIVE,POSITIVE")]
    pub classes: Option<ClassNames>,
}
