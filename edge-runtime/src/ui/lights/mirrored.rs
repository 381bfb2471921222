//! Lights whose signals the web page shows as well.

use std::sync::Arc;
use std::time::Duration;

use super::SignalOutput;
use crate::status::{DisplayedSignal, SharedStatus, Signal};

/// Lights whose signals are also written to a [`SharedStatus`].
pub struct MirroredLights<'a> {
    lights: &'a dyn SignalOutput,
    status: Arc<SharedStatus>,
}

impl<'a> MirroredLights<'a> {
    /// These lights.
    pub fn new(lights: &'a dyn SignalOutput, status: Arc<SharedStatus>) -> Self {
        MirroredLights { lights, status }
    }
}

impl SignalOutput for MirroredLights<'_> {
    fn show(&self, signal: Signal) {
        self.status.show(signal);
        self.lights.show(signal);
    }

    /// A signal that stays the same for another record is not played again.
    fn display(&self, shown: DisplayedSignal) {
        if self.status.display(shown) {
            self.lights.show(shown.signal);
        }
    }

    fn alive(&self) -> bool {
        self.lights.alive()
    }

    fn works_meanwhile(&self) {
        self.status.works_meanwhile();
        self.lights.works_meanwhile();
    }

    fn hold(&self, time: Duration) {
        self.lights.hold(time);
    }
}
