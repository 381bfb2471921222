//! A board without an installed model: it screens nothing and takes its first model from a stick.

use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::installed_model::InstalledModel;
use crate::inputs::{Input, InputError, InputEvent, InputRefusal, MediaState};
use crate::models::{ModelStoreError, ModelsOnStick};
use crate::records::{RecordStore, Timestamp};
use crate::status::{Signal, StatusPublisher};
use crate::ui::lights::SignalOutput;

/// From one poll of the stick to the next.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Waits for the first model. Images stay where they are.
pub struct FirstModelWait<'a> {
    /// Where it will be installed.
    pub installed: InstalledModel,
    /// Where events and refusals are recorded.
    pub record: RecordStore,
    pub stick: Box<dyn Input>,
    /// They show a fault until there is a model.
    pub lights: &'a dyn SignalOutput,
    /// How long they show that a model was installed.
    pub at_least: Duration,
    pub publisher: StatusPublisher,
}

impl FirstModelWait<'_> {
    /// Returns when a model is in use, from a stick or installed by hand. The program must then be started again.
    ///
    /// # Errors
    /// If the store of models cannot be read.
    pub fn wait(mut self) -> Result<(), ModelStoreError> {
        self.lights.show(Signal::Fault);
        let (mut shown, mut refused) = (Signal::Fault, false);
        let mut input_error: Option<InputError> = None;
        while !self.installed.has_model()? {
            let event = self.stick.poll(Instant::now());
            match &event {
                Ok(InputEvent::Model(found)) => {
                    refused = !self.install(found);
                    shown = Signal::ModelFound;
                    continue;
                }
                Ok(InputEvent::Unreadable(refusal)) => self.refuse(refusal),
                Err(error) if input_error.as_ref() != Some(error) => error!("{error}"),
                _ => {}
            }
            let idle = matches!(event, Ok(InputEvent::Nothing) | Err(_));
            input_error = event.err();
            // The refusal is shown for as long as the stick is there.
            refused &= self.stick.media_state() != MediaState::Absent;
            let signal = if refused { Signal::ModelRefused } else { Signal::Fault };
            if signal != shown {
                self.lights.show(signal);
                shown = signal;
            }
            self.publisher.cycle_finished(Instant::now());
            if idle {
                thread::sleep(POLL_INTERVAL);
            }
        }
        Ok(())
    }

    /// Records a refusal. If that fails, as on a full disk, a model can still be installed.
    fn refuse(&mut self, refusal: &InputRefusal) {
        warn!(code = refusal.code, "{}", refusal.reason);
        let (origin, now) = (self.stick.origin(), Timestamp::now());
        if let Err(error) = self.record.append_refusal(origin, refusal.code, &refusal.reason, now) {
            warn!("{error}");
        }
    }

    /// Installs the model on a stick; whether it is in use now.
    fn install(&mut self, found: &ModelsOnStick) -> bool {
        self.lights.show(Signal::ModelFound);
        self.publisher.cycle_finished(Instant::now());
        let publisher = &mut self.publisher;
        let alive = &mut || publisher.cycle_finished(Instant::now());
        let installed = self.installed.install(found, &mut self.record, alive).is_ok();
        self.lights.show(if installed { Signal::ModelInstalled } else { Signal::ModelRefused });
        if installed {
            self.lights.hold(self.at_least);
        }
        installed
    }
}
