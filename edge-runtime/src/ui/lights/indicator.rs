//! Plays a signal's pattern while the caller does something else.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Backend, Board, LightsError, Panel, Patterns, SharedPanel, Shown, Signal, lock, open};

/// What signals are shown on.
pub trait Show {
    /// Shows a signal from now on; returns at once.
    fn show(&self, signal: Signal);
    /// Shows a signal from now on and says whose it is, where this can tell; returns at once.
    fn tell(&self, shown: Shown) {
        self.show(shown.signal);
    }
    /// Gives people this long to see it.
    fn hold(&self, time: Duration);
}

/// A device without lights.
pub struct Dark;

impl Show for Dark {
    fn show(&self, _signal: Signal) {}
    fn hold(&self, _time: Duration) {}
}

/// The lights of a board, played by a thread of their own. Everything is off when it is dropped.
pub struct Indicator {
    orders: Option<Sender<Signal>>,
    thread: Option<JoinHandle<()>>,
    panel: SharedPanel,
    /// Where nothing lights, what would is told in words.
    told: Option<Patterns>,
}

impl Indicator {
    /// Opens the lines of a board; all are off.
    ///
    /// # Errors
    /// [`LightsError`] says what keeps the lines from being driven and what to do.
    pub fn open(board: Board) -> Result<Indicator, LightsError> {
        Indicator::start(open(board)?)
    }

    /// Plays on a panel that is open already.
    ///
    /// # Errors
    /// [`LightsError::Failed`] if the thread cannot be started.
    pub fn start(panel: SharedPanel) -> Result<Indicator, LightsError> {
        let board = lock(&panel).board().clone();
        let told = (board.backend == Backend::Simulator).then(|| board.patterns().clone());
        let (orders, received) = mpsc::channel();
        let played = panel.clone();
        let thread = thread::Builder::new()
            .name("lights".into())
            .spawn(move || play(&played, &received))
            .map_err(|error| LightsError::Failed { reason: error.to_string() })?;
        Ok(Indicator { orders: Some(orders), thread: Some(thread), panel, told })
    }
}

impl Show for Indicator {
    fn show(&self, signal: Signal) {
        if let Some(patterns) = &self.told {
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

fn play(panel: &SharedPanel, orders: &Receiver<Signal>) {
    let start = Instant::now();
    let mut player = Player::default();
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
    signal: Signal,
    since: Duration,
}

impl Default for Player {
    fn default() -> Self {
        Player { signal: Signal::Off, since: Duration::ZERO }
    }
}

impl Player {
    /// Shows a signal from `now` on.
    fn show(&mut self, signal: Signal, now: Duration) {
        (self.signal, self.since) = (signal, now);
    }

    /// Drives what is to be seen at `now`; gives the time to the next change, `None` if there is none.
    fn step(&self, panel: &mut Panel, now: Duration) -> Option<Duration> {
        let pattern = panel.board().patterns().of(self.signal);
        let (levels, wait) = pattern.at(now.saturating_sub(self.since));
        panel.drive(levels);
        wait
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::simulator::{Change, Simulator};
    use super::super::tests::simulated;
    use super::super::wiring::Part;
    use super::*;

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
        let mut player = Player::default();
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
        let mut player = Player::default();
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
        let indicator = Indicator::start(Arc::new(Mutex::new(panel))).expect("a thread");
        indicator.show(Signal::Fault);
        drop(indicator);
        let changes = recording.take();
        for part in Part::ALL {
            let last = changes.iter().rfind(|(changed, _)| *changed == part);
            assert_eq!(last, Some(&(part, false)), "{part}");
        }
    }
}
