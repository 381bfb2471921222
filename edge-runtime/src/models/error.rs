//! Why a model is not put in use.

use xray_core::engine::EngineError;
use xray_core::package::PackageError;

use super::short;

/// Why the model store failed. In every case the board keeps the model that it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelStoreError {
    /// The model is not put in use here.
    #[error(transparent)]
    Refused(#[from] ModelRefusal),
    /// No model is installed.
    #[error("no model is installed on this board; install one with `edge-runtime model install FILE.onnx`")]
    NoModel,
    /// The model in use cannot be run, and there is no other.
    #[error(
        "the installed model cannot be run: {reason}; install one again with `edge-runtime model install`"
    )]
    Unusable {
        /// Why, of each.
        reason: String,
    },
    /// The operating system refused.
    #[error("model store: {file}: {reason}; check that the folder of the store can be written and has space")]
    Io {
        /// The file in the store's folder.
        file: String,
        reason: String,
    },
    /// The file that says which model is in use makes no sense.
    #[error(
        "model store: state.json cannot be read: {reason}; the disk may be failing: remove that file and install \
         the model again"
    )]
    BadState { reason: String },
    /// The record did not take an event.
    #[error("event {number} of the model store was not recorded: {reason}")]
    NotRecorded { number: u64, reason: String },
}

/// Why a model is not put in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelRefusal {
    /// The file is not one that is trusted, or not a model.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The engine does not run it, or gives another answer to the test pattern than it should.
    #[error(transparent)]
    SelfTest(#[from] EngineError),
    /// It cannot be tested.
    #[error(
        "model {}: it holds no answer to the test pattern, so this board cannot check that it runs it rightly; sign \
         it with `host-trainer sign`, which adds one",
        short(sha256)
    )]
    NoKnownAnswer {
        /// The model.
        sha256: String,
    },
    /// Its version is lower than that of a model that ran here.
    #[error(
        "model {}: version {version} is lower than {floor}, which this board ran already; if it is meant, \
         say --allow-downgrade",
        short(sha256)
    )]
    Downgrade {
        /// The model.
        sha256: String,
        version: u64,
        /// The lowest version that is taken.
        floor: u64,
    },
    /// Its contract names no version.
    #[error(
        "model {}: it has no version, so that it could not be told from an older one; sign it with `host-trainer sign \
         --model-version N`",
        short(sha256)
    )]
    NoVersion {
        /// The model.
        sha256: String,
    },
    /// A model of this version with another content was here.
    #[error(
        "model {}: another model of version {version} was on this board; sign it with a higher version, or, if it is meant, \
         say --allow-downgrade",
        short(sha256)
    )]
    SameVersion {
        /// The model.
        sha256: String,
        version: u64,
    },
    /// Nobody can confirm a model from a stick.
    #[error(
        "model {}: a press of the button confirms a model from a stick, and this board has no button; install it with \
         `edge-runtime model install`, or set `from_stick = \"always\"` under `[model]`",
        short(sha256)
    )]
    NoButton {
        /// The model.
        sha256: String,
    },
    /// The file on the stick is another one than the one that was checked.
    #[error(
        "model {}: the stick held another model when the button was pressed; put the stick in again",
        short(sha256)
    )]
    Changed {
        /// The model that was checked.
        sha256: String,
    },
    /// Another model is on trial.
    #[error(
        "model {} is on trial, with {left} screenings to go; let it end, or go back with `edge-runtime model rollback`",
        short(sha256)
    )]
    OnTrial {
        /// The model on trial.
        sha256: String,
        /// Screenings to go.
        left: u32,
    },
    /// It failed here before.
    #[error(
        "model {}: it failed on this board before: {reason}; to try it again, say --retry",
        short(sha256)
    )]
    FailedBefore {
        /// The model.
        sha256: String,
        reason: String,
    },
    /// It is on a stick with others.
    #[error("the stick carries {count} signed models; leave only the one to install on it")]
    Several { count: usize },
    /// There is nothing to go back to.
    #[error("there is no other model to go back to{}", if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    NothingElse {
        /// Why the other slot does not count; empty if it holds nothing.
        reason: String,
    },
}
