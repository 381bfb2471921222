//! Publishes the state of the loop: to the service manager (`READY`, `WATCHDOG`, `STATUS` of sd_notify(3)) and to the
//! web page, where there are such.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use xray_core::screening::printable;

use super::SharedStatus;
use crate::inputs::MediaState;
use crate::records::AgeDeletion;

/// Publishes that a fault is about to end the program.
pub fn publish_fault(fault: &str) {
    notify_status(Some(fault), "");
}

/// What `systemctl status` shows, and what scripts/deploy/lib/deploy-agent.sh reads: `fault: …`, or the counters.
fn notify_status(error: Option<&str>, otherwise: &str) {
    let words = error.map_or_else(|| otherwise.to_owned(), |error| format!("fault: {error}"));
    // A line of its own would be another message to the service manager.
    let _ = sd_notify::notify(&[NotifyState::Status(&printable(&words))]);
}

/// Publishes that the loop is alive, and what keeps the device from working.
pub struct StatusPublisher {
    every: Option<Duration>,
    notified: Option<Instant>,
    error: Option<String>,
    status: Option<Arc<SharedStatus>>,
}

impl StatusPublisher {
    /// From the environment that the service manager gave.
    pub fn from_environment() -> Self {
        // Four notifications within the timeout: one that is late does not end the program.
        StatusPublisher {
            every: sd_notify::watchdog_enabled().map(|timeout| timeout / 4),
            notified: None,
            error: None,
            status: None,
        }
    }

    /// Also writes to `status`.
    pub fn with_shared(self, status: Arc<SharedStatus>) -> Self {
        StatusPublisher { status: Some(status), ..self }
    }

    /// The service manager's timeout, if it has one that is shorter than the `longest` time between two cycles.
    pub fn too_short_for(&self, longest: Duration) -> Option<Duration> {
        self.every.map(|every| every * 4).filter(|timeout| *timeout <= longest)
    }

    /// Publishes that screening begins.
    pub fn ready(&self) {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// Publishes a status text, unless an error keeps the device from working.
    pub fn status(&self, words: &str) {
        notify_status(self.error.as_deref(), words);
    }

    /// Publishes what keeps the device from working; `None` when it is over.
    pub fn error(&mut self, words: Option<String>) {
        if self.error != words {
            self.error.clone_from(&words);
            notify_status(self.error.as_deref(), "well");
        }
        if let Some(status) = &self.status {
            status.set_error(words);
        }
    }

    /// Publishes that images are deleted because of their age, or will be.
    pub fn age_deletion(&mut self, deletion: Option<AgeDeletion>) {
        if let Some(status) = &self.status {
            status.set_age_deletion(deletion);
        }
    }

    /// Publishes whether there is a stick to pull.
    pub fn media_state(&self, media: MediaState) {
        if let Some(status) = &self.status {
            status.set_media_state(media);
        }
    }

    /// Called at the end of a cycle: all inputs were polled, and what they gave is recorded.
    pub fn cycle_finished(&mut self, now: Instant) {
        if let Some(status) = &self.status {
            status.cycle_finished();
        }
        let Some(every) = self.every else { return };
        if self.notified.is_none_or(|notified| now.duration_since(notified) >= every) {
            self.notified = Some(now);
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }
}
