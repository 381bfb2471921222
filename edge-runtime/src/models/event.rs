//! What happened to the models of a board, for its record.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{VersionFloor, short};

/// Something that happened to the models of a board. Models are named by the SHA-256 of their file (hex).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ModelEvent {
    /// A model was put in use.
    Installed {
        /// The model.
        sha256: String,
        version: u64,
        /// Name of the key that signed it.
        key: String,
        /// Screenings that it has to do well before it is kept; 0 if there is no other model to go back to.
        trial: u32,
        /// The version below which it needed an override; none if it needed none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overridden: Option<u64>,
    },
    /// A file was not put in use.
    Refused {
        /// The file.
        sha256: String,
        /// Why, as text.
        reason: String,
    },
    /// A model ended its trial well.
    Confirmed {
        /// The model.
        sha256: String,
        version: u64,
    },
    /// The board went back to its other model.
    RolledBack {
        /// The model that was in use.
        from: String,
        /// The model that is in use.
        to: String,
        /// Why, as text.
        reason: String,
    },
    /// Events with these numbers were never recorded: more came than are kept while nothing recorded them.
    Dropped { first: u64, last: u64 },
}

impl fmt::Display for ModelEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelEvent::Installed { sha256, version, key, trial, overridden } => {
                write!(f, "installed {} (version {version}, key {key})", short(sha256))?;
                if *trial > 0 {
                    write!(f, ", on trial for {trial} screenings")?;
                }
                if let Some(floor) = overridden {
                    write!(f, ", although versions below {floor} are refused")?;
                }
                Ok(())
            }
            ModelEvent::Refused { sha256, reason } => write!(f, "refused {}: {reason}", short(sha256)),
            ModelEvent::Confirmed { sha256, version } => {
                write!(f, "confirmed {} (version {version})", short(sha256))
            }
            ModelEvent::RolledBack { from, to, reason } => {
                write!(f, "rolled back from {} to {}: {reason}", short(from), short(to))
            }
            ModelEvent::Dropped { first, last } => {
                write!(
                    f,
                    "events {first} to {last} are lost: nothing recorded them while there was space for them"
                )
            }
        }
    }
}

/// The highest version that was confirmed, by the texts of recorded events (JSON); none if none was. What is no event that
/// this release knows says nothing.
pub fn floor_of<'a>(events: impl IntoIterator<Item = &'a str>) -> Option<VersionFloor> {
    let confirmed = |event: &str| match serde_json::from_str(event) {
        Ok(ModelEvent::Confirmed { sha256, version }) => {
            Some(VersionFloor { version, sha256: sha256.as_bytes().try_into().ok()? })
        }
        _ => None,
    };
    events.into_iter().filter_map(confirmed).max_by_key(|floor| floor.version)
}

/// An event and its number, counted from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedEvent {
    pub number: u64,
    #[serde(flatten)]
    pub event: ModelEvent,
}

/// Where events are recorded for good.
pub trait EventSink {
    /// Records one event. After a loss of power the same event, with the same number, may come again: a number that
    /// is recorded already must be ignored.
    ///
    /// # Errors
    /// If it is not recorded; it then comes again.
    fn record(&mut self, event: &NumberedEvent) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}
