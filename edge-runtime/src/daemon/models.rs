//! What the loop does with the models of the board: counts for and against the one that runs, writes down what happened
//! to them, and takes one from a stick.

use std::time::Instant;

use tracing::{error, warn};

use super::{Fault, Daemon};
use crate::models::{TrialOutcome, ModelsOnStick};
use crate::status::Signal;

impl Daemon<'_> {
    /// Counts a screening for or against an installed model. If the board goes back because this one failed, the
    /// image has no record yet: the model before screens it at the next start.
    pub(super) fn count(&mut self, health: Option<TrialOutcome>) -> Result<(), Fault> {
        let (Some(installed), Some(health)) = (&self.installed, health) else { return Ok(()) };
        let replaced = installed.screened(&health)?;
        if let (true, TrialOutcome::Failed(reason)) = (replaced, &health) {
            error!("the model failed: {reason}");
            return Err(Fault::Replaced);
        }
        self.replaced |= replaced;
        Ok(())
    }

    /// Events of models that are not in the record yet.
    pub(super) fn write_model_events(&mut self) {
        if let Some(installed) = &self.installed {
            installed.deliver(&mut self.store);
        }
    }

    /// Puts a signed model that a stick carries in use. The program then starts again, and reads the stick with it.
    pub(super) fn install(&mut self, found: &ModelsOnStick) -> Result<(), Fault> {
        if self.installed.is_none() {
            warn!("a stick carries a signed model; this device runs a `file` and installs none");
            return Ok(());
        }
        self.work_on(Signal::ModelFound);
        self.publisher.turn_finished(Instant::now());
        let Some(installed) = &self.installed else { return Ok(()) };
        match installed.take(found, &mut self.store) {
            Ok(None) => {}
            Ok(Some(_)) => {
                self.show(Signal::ModelInstalled);
                self.hold_result();
                return Err(Fault::Replaced);
            }
            Err(_) => self.result(Signal::ModelRefused),
        }
        Ok(())
    }
}
