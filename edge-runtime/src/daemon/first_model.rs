//! A board without an installed model: it screens nothing and takes its first model from a stick.

use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::installed_model::{CheckedModel, InstalledModel};
use crate::gpio::button::Press;
use crate::inputs::{Input, InputError, InputEvent, InputRefusal, MediaState};
use crate::models::{ModelStoreError, ModelsOnStick, StickPolicy};
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
    /// Presses of the button, where there is one.
    pub button: Option<Receiver<Press>>,
    /// They show a fault until there is a model.
    pub lights: &'a dyn SignalOutput,
    /// How long they show that a model was installed.
    pub at_least: Duration,
    pub publisher: StatusPublisher,
    /// What is published while there is no model; it was published already.
    pub lack: String,
}

/// What is known of the stick that is in.
#[derive(PartialEq)]
enum Found {
    Nothing,
    /// Its model was refused.
    Refused,
    /// Its model waits for a press of the button.
    Waiting(CheckedModel),
}

impl FirstModelWait<'_> {
    /// Returns when a model is in use, from a stick or installed by hand. The program must then be started again.
    ///
    /// # Errors
    /// If the store of models cannot be read.
    pub fn wait(mut self) -> Result<(), ModelStoreError> {
        self.lights.show(Signal::Fault);
        let (mut shown, mut found) = (Signal::Fault, Found::Nothing);
        let mut input_error: Option<InputError> = None;
        while !self.installed.has_model()? {
            let event = self.stick.poll(Instant::now());
            match &event {
                Ok(InputEvent::Model(models)) => {
                    found = self.take(models);
                    shown = Signal::ModelFound;
                    continue;
                }
                Ok(InputEvent::Unreadable(refusal)) => self.refuse(refusal),
                Err(error) if input_error.as_ref() != Some(error) => error!("{error}"),
                _ => {}
            }
            if let Found::Waiting(checked) = &found
                && shown == Signal::ModelWaiting
                && self.was_pressed()
            {
                let checked = checked.clone();
                self.checking();
                let publisher = &mut self.publisher;
                let alive = &mut || publisher.cycle_finished(Instant::now());
                let installed = self.installed.install_checked(&checked, &mut self.record, alive).is_ok();
                found = self.after(installed);
                shown = Signal::ModelFound;
                continue;
            }
            let idle = matches!(event, Ok(InputEvent::Nothing) | Err(_));
            input_error = event.err();
            // What a stick brought is shown for as long as the stick is there.
            if self.stick.media_state() == MediaState::Absent {
                found = Found::Nothing;
            }
            shown = self.show(shown, &found);
            self.publisher.cycle_finished(Instant::now());
            if idle {
                thread::sleep(POLL_INTERVAL);
            }
        }
        Ok(())
    }

    /// Shows what was found, if that is not what is shown.
    fn show(&mut self, shown: Signal, found: &Found) -> Signal {
        let (signal, words) = match found {
            Found::Nothing => (Signal::Fault, self.lack.clone()),
            Found::Refused => (Signal::ModelRefused, self.lack.clone()),
            Found::Waiting(checked) => {
                let (version, key) = (checked.version, &checked.key);
                let words = format!(
                    "no model is installed; a press of the button installs version {version} (key {key}) from the stick"
                );
                (Signal::ModelWaiting, words)
            }
        };
        if signal != shown {
            self.lights.show(signal);
            self.publisher.error(Some(words));
            // A press from before people could see what it would do does not count.
            self.was_pressed();
        }
        signal
    }

    fn was_pressed(&self) -> bool {
        self.button.as_ref().is_some_and(|button| button.try_iter().count() > 0)
    }

    /// Records a refusal. If that fails, as on a full disk, a model can still be installed.
    fn refuse(&mut self, refusal: &InputRefusal) {
        warn!(code = refusal.code, "{}", refusal.reason);
        let (origin, now) = (self.stick.origin(), Timestamp::now());
        if let Err(error) = self.record.append_refusal(origin, refusal.code, &refusal.reason, now) {
            warn!("{error}");
        }
    }

    /// Checks the model on a stick, and installs it if nobody need confirm it.
    fn take(&mut self, models: &ModelsOnStick) -> Found {
        self.checking();
        let publisher = &mut self.publisher;
        let alive = &mut || publisher.cycle_finished(Instant::now());
        if self.installed.from_stick() == StickPolicy::Always {
            let installed = self.installed.install(models, &mut self.record, alive).is_ok();
            return self.after(installed);
        }
        match self.installed.look(models, &mut self.record, self.button.is_some(), alive) {
            Ok(Some(checked)) => {
                info!(version = checked.version, key = checked.key, "a press of the button installs it");
                Found::Waiting(checked)
            }
            Ok(None) => Found::Nothing,
            Err(_) => self.after(false),
        }
    }

    fn checking(&mut self) {
        self.lights.show(Signal::ModelFound);
        self.publisher.cycle_finished(Instant::now());
    }

    fn after(&mut self, installed: bool) -> Found {
        self.lights.show(if installed { Signal::ModelInstalled } else { Signal::ModelRefused });
        if installed {
            self.lights.hold(self.at_least);
            return Found::Nothing;
        }
        Found::Refused
    }
}
