//! Telling the service manager that work is done: `READY`, `WATCHDOG`, `STATUS` of sd_notify(3). Without a service
//! manager only the page is told, where there is one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use crate::status::SharedStatus;
use crate::inputs::MediaState;

/// Tells the service manager that the program is about to end of a fault.
pub fn publish_fault(fault: &str) {
    tell(Some(fault), "");
}

/// What `systemctl status` shows, and what scripts/lib/deploy-agent.sh reads: `fault: …`, or how things are.
fn tell(trouble: Option<&str>, else_words: &str) {
    let words = trouble.map_or_else(|| else_words.to_owned(), |trouble| format!("fault: {trouble}"));
    let _ = sd_notify::notify(&[NotifyState::Status(&words)]);
}

/// Tells that the pipeline turns.
pub struct StatusPublisher {
    every: Option<Duration>,
    told: Option<Instant>,
    trouble: Option<String>,
    status: Option<Arc<SharedStatus>>,
}

impl StatusPublisher {
    /// From the environment that the service manager gave.
    pub fn from_environment() -> Self {
        // Four times within its patience: one that is late does not end the program.
        StatusPublisher {
            every: sd_notify::watchdog_enabled().map(|patience| patience / 4),
            told: None,
            trouble: None,
            status: None,
        }
    }

    /// Tells `status`, too.
    pub fn with(self, status: Arc<SharedStatus>) -> Self {
        StatusPublisher { status: Some(status), ..self }
    }

    /// The service manager's patience, if it has one that is shorter than `longest` may take between two beats.
    pub fn too_short_for(&self, longest: Duration) -> Option<Duration> {
        self.every.map(|every| every * 4).filter(|patience| *patience <= longest)
    }

    /// Says that screening begins.
    pub fn ready(&self) {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// Says in words how things are, if nothing is in the way.
    pub fn status(&self, words: &str) {
        tell(self.trouble.as_deref(), words);
    }

    /// Says what keeps the device from working; `None` when it is over.
    pub fn trouble(&mut self, words: Option<String>) {
        if self.trouble != words {
            self.trouble.clone_from(&words);
            tell(self.trouble.as_deref(), "well");
        }
        if let Some(status) = &self.status {
            status.trouble(words);
        }
    }

    /// Says whether there is a stick to pull.
    pub fn media_state(&self, medium: MediaState) {
        if let Some(status) = &self.status {
            status.media_state(medium);
        }
    }

    /// Called when a turn is done: all sources were asked, and what came is recorded.
    pub fn turn_finished(&mut self, now: Instant) {
        if let Some(status) = &self.status {
            status.turn_finished();
        }
        let Some(every) = self.every else { return };
        if self.told.is_none_or(|told| now.duration_since(told) >= every) {
            self.told = Some(now);
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }
}
