//! The X-rays of a data set: finding them, identifying patients, and keeping each patient in one split.
//!
//! [`list`] finds the images in folders and [`table`] those that a CSV file lists, [`patient_of`] identifies patients by file
//! names, and [`DataSet`] holds training, validation and test images. [`augment`] varies
//! training images, [`corrupt`] validation images, and [`leaks`] finds what is in two splits. [`WrongOrientation`]
//! and [`ood`] make pictures that a model must not score.

pub mod augment;
mod clutter;
pub mod corrupt;
mod csv_file;
mod data_set;
pub mod dicom_facts;
mod error;
mod float_image;
mod folder;
mod groups;
mod header;
mod item_notes;
pub mod leaks;
mod notes;
pub mod ood;
mod patient;
pub mod phantom;
mod source;
mod split;
mod splits_file;
pub mod table;
mod walk;
mod wrong_orientation;

pub use data_set::{DataSet, Role};
pub use error::DataError;
pub use folder::{ClassNames, Item, Split, list, of_split};
pub use groups::Groups;
pub use header::ImageFormat;
pub use notes::{DataNote, NoteKind};
pub use patient::{PatientPattern, patient_of};
pub(crate) use source::is_numbered_anew;
pub use source::{DataSource, SourceError, SourceSplits, SourceWeight};
pub use split::VALIDATION_FRACTION;
pub use wrong_orientation::WrongOrientation;
pub(crate) use wrong_orientation::mirrored;
