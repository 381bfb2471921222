//! Plays a signal's pattern while the caller does something else.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::panel::{Panel, SharedPanel, lock};
use super::{BoardFile, Patterns, SignalOutput, open};
use crate::gpio::{Backend, GpioError};
use crate::status::Signal;

/// The lights of a board, played by a thread of their own. Everything is off when it is dropped.
pub struct Indicator {
    orders: Option<Sender<Signal>>,
    thread: Option<JoinHandle<()>>,
    panel: SharedPanel,
    /// Set for a simulated board: its patterns are then written to the standard error.
    described: Option<Patterns>,
}

impl Indicator {
    /// Opens the lines of a board; all are off.
    ///
    /// # Errors
    /// [`GpioError`] says what keeps the lines from being driven and what to do.
    pub fn open(file: BoardFile) -> Result<Indicator, GpioError> {
        Indicator::start(open(file.board)?, file.patterns)
    }

    /// Plays on a panel that is open already.
    ///
    /// # Errors
    /// [`GpioError::Failed`] if the thread cannot be started.
    pub fn start(panel: SharedPanel, patterns: Patterns) -> Result<Indicator, GpioError> {
        let simulated = lock(&panel).board().backend == Backend::Simulator;
        let described = simulated.then(|| patterns.clone());
        let (orders, received) = mpsc::channel();
        let played = panel.clone();
        let thread = thread::Builder::new()
            .name("lights".into())
            .spawn(move || play(&played, patterns, &received))
            .map_err(|error| GpioError::Failed { reason: error.to_string() })?;
        Ok(Indicator { orders: Some(orders), thread: Some(thread), panel, described })
    }
}

impl SignalOutput for Indicator {
    fn show(&self, signal: Signal) {
        if let Some(patterns) = &self.described {
            // Not eprintln!, which panics where the standard error is closed.
            let _ = writeln!(std::io::stderr(), "lights: {signal}: {}", patterns.of(signal));
        }
        if let Some(orders) = &self.orders {
            let _ = orders.send(signal);
        }
    }

    fn hold(&self, time: Duration) {
        thread::sleep(time);
    }
}

impl Drop for Indicator {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        lock(&self.panel).darken();
    }
}

fn play(panel: &SharedPanel, patterns: Patterns, orders: &Receiver<Signal>) {
    let start = Instant::now();
    let mut player = Player::new(patterns);
    loop {
        let wait = player.step(&mut lock(panel), start.elapsed());
        let order = match wait {
            Some(wait) => orders.recv_timeout(wait),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(signal) => player.show(signal, start.elapsed()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Which signal is shown and since when. It has no clock: the time is given.
struct Player {
    patterns: Patterns,
    signal: Signal,
    since: Duration,
}

impl Player {
    fn new(patterns: Patterns) -> Self {
        Player { patterns, signal: Signal::Off, since: Duration::ZERO }
    }

    /// Shows a signal from `now` on.
    fn show(&mut self, signal: Signal, now: Duration) {
        (self.signal, self.since) = (signal, now);
    }

    /// Drives the levels of `now`; gives the time to the next change, `None` if there is none.
    fn step(&self, panel: &mut Panel, now: Duration) -> Option<Duration> {
        let pattern = self.patterns.of(self.signal);
        let (levels, wait) = pattern.at(now.saturating_sub(self.since));
        panel.drive(levels);
        wait
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::panel::tests::simulated;
    use super::*;
    use crate::gpio::{Change, Part, Simulator};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Plays from `from` to `to` as the thread would, with a clock that jumps from change to change.
    fn played(player: &Player, panel: &mut Panel, from: u64, to: u64) {
        let mut now = ms(from);
        while now < ms(to) {
            let Some(wait) = player.step(panel, now) else { return };
            assert!(wait > Duration::ZERO);
            now += wait;
        }
    }

    #[test]
    fn a_verdict_is_played_line_by_line() {
        let (mut panel, recording) = simulated(Simulator::default());
        let mut player = Player::new(Patterns::default());
        assert_eq!(player.step(&mut panel, ms(0)), None);
        assert_eq!(recording.take(), []);
        player.show(Signal::Suspected, ms(5_000));
        played(&player, &mut panel, 5_000, 6_000);
        let (red, buzz) = (Part::Red, Part::Buzzer);
        let expected: [Change; 7] = [
            (red, true),
            (buzz, true),
            (buzz, false),
            (buzz, true),
            (buzz, false),
            (buzz, true),
            (buzz, false),
        ];
        let changes = recording.take();
        assert_eq!(changes[..7], expected);
        assert_eq!(changes[7..], [(red, false)], "dark again after 0.7 s");
    }

    #[test]
    fn the_next_image_takes_the_last_verdict_away_and_no_result_never_lights_green() {
        let (mut panel, recording) = simulated(Simulator::default());
        let mut player = Player::new(Patterns::default());
        player.show(Signal::NoSign, ms(0));
        played(&player, &mut panel, 0, 50);
        player.show(Signal::Busy, ms(50));
        player.step(&mut panel, ms(50));
        let changes = recording.take();
        let (green, buzz) = (Part::Green, Part::Buzzer);
        assert!(changes.contains(&(green, true)));
        assert_eq!(changes[changes.len() - 2..], [(buzz, false), (Part::Yellow, true)]);
        assert_eq!(changes.iter().rfind(|(part, _)| *part == green), Some(&(green, false)));
        for signal in [Signal::NoResult, Signal::Fault, Signal::Busy, Signal::Ready, Signal::Suspected] {
            player.show(signal, ms(1_000));
            played(&player, &mut panel, 1_000, 61_000);
        }
        assert!(!recording.take().contains(&(green, true)));
    }

    #[test]
    fn an_indicator_is_dark_when_dropped() {
        let (panel, recording) = simulated(Simulator::default());
        let indicator = Indicator::start(Arc::new(Mutex::new(panel)), Patterns::default()).expect("a thread");
        indicator.show(Signal::Fault);
        drop(indicator);
        let changes = recording.take();
        for part in Part::ALL {
            let last = changes.iter().rfind(|(changed, _)| *changed == part);
            assert_eq!(last, Some(&(part, false)), "{part}");
        }
    }
}
