//! What the loop does with the models of the board: counts for and against the one that runs, writes down what happened
//! to them, and takes one from a stick.

use std::time::Instant;

use tracing::{error, info, warn};

use super::{Fault, Pipeline};
use crate::model_store::{Health, OnStick, short};
use crate::outputs::lights::Signal;
use crate::record::Origin;

impl Pipeline<'_> {
    /// Counts a screening for or against an installed model. If the board goes back because this one failed, the
    /// image has no record yet: the model before screens it at the next start.
    pub(super) fn count(&mut self, health: Option<Health>) -> Result<(), Fault> {
        let (Some(installed), Some(health)) = (&self.installed, health) else { return Ok(()) };
        let replaced = installed.screened(&health)?;
        if let (true, Health::Failed(reason)) = (replaced, &health) {
            error!("the model failed: {reason}");
            return Err(Fault::Replaced);
        }
        self.replaced |= replaced;
        Ok(())
    }

    /// Events of models that are not in the record yet. One that cannot be written, as on a full disk, is no reason to
    /// stop: it stays with the models and comes again.
    pub(super) fn write_model_events(&mut self) {
        let Some(installed) = &self.installed else { return };
        if let Err(error) = installed.deliver(&mut self.store) {
            warn!("{error}");
        }
    }

    /// Puts a signed model that a stick carries in use. The program then starts again, and reads the stick with it.
    pub(super) fn install(&mut self, origin: Origin, found: &OnStick) -> Result<(), Fault> {
        if self.installed.is_none() {
            warn!("a stick carries a signed model; this device runs a `file` and installs none");
            return Ok(());
        }
        self.work_on(Signal::ModelFound);
        self.heartbeat.beat(Instant::now());
        let Some(installed) = &self.installed else { return Ok(()) };
        let done = installed.install(found);
        self.write_model_events();
        match done {
            Ok(None) => info!("the model on the stick is in use already"),
            Ok(Some(done)) => {
                let (model, version) = (short(&done.model.sha256), done.model.version);
                info!(model, version, key = done.model.key, trial = done.trial, "installed from a stick");
                self.show(Signal::ModelInstalled);
                self.let_see();
                return Err(Fault::Replaced);
            }
            Err(refusal) => {
                warn!(origin = origin.code(), code = refusal.code, "{}", refusal.reason);
                self.result(Signal::ModelRefused);
            }
        }
        Ok(())
    }
}
