//! Lines that are only recorded: for tests and for `--board sim`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::GpioOutputs;
use super::wiring::Part;

/// One change of a line: which, and whether to high.
pub type Change = (Part, bool);

/// Records the levels that are driven. Lines are low at first.
#[derive(Debug, Default)]
pub struct Simulator {
    high: HashMap<Part, bool>,
    stuck: HashMap<Part, bool>,
    recording: Recording,
}

/// The last changes of a simulator, also after it was dropped.
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Change>>>);

/// A process that runs for months must not record for months.
const MAX_CHANGES: usize = 10_000;

impl Recording {
    /// What was recorded since the last call, oldest first.
    pub fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, change: Change) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() == MAX_CHANGES {
            changes.remove(0);
        }
        changes.push(change);
    }
}

impl Simulator {
    /// The changes that it records.
    pub fn recording(&self) -> Recording {
        self.recording.clone()
    }

    /// Makes a line read `high` whatever drives it, as a short circuit does.
    #[must_use]
    pub fn with_stuck(mut self, part: Part, high: bool) -> Self {
        self.stuck.insert(part, high);
        self
    }
}

impl GpioOutputs for Simulator {
    fn drive(&mut self, part: Part, high: bool) {
        self.high.insert(part, high);
        self.recording.push((part, high));
    }

    fn is_high(&self, part: Part) -> bool {
        self.stuck.get(&part).or_else(|| self.high.get(&part)).copied().unwrap_or_default()
    }
}
