//! The models of a board: two slots, of which one is in use, and rollback to the other.
//!
//! ```text
//! file + signature ─TrustedKeys::verify→ SignedBytes ─self_test→ SelfTestReport ─ModelStore::install→ in use, on trial
//!                                                       ─ModelStore::start→ screening, watched → confirmed
//!                                                                                             ↘ back to the other
//! ```
//!
//! **Power may fail at any time.** A model's files are named by its hash and never written over. Which model is in
//! use is in one small file, `state.json`, that is replaced as a whole: written under another name, synced, renamed,
//! and the folder synced. Before the rename the board runs the old model, after it the
//! new one. `edge-runtime/tests/power_cuts.rs` cuts the power 10,000 times.
//!
//! **A new model is on trial.** It passed its self-test before it was put in use. Then a number of screenings must
//! succeed. If the engine fails on one, if the model cannot be loaded, or if the program starts again and again
//! without a success, the board goes back to the previous model.

mod disk;
mod error;
mod event;
mod install;
mod load;
mod options;
mod running;
mod slot;
mod state;
mod stick;
mod store;

pub use disk::{Disk, ModelFolder};
pub use error::{ModelRefusal, ModelStoreError};
pub use event::{EventSink, ModelEvent, NumberedEvent, floor_of};
pub use install::{Installation, SourceFile};
pub use load::{SelfTestReport, load_checked, self_test};
pub use options::{InstallOptions, StickPolicy, TrialLimits, VersionFloor};
pub use running::{StartedModel, TrialOutcome, TrialStatus};
pub use slot::{Installed, Slot, Trial};
pub use state::State;
pub use stick::{ModelsOnStick, find_models};
pub use store::ModelStore;

/// Default folder of the installed models.
pub const DEFAULT_STORE: &str = "/var/lib/edge-runtime/models";

/// Default folder of the trusted public keys.
pub const DEFAULT_KEYS: &str = "/etc/edge-runtime/keys";

/// The first digits of a hash, for people.
pub fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}
