//! What signals are shown on.

use std::time::Duration;

use crate::status::{DisplayedSignal, Signal};

/// Shows one signal at a time.
pub trait SignalOutput {
    /// Shows a signal from now on; returns at once.
    fn show(&self, signal: Signal);
    /// Shows a signal from now on together with its subject, where the output can show one; returns at once.
    fn display(&self, displayed: DisplayedSignal) {
        self.show(displayed.signal);
    }
    /// The loop that orders the signals lives. `false`: it had not said so for too long, and a fault is shown since; the
    /// next order ends it.
    fn alive(&self) -> bool {
        true
    }
    /// The loop works on an image while another signal stays: until it says again that it lives it may be silent for as
    /// long as while [`Signal::Busy`] is shown.
    fn works_meanwhile(&self) {}
    /// Keeps the signal for this long.
    fn hold(&self, time: Duration);
}

/// A device without lights.
pub struct NoLights;

impl SignalOutput for NoLights {
    fn show(&self, _signal: Signal) {}
    fn hold(&self, _time: Duration) {}
}
