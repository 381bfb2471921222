//! A press of the button confirms a model on a stick.

use super::*;

/// A stick with a board in hand, a record and a button to press.
struct Confirmation {
    board: Board,
    press: Sender<Press>,
    presses: Option<Receiver<Press>>,
}

impl Confirmation {
    fn new(board: Board) -> Self {
        let (press, presses) = channel();
        Confirmation { board, press, presses: Some(presses) }
    }

    /// Waits for a first model with a button, until `act` has done what it does when the lights show a signal for the first
    /// time; gives the signals.
    fn wait(&mut self, act: impl Fn(&Self, Signal) + Sync) -> Vec<Signal> {
        let (shows, shown) = channel();
        let lights = SentLights(shows);
        let installed = InstalledModel::none_yet(self.board.store(), ENGINE, StickPolicy::Press);
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let options = stick(&self.board);
        let record = RecordStore::open(&self.board.device.store(), limits).unwrap();
        let presses = self.presses.take();
        let this = &*self;
        std::thread::scope(|scope| {
            let waits = scope.spawn(move || {
                FirstModelWait {
                    installed,
                    record,
                    stick: Box::new(StickInput::new(options, None)),
                    button: presses,
                    lights: &lights,
                    at_least: Duration::ZERO,
                    publisher: StatusPublisher::from_environment(),
                    lack: "no model".to_owned(),
                }
                .wait()
            });
            let mut all: Vec<Signal> = Vec::new();
            while let Ok(signal) = shown.recv_timeout(Duration::from_secs(60)) {
                if !all.contains(&signal) {
                    act(this, signal);
                }
                all.push(signal);
            }
            waits.join().unwrap().unwrap();
            all
        })
    }
}

const ENGINE: EngineOptions =
    EngineOptions { choice: EngineChoice::Auto, threads: std::num::NonZeroUsize::MIN };

/// Where the sticks of a board are.
fn stick(board: &Board) -> StickOptions {
    let at = |name: &str| board.device.at(name);
    StickOptions {
        under: vec![at("media")],
        table: at("table"),
        devices: at("devices"),
        every: Duration::from_millis(20),
        ..StickConfig::default().options()
    }
}

struct SentLights(Sender<Signal>);

impl SignalOutput for SentLights {
    fn show(&self, signal: Signal) {
        let _ = self.0.send(signal);
    }

    fn hold(&self, _time: Duration) {}
}

#[test]
fn a_press_confirms_a_model_and_one_from_before_does_not() {
    let board = Board::without_a_model();
    let first = board.model("media/stick/first.onnx", 1, true);
    let mut confirmation = Confirmation::new(board);
    let signals = confirmation.wait(|this, signal| match signal {
        Signal::Fault => {
            this.press.send(Press).unwrap();
            this.board.device.plug(1);
        }
        Signal::ModelWaiting => {
            std::thread::sleep(Duration::from_millis(500));
            assert!(this.board.state().active().is_none(), "nobody pressed since it was shown");
            this.press.send(Press).unwrap();
        }
        _ => {}
    });
    let waits = signals.iter().position(|signal| *signal == Signal::ModelWaiting).unwrap();
    assert_eq!(signals[waits + 1..], [Signal::ModelFound, Signal::ModelInstalled]);
    assert_eq!(confirmation.board.active(), first);
}

#[test]
fn a_model_that_changed_before_the_press_is_refused_and_one_whose_stick_was_pulled_is_forgotten() {
    let board = Board::without_a_model();
    board.model("media/stick/first.onnx", 1, true);
    let mut confirmation = Confirmation::new(board);
    let signals = confirmation.wait(|this, signal| match signal {
        Signal::Fault => this.board.device.plug(1),
        Signal::ModelWaiting => {
            this.board.model("media/stick/first.onnx", 5, true);
            this.press.send(Press).unwrap();
        }
        Signal::ModelRefused => {
            assert!(this.board.state().active().is_none());
            this.board.device.unplug();
            this.board.install("media/stick/first.onnx");
        }
        _ => {}
    });
    assert!(!signals.contains(&Signal::ModelInstalled), "{signals:?}");
    assert!(confirmation.board.events().iter().any(|event| event.contains("held another model")));
}

#[test]
fn a_press_on_a_running_board_installs_the_model_that_waits() {
    let board = Board::new();
    let first = board.active();
    let second = board.model("media/stick/second.onnx", 3, true);
    board.device.write("media/stick/a.pgm", &picture(1));
    let ((press, presses), (shows, shown)) = (channel(), channel());
    let lights = SentLights(shows);
    let screener = Screener::load(&board.device.at("first.onnx")).unwrap();
    let mut daemon = Daemon::new(DaemonParts {
        store: RecordStore::open(
            &board.device.store(),
            StoreLimits { quota: None, keep_days: None, reserve: 0 },
        )
        .unwrap(),
        worker: Worker::start(screener, Duration::from_secs(60)).unwrap(),
        decoder: program::image_decoder(),
        model: ModelIdentity { hash: first.parse().unwrap(), threshold: 0.5 },
        installed: Some(InstalledModel::new(board.store(), ENGINE, StickPolicy::Press, first.clone())),
        inputs: vec![Box::new(StickInput::new(stick(&board), None))],
        lights: &lights,
        times: DisplayTimes { result: Duration::from_millis(1), at_least: Duration::ZERO },
        counters: Arc::default(),
        publisher: StatusPublisher::from_environment(),
        button: Some(presses),
        impaired: None,
    });
    board.device.plug(1);
    let (mut signals, mut ended) = (Vec::new(), Ok(()));
    for _ in 0..200 {
        // A press while something else is shown is for that.
        if !signals.contains(&Signal::ModelWaiting) {
            press.send(Press).unwrap();
        }
        ended = daemon.cycle();
        let new: Vec<Signal> = shown.try_iter().collect();
        if new.contains(&Signal::ModelWaiting) {
            assert_eq!(board.active(), first);
            press.send(Press).unwrap();
        }
        signals.extend(new);
        if ended.is_err() {
            break;
        }
    }
    assert!(matches!(ended, Err(Fault::Replaced)), "{ended:?} {signals:?}");
    assert_eq!(board.active(), second);
    let at = |signal| signals.iter().position(|shown| *shown == signal).unwrap();
    assert!(at(Signal::Suspected) < at(Signal::ModelWaiting), "{signals:?}");
    assert!(at(Signal::ModelWaiting) < at(Signal::ModelInstalled), "{signals:?}");
}
