//! The model package: what a runtime must know of a model, and how a file comes to be trusted.

mod contract;
mod error;
mod file;
mod keys;
mod known_answer;
mod quality_gate;
mod signature;
mod verify;

pub use contract::{
    AbstainBand, BackboneRecord, CONTRACT_KEY, Contract, FEATURES_NAME, HEAT_MAP_NAME, INPUT_NAME, Labels,
    LocalCalibration, PROBABILITY_NAME, Precision, QuantisationRecord, RANDOM_WARNING, SCHEMA_KEY,
    SCHEMA_VERSION, TEMPERATURES, Training,
};
pub use error::{PackageError, PackageProblem};
pub use file::{MAX_PACKAGE_BYTES, PackageFile};
pub use keys::{KeysError, KeysProblem, TrustedKeys};
pub use known_answer::KnownAnswer;
pub use quality_gate::{Base64Floats, Centroid, CentroidKind, QualityGateFit, QualityGateRecord};
pub use signature::{
    MAX_SIGNATURE_BYTES, SIGNATURE_SUFFIX, SignatureFile, SignedBytes, SignedPackage, signature_of,
};
pub use verify::VerifiedPackage;
