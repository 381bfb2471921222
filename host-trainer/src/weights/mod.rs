//! Weights of the backbones: types, import, download and storage.
//!
//! [`import`] reads a file of any known kind, [`WeightStore`] keeps the result, [`fetch`] downloads the
//! official files and imports them.

mod check;
mod download;
mod error;
mod fetch;
mod import;
mod keras;
mod keras_names;
mod random;
mod raw;
mod safe;
mod set;
mod store;
mod torch;

pub use error::{Problems, WeightsError};
pub use fetch::{BASE_URL_VARIABLE, DEFAULT_BASE_URL, RemoteFile, fetch, official_files, select};
pub use import::{MAX_FILE_BYTES, import};
pub use set::{Array, Conventions, Padding, Provenance, WeightSet};
pub use store::{STORE_VARIABLE, StoredWeights, WeightStore};
