//! The trial of an installed model: its screenings count for or against it, and a stick may replace it.

use tracing::{error, info, warn};

use super::fault::Fault;
use super::installed_model::{CheckedModel, InstalledModel, STICK_SILENT};
use super::presenter::Presenter;
use crate::inputs::{InputRefusal, MediaState};
use crate::models::{ModelsOnStick, StickPolicy, TrialOutcome, short};
use crate::records::RecordStore;
use crate::status::Signal;

pub(super) struct ModelTrial {
    /// None where the model runs from a file and is not on trial.
    installed: Option<InstalledModel>,
    has_button: bool,
    /// A model on a stick that waits for a press of the button.
    waiting: Option<CheckedModel>,
    /// Whether another model is in use: the program ends when no result must be seen any more.
    replaced: bool,
}

impl ModelTrial {
    pub(super) fn new(installed: Option<InstalledModel>, has_button: bool) -> Self {
        ModelTrial { installed, has_button, waiting: None, replaced: false }
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

    /// Does with a signed model on a stick what the configuration says: leaves it, lets it wait for a press, or puts it in
    /// use. The program then starts again and reads the stick with it.
    pub(super) fn found(
        &mut self,
        found: &ModelsOnStick,
        store: &mut RecordStore,
        presenter: &mut Presenter<'_>,
    ) -> Result<(), Fault> {
        let Some(installed) = &self.installed else {
            warn!("a stick carries a signed model; this device runs a `file` and installs none");
            return Ok(());
        };
        if installed.from_stick() == StickPolicy::Never {
            warn!("a stick carries a signed model; it stays there, since `from_stick` is \"never\"");
            return Ok(());
        }
        presenter.working(Signal::ModelFound);
        presenter.cycle_finished();
        let alive = &mut || presenter.cycle_finished();
        if installed.from_stick() == StickPolicy::Always {
            let installation = installed.install(found, store, alive).map(|done| done.is_some());
            return after(installation, presenter);
        }
        match installed.look(found, store, self.has_button, alive) {
            Ok(None) => {}
            Ok(Some(checked)) => {
                let (model, version) = (short(&checked.sha256), checked.version);
                info!(model, version, key = checked.key, "a press of the button installs it");
                self.waiting = Some(checked);
            }
            Err(refusal) if refusal.code == STICK_SILENT => presenter.fault(),
            Err(_) => presenter.result(Signal::ModelRefused),
        }
        Ok(())
    }

    /// Whether a model waits for a press.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// A model whose stick was pulled does not wait any more.
    pub(super) fn forget_pulled(&mut self, media: MediaState) {
        if media == MediaState::Absent {
            self.waiting = None;
        }
    }

    /// Puts the model that waits in use.
    pub(super) fn confirm(
        &mut self,
        store: &mut RecordStore,
        presenter: &mut Presenter<'_>,
    ) -> Result<(), Fault> {
        let (Some(installed), Some(checked)) = (&self.installed, self.waiting.take()) else { return Ok(()) };
        presenter.working(Signal::ModelFound);
        presenter.cycle_finished();
        let alive = &mut || presenter.cycle_finished();
        let installation = installed.install_checked(&checked, store, alive).map(|done| done.is_some());
        after(installation, presenter)
    }
}

/// Shows what became of a model; `Ok(false)`: it was in use already. The reason why not is in log and record.
fn after(installation: Result<bool, InputRefusal>, presenter: &mut Presenter<'_>) -> Result<(), Fault> {
    match installation {
        Ok(false) => Ok(()),
        Ok(true) => {
            presenter.show(Signal::ModelInstalled);
            presenter.hold_result();
            Err(Fault::Replaced)
        }
        Err(refusal) => {
            if refusal.code == STICK_SILENT {
                presenter.fault()
            } else {
                presenter.result(Signal::ModelRefused)
            }
            Ok(())
        }
    }
}
