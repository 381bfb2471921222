//! The X-rays that are learned from: finding them, telling whose they are, and keeping patients on one side.
//!
//! [`list`] finds the images, [`patient_of`] tells patients by file names, and [`DataSet`] holds the three
//! sides: what is trained on, what training is watched with, and what it is judged by. [`augment`] varies what is
//! trained on, [`corrupt`] what is validated on, and [`leaks`] finds what is on two sides. [`WrongOrientation`]
//! and [`ood`] make what a model must not judge.

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
