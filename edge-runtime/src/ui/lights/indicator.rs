//! Plays a signal's pattern while the caller does something else, and a fault when the caller is silent for too long.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::error;

use super::loop_watch::LoopWatch;
use super::panel::{Panel, SharedPanel, lock};
use super::{BoardFile, Patterns, SignalOutput, open};
use crate::gpio::{Backend, GpioError};
use crate::status::{Signal, SilenceLimits};

/// From one look whether the loop lives to the next, at most: it may begin to be watched while the thread waits.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The lights of a board, played by a thread of their own. Everything is off when it is dropped.
pub struct Indicator {
    orders: Option<Sender<Signal>>,
    thread: Option<JoinHandle<()>>,
    panel: SharedPanel,
    watch: LoopWatch,
    described: Described,
}

/// The patterns of a simulated board, which are then written to the standard error.
#[derive(Clone)]
struct Described(Option<Patterns>);

impl Described {
    fn write(&self, signal: Signal) {
        if let Some(patterns) = &self.0 {
            // Not eprintln!, which panics where the standard error is closed.
            let _ = writeln!(std::io::stderr(), "lights: {signal}: {}", patterns.of(signal));
        }
    }
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
        let described = Described(simulated.then(|| patterns.clone()));
        let (orders, received) = mpsc::channel();
        let (played, watch) = (panel.clone(), LoopWatch::default());
        let (watched, written) = (watch.clone(), described.clone());
        let thread = thread::Builder::new()
            .name("lights".into())
            .spawn(move || play(&played, patterns, &received, &watched, &written))
            .map_err(|error| GpioError::Failed { reason: error.to_string() })?;
        Ok(Indicator { orders: Some(orders), thread: Some(thread), panel, watch, described })
    }

    /// Watches the loop that orders the signals, from the first time that it says that it lives.
    #[must_use]
    pub fn watching(self, limits: SilenceLimits) -> Indicator {
        self.watch.set_limits(limits);
        self
    }
}

impl SignalOutput for Indicator {
    fn show(&self, signal: Signal) {
        self.described.write(signal);
        self.watch.ordered(Instant::now());
        if let Some(orders) = &self.orders {
            let _ = orders.send(signal);
        }
    }

    fn alive(&self) -> bool {
        self.watch.alive(Instant::now())
    }

    fn works_meanwhile(&self) {
        self.watch.works_meanwhile(Instant::now());
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

fn play(
    panel: &SharedPanel,
    patterns: Patterns,
    orders: &Receiver<Signal>,
    watch: &LoopWatch,
    described: &Described,
) {
    let start = Instant::now();
    let mut player = Player::new(patterns);
    loop {
        let wait = player.step(&mut lock(panel), start.elapsed());
        let wait = wait.into_iter().chain(watch.left(player.signal, Instant::now())).min();
        match orders.recv_timeout(wait.unwrap_or(LOOK_INTERVAL).min(LOOK_INTERVAL)) {
            Ok(signal) => player.show(signal, start.elapsed()),
            Err(RecvTimeoutError::Timeout) if watch.is_silent(player.signal, Instant::now()) => {
                if player.signal != Signal::Fault {
                    error!("the loop has not answered for too long while \"{}\" was shown", player.signal);
                    described.write(Signal::Fault);
                    player.show(Signal::Fault, start.elapsed());
                }
            }
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
    fn green_does_not_outlive_the_loop() {
        let (panel, recording) = simulated(Simulator::default());
        let limits = SilenceLimits { resting: ms(200), working: Duration::from_secs(600) };
        let indicator = Indicator::start(Arc::new(Mutex::new(panel)), Patterns::default()).expect("a thread");
        let indicator = indicator.watching(limits);
        assert!(indicator.alive());
        indicator.show(Signal::NoSign);
        let mut changes = recording.take();
        while !changes.contains(&(Part::Green, false)) {
            changes.extend(recording.take());
            thread::yield_now();
        }
        while !changes.contains(&(Part::Red, true)) {
            changes.extend(recording.take());
            thread::yield_now();
        }
        assert!(changes.contains(&(Part::Green, true)));
        assert!(!indicator.alive(), "the loop is told");
        indicator.show(Signal::Ready);
        assert!(indicator.alive());
        // Work may take longer.
        indicator.show(Signal::Busy);
        thread::sleep(ms(600));
        assert!(indicator.alive());
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
