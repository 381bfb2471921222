//! A board on which no model is installed: it can screen nothing, and takes its first model from a stick.

use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::{Heartbeat, InstalledModel, REST};
use crate::model_store::{OnStick, StoreError};
use crate::outputs::lights::{Show, Signal};
use crate::record::{Moment, Store};
use crate::sources::{Medium, News, Refusal, Source, SourceError};

/// Everything that waiting needs. Images are left where they are.
pub struct FirstModel<'a> {
    /// Where it is to be installed.
    pub installed: InstalledModel,
    /// Where it is written down.
    pub record: Store,
    /// Where it comes from.
    pub stick: Box<dyn Source>,
    /// What people see: a fault, until there is a model.
    pub lights: &'a dyn Show,
    /// How long they see that a model was installed.
    pub at_least: Duration,
    /// Who is told that it still waits.
    pub heartbeat: Heartbeat,
}

impl FirstModel<'_> {
    /// Returns when a model is in use, from a stick or installed by hand. The program is then to be started again.
    ///
    /// # Errors
    /// If the store of models cannot be read.
    pub fn wait(mut self) -> Result<(), StoreError> {
        self.lights.show(Signal::Fault);
        let (mut shown, mut refused) = (Signal::Fault, false);
        let mut trouble: Option<SourceError> = None;
        while !self.installed.is_there()? {
            let news = self.stick.poll(Instant::now());
            match &news {
                Ok(News::Model(found)) => {
                    refused = !self.install(found);
                    shown = Signal::ModelFound;
                    continue;
                }
                Ok(News::Unreadable(refusal)) => self.refuse(refusal),
                Err(error) if trouble.as_ref() != Some(error) => error!("{error}"),
                _ => {}
            }
            let idle = matches!(news, Ok(News::Nothing) | Err(_));
            trouble = news.err();
            // Why it was refused is to be told from the fault for as long as the stick is there.
            refused &= self.stick.medium() != Medium::Absent;
            let signal = if refused { Signal::ModelRefused } else { Signal::Fault };
            if signal != shown {
                self.lights.show(signal);
                shown = signal;
            }
            self.heartbeat.beat(Instant::now());
            if idle {
                thread::sleep(REST);
            }
        }
        Ok(())
    }

    /// Writes down what was refused. That it cannot be, as on a full disk, does not keep a model from being taken.
    fn refuse(&mut self, refusal: &Refusal) {
        warn!(code = refusal.code, "{}", refusal.reason);
        let (origin, now) = (self.stick.origin(), Moment::now());
        if let Err(error) = self.record.append_refusal(origin, refusal.code, &refusal.reason, now) {
            warn!("{error}");
        }
    }

    /// Puts the model on a stick in use; whether it is.
    fn install(&mut self, found: &OnStick) -> bool {
        self.lights.show(Signal::ModelFound);
        self.heartbeat.beat(Instant::now());
        let taken = self.installed.take(found, &mut self.record).is_ok();
        self.lights.show(if taken { Signal::ModelInstalled } else { Signal::ModelRefused });
        if taken {
            self.lights.hold(self.at_least);
        }
        taken
    }
}
