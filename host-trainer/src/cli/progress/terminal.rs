//! The terminal while the dashboard uses it: Ctrl-C must end the training, and the terminal must be usable afterwards,
//! whatever ends the program.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cancel::CancelToken;

/// Time limit for the thread of the dashboard to set the terminal up.
const SET_UP_WITHIN: Duration = Duration::from_secs(2);

/// Mouse reports off, the previous screen, the cursor.
const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// Exit status of a program that a signal ended: this plus the number of the signal.
const SIGNALLED: i32 = 128;

/// The effect of signals: with a dashboard, the first cancels the training and the second ends the program at once;
/// without one, the default effect.
static WATCHED: OnceLock<Arc<Mutex<Option<Watched>>>> = OnceLock::new();

struct Watched {
    before: Termios,
    cancel: CancelToken,
    signals: AtomicUsize,
}

/// A terminal that is watched until this is dropped.
pub(super) struct Terminal;

impl Terminal {
    /// Saves the state of the terminal and handles the signals.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn watch(cancel: CancelToken) -> std::io::Result<Self> {
        let watched = match WATCHED.get() {
            Some(watched) => watched,
            None => {
                let watched = WATCHED.get_or_init(Arc::default);
                let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
                std::thread::Builder::new()
                    .name("signals".to_owned())
                    .spawn(move || signals.forever().for_each(|signal| arrived(watched, signal)))?;
                watched
            }
        };
        let before = tcgetattr(std::io::stdin())?;
        set(watched, Some(Watched { before, cancel, signals: AtomicUsize::new(0) }));
        Ok(Terminal)
    }

    /// Lets Ctrl-C be a signal again. burn puts the terminal into raw mode in a thread of its own, in which Ctrl-C is
    /// a key like others, and ignores that key.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn let_ctrl_c_through(&self) -> std::io::Result<()> {
        let begun = Instant::now();
        loop {
            let mut now = tcgetattr(std::io::stdin())?;
            if !now.local_modes.contains(LocalModes::ICANON) {
                now.local_modes.insert(LocalModes::ISIG);
                tcsetattr(std::io::stdin(), OptionalActions::Now, &now)?;
                return Ok(());
            }
            if begun.elapsed() > SET_UP_WITHIN {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(watched) = WATCHED.get() {
            set(watched, None);
        }
    }
}

fn set(watched: &Mutex<Option<Watched>>, value: Option<Watched>) {
    // A poisoned lock means that a thread died in the few lines that hold it; the value is still complete.
    *watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = value;
}

fn arrived(watched: &Mutex<Option<Watched>>, signal: i32) {
    let watched = watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(watched) = &*watched else {
        // Cannot fail for signals that end a program.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        return;
    };
    watched.cancel.cancel();
    if watched.signals.fetch_add(1, Ordering::Relaxed) > 0 {
        // The program ends: an error could not be reported any more.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &watched.before);
        let _ = std::io::stdout().write_all(LEAVE);
        let _ = std::io::stdout().flush();
        std::process::exit(SIGNALLED + signal);
    }
}
