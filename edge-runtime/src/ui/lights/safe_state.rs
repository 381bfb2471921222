//! Lights are off when the process ends, also when a signal ends it.

use std::sync::{Arc, Mutex, Weak};

#[cfg(unix)]
use super::panel::lock;
use super::panel::{Panel, SharedPanel};
use crate::gpio::{self, Board, GpioError};

/// Opens the lines of a board, all off, and turns them off when a signal ends the process.
///
/// # Errors
/// [`GpioError`] says what keeps the lines from being driven and what to do.
pub fn open(board: Board) -> Result<SharedPanel, GpioError> {
    // Before the first line is driven: a signal that comes between the two is not lost.
    let ending = catch_ending()?;
    let lights = gpio::open(&board)?;
    let panel = Arc::new(Mutex::new(Panel::new(board, lights)));
    darken_at_the_end(Arc::downgrade(&panel), ending)?;
    Ok(panel)
}

#[cfg(unix)]
fn catch_ending() -> Result<signal_hook::iterator::Signals, GpioError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])
        .map_err(|error| GpioError::NoSafeState { reason: error.to_string() })
}

#[cfg(unix)]
fn darken_at_the_end(
    panel: Weak<Mutex<Panel>>,
    mut ending: signal_hook::iterator::Signals,
) -> Result<(), GpioError> {
    let watch = move || {
        for signal in ending.forever() {
            let panel = panel.upgrade();
            // The lock is kept until the process is gone: nothing can turn a light on again.
            let mut held = panel.as_ref().map(lock);
            if let Some(panel) = &mut held {
                panel.darken();
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    let thread = std::thread::Builder::new().name("lights-off".into()).spawn(watch);
    thread.map(drop).map_err(|error| GpioError::NoSafeState { reason: error.to_string() })
}

#[cfg(not(unix))]
fn catch_ending() -> Result<(), GpioError> {
    Ok(())
}

#[cfg(not(unix))]
fn darken_at_the_end(_panel: Weak<Mutex<Panel>>, _ending: ()) -> Result<(), GpioError> {
    Ok(())
}
