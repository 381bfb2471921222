//! The X-rays of a data set: finding them, identifying patients, and keeping each patient in one split.
//!
//! [`list`] finds the images, [`patient_of`] identifies patients by file names, and [`DataSet`] holds
//! training, validation and test images. [`augment`] varies
//! training images, [`corrupt`] validation images, and [`leaks`] finds what is in two splits. [`WrongOrientation`]
//! and [`ood`] make pictures that a model must not score.

pub mod augment;
pub mod corrupt;
mod data_set;
mod error;
mod float_image;
mod folder;
mod groups;
pub mod leaks;
pub mod ood;
mod patient;
pub mod phantom;
mod source;
mod split;
mod splits_file;
mod walk;
mod wrong_orientation;

pub use data_set::{DataSet, Role};
pub use error::DataError;
pub use folder::{ClassNames, Item, Split, list, of_split};
pub use groups::Groups;
pub use patient::patient_of;
pub use source::{DataSource, SourceError, SourceSplits, SourceWeight};
pub use split::VALIDATION_FRACTION;
pub use wrong_orientation::WrongOrientation;
pub(crate) use wrong_orientation::mirrored;
