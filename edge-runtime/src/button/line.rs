//! A button on a GPIO line, through the kernel's character device, which times every edge itself.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Offset, Value};
use gpiocdev::{Error, Request};

use super::debounce::{Debouncer, Press, SETTLE};
use crate::outputs::lights::{ActiveLevel, ButtonWiring, LightsError, Pull, gpiocdev as gpio};

/// From one look at the level to the next where no edge came: some controllers tell of none, and the kernel's queue of
/// them can overflow. Shorter than any press.
const LOOK: Duration = Duration::from_millis(100);

/// Watches a button in a thread of its own, for as long as the receiver lives.
///
/// # Errors
/// [`LightsError`] says what keeps the line from being watched and what to do.
pub fn watch(wiring: ButtonWiring) -> Result<Receiver<Press>, LightsError> {
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
    let (presses, received) = channel();
    let watched = Watched { request, offset, pressed_when_high: wiring.active == ActiveLevel::High };
    let watching = move || {
        if let Err(error) = watched.tell(&presses) {
            tracing::error!("the button cannot be watched any more: {error}");
        }
    };
    let thread = thread::Builder::new().name("button".into()).spawn(watching);
    thread.map_err(|error| LightsError::Failed { reason: error.to_string() })?;
    Ok(received)
}

struct Watched {
    request: Request,
    offset: Offset,
    pressed_when_high: bool,
}

impl Watched {
    fn tell(&self, presses: &Sender<Press>) -> Result<(), Error> {
        let mut button = Debouncer::new(SETTLE);
        // The kernel's time of the last edge and when it was read: its clock is not asked otherwise.
        let (mut edge_at, mut read) = (Duration::ZERO, Instant::now());
        let mut press = button.level(self.is_pressed()?, edge_at);
        loop {
            if press.take().is_some_and(|press| presses.send(press).is_err()) {
                return Ok(());
            }
            let wait = button.due().map_or(LOOK, |due| due.saturating_sub(edge_at + read.elapsed()));
            press = if self.request.wait_edge_event(wait)? {
                let edge = self.request.read_edge_event()?;
                (edge_at, read) = (Duration::from_nanos(edge.timestamp_ns).max(edge_at), Instant::now());
                button.level((edge.kind == EdgeKind::Rising) == self.pressed_when_high, edge_at)
            } else {
                // Edges of which nothing was heard are made up for here.
                button.level(self.is_pressed()?, edge_at + read.elapsed())
            };
        }
    }

    fn is_pressed(&self) -> Result<bool, Error> {
        Ok((self.request.value(self.offset)? == Value::Active) == self.pressed_when_high)
    }
}
