//! A button on a GPIO line, through the kernel's character device, which times every edge itself.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Offset, Value};
use gpiocdev::{Error, Request};

use super::Button;
use super::debounce::{Debouncer, Press, SETTLE};
use crate::gpio::{ButtonWiring, GpioError, Pull, gpiocdev as gpio};

/// From one look at the level to the next where no edge came: some controllers tell of none, and the kernel's queue of
/// them can overflow. Shorter than any press.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// A button's line, open for reading.
pub struct ButtonLine {
    request: Request,
    offset: Offset,
    wiring: ButtonWiring,
}

impl ButtonLine {
    /// Opens the line.
    ///
    /// # Errors
    /// [`GpioError`] says what keeps it from being read and what to do.
    pub fn open(wiring: ButtonWiring) -> Result<Self, GpioError> {
        let (chip, offset) = gpio::find_free(wiring.line)?;
        let bias = match wiring.pull {
            Pull::None => None,
            Pull::Up => Some(Bias::PullUp),
            Pull::Down => Some(Bias::PullDown),
        };
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(gpio::CONSUMER).with_line(offset).as_input();
        builder.with_bias(bias).with_edge_detection(EdgeDetection::BothEdges);
        let request = builder.request().map_err(|error| gpio::explain(&error, wiring.line, &chip))?;
        Ok(ButtonLine { request, offset, wiring })
    }

    fn send_presses(&self, presses: &Sender<Press>) -> Result<(), Error> {
        let mut button = Debouncer::new(SETTLE);
        // The kernel's time of the last edge and when it was read: its clock is not asked otherwise.
        let (mut edge_at, mut read) = (Duration::ZERO, Instant::now());
        let mut press = button.level(self.read()?, edge_at);
        loop {
            if press.take().is_some_and(|press| presses.send(press).is_err()) {
                return Ok(());
            }
            let wait =
                button.due().map_or(CHECK_INTERVAL, |due| due.saturating_sub(edge_at + read.elapsed()));
            press = if self.request.wait_edge_event(wait)? {
                let edge = self.request.read_edge_event()?;
                (edge_at, read) = (Duration::from_nanos(edge.timestamp_ns).max(edge_at), Instant::now());
                button.level(self.wiring.is_pressed_when(edge.kind == EdgeKind::Rising), edge_at)
            } else {
                // Edges of which nothing was heard are made up for here.
                button.level(self.read()?, edge_at + read.elapsed())
            };
        }
    }

    fn read(&self) -> Result<bool, Error> {
        Ok(self.wiring.is_pressed_when(self.request.value(self.offset)? == Value::Active))
    }
}

impl Button for ButtonLine {
    fn is_pressed(&self) -> Result<bool, GpioError> {
        let line = self.wiring.line;
        self.read().map_err(|error| GpioError::Failed { reason: format!("{line}: {error}") })
    }

    /// In a thread of its own.
    fn watch(self: Box<Self>) -> Result<Receiver<Press>, GpioError> {
        let (presses, received) = channel();
        let watching = move || {
            if let Err(error) = self.send_presses(&presses) {
                tracing::error!("the button cannot be watched any more: {error}");
            }
        };
        let thread = thread::Builder::new().name("button".into()).spawn(watching);
        thread.map_err(|error| GpioError::Failed { reason: error.to_string() })?;
        Ok(received)
    }
}
