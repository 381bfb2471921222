//! The trial of an installed model: its screenings count for or against it, and a stick may replace it.

use tracing::{error, warn};

use super::fault::Fault;
use super::installed_model::{InstalledModel, STICK_SILENT};
use super::presenter::Presenter;
use crate::models::{ModelsOnStick, TrialOutcome};
use crate::records::RecordStore;
use crate::status::Signal;

pub(super) struct ModelTrial {
    /// None where the model runs from a file and is not on trial.
    installed: Option<InstalledModel>,
    /// Whether another model is in use: the program ends when no result must be seen any more.
    replaced: bool,
}

impl ModelTrial {
    pub(super) fn new(installed: Option<InstalledModel>) -> Self {
        ModelTrial { installed, replaced: false }
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.replaced
    }

    /// Counts a screening. If the board goes back because this model failed, the image has no record yet: the previous
    /// model screens it at the next start.
    pub(super) fn count(&mut self, outcome: Option<TrialOutcome>) -> Result<(), Fault> {
        let (Some(installed), Some(outcome)) = (&self.installed, outcome) else { return Ok(()) };
        let replaced = installed.screened(&outcome)?;
        if let (true, TrialOutcome::Failed(reason)) = (replaced, &outcome) {
            error!("the model failed: {reason}");
            return Err(Fault::Replaced);
        }
        self.replaced |= replaced;
        Ok(())
    }

    /// Checks whether another model was installed by hand, and counts a long run as a good start.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        if let Some(installed) = &self.installed {
            self.replaced |= installed.check()?;
        }
        Ok(())
    }

    /// Records what happened to the models of this board.
    pub(super) fn record_events(&self, store: &mut RecordStore) {
        if let Some(installed) = &self.installed {
            installed.record_events(store);
        }
    }

    /// Puts a signed model from a stick in use. The program then starts again and reads the stick with it.
    pub(super) fn install(
        &self,
        found: &ModelsOnStick,
        store: &mut RecordStore,
        presenter: &mut Presenter<'_>,
    ) -> Result<(), Fault> {
        let Some(installed) = &self.installed else {
            warn!("a stick carries a signed model; this device runs a `file` and installs none");
            return Ok(());
        };
        presenter.working(Signal::ModelFound);
        presenter.cycle_finished();
        match installed.install(found, store, &mut || presenter.cycle_finished()) {
            Ok(None) => {}
            Ok(Some(_)) => {
                presenter.show(Signal::ModelInstalled);
                presenter.hold_result();
                return Err(Fault::Replaced);
            }
            Err(refusal) if refusal.code == STICK_SILENT => presenter.fault(),
            Err(_) => presenter.result(Signal::ModelRefused),
        }
        Ok(())
    }
}
