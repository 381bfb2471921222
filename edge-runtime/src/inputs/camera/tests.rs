//! The source with cameras of the test's own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

/// From scripts/oracle/camera.py.
const JPEG: &[u8] = include_bytes!("../../../tests/fixtures/camera/frame.jpg");

/// What comes of one shot.
type Answer = fn() -> Result<Frame, ShotError>;

/// What a camera does, shot by shot.
struct Played {
    there: AtomicBool,
    shots: Mutex<Vec<Answer>>,
}

/// A camera that several hold.
struct Shared(Arc<Played>);

impl CameraDevice for Shared {
    fn name(&self) -> String {
        "the camera".to_owned()
    }

    fn check(&self) -> Result<(), String> {
        if self.0.there.load(Ordering::SeqCst) { Ok(()) } else { Err("plug it in".to_owned()) }
    }

    fn shoot(&self) -> Result<Frame, ShotError> {
        let shot = self.0.shots.lock().expect("one at a time").pop();
        shot.map_or(Err(ShotError::Late), |shot| shot())
    }
}

struct Bench {
    played: Arc<Played>,
    camera: CameraInput,
    now: Instant,
}

impl Bench {
    fn new(shots: &[Answer]) -> Self {
        Bench::with(Duration::from_secs(60), shots)
    }

    fn with(deadline: Duration, shots: &[Answer]) -> Self {
        let shots = shots.iter().rev().copied().collect();
        let played = Arc::new(Played { there: AtomicBool::new(true), shots: Mutex::new(shots) });
        let second = Duration::from_secs(1);
        let options = CameraOptions { film: true, deadline, every: second };
        let camera = CameraInput::new(Box::new(Shared(played.clone())), options);
        Bench { played, camera, now: Instant::now() }
    }

    fn poll(&mut self) -> Result<InputEvent, InputError> {
        self.now += Duration::from_millis(100);
        self.camera.poll(self.now)
    }

    /// What comes of a press.
    fn press(&mut self) -> InputEvent {
        assert!(self.camera.press());
        let began = Instant::now();
        loop {
            match self.poll().expect("a camera") {
                InputEvent::Searching if began.elapsed() < Duration::from_secs(60) => {}
                other => return other,
            }
        }
    }
}

fn good() -> Result<Frame, ShotError> {
    Ok(Frame::Jpeg(JPEG.to_vec()))
}

#[test]
fn a_press_is_one_shot_that_says_that_it_shows_a_film() {
    let mut bench = Bench::new(&[good, good]);
    assert_eq!(bench.poll(), Ok(InputEvent::Nothing));
    let InputEvent::Image(arrival) = bench.press() else { panic!("no image") };
    assert!(arrival.awaited);
    assert_eq!(Ok(arrival.bytes.clone()), Frame::Jpeg(JPEG.to_vec()).encode(true));
    assert!(xray_intake::film::is_marked(&arrival.bytes));
    for _ in 0..20 {
        assert_eq!(bench.poll(), Ok(InputEvent::Nothing));
    }
    assert_eq!(bench.camera.origin(), Origin::Camera);
    assert!(matches!(bench.press(), InputEvent::Image(_)));
}

#[test]
fn presses_during_a_shot_are_the_same_press() {
    let slow: fn() -> _ = || {
        std::thread::sleep(Duration::from_millis(300));
        good()
    };
    let mut bench = Bench::new(&[slow, good]);
    assert!(bench.camera.press());
    assert_eq!(bench.poll(), Ok(InputEvent::Searching));
    assert!(bench.camera.press());
    let InputEvent::Image(_) = bench.press() else { panic!("no image") };
    assert_eq!(bench.poll(), Ok(InputEvent::Nothing));
    assert_eq!(bench.played.shots.lock().expect("free").len(), 1);
}

#[test]
fn a_shot_that_fails_is_said_and_the_next_one_is_taken() {
    let mut bench = Bench::new(&[
        || Err(ShotError::failed("starting", &"no such device")),
        || panic!("a driver that breaks the rules"),
        || Ok(Frame::Jpeg(vec![0xff, 0xd8])),
        || Err(ShotError::Late),
        good,
    ]);
    for code in ["camera-failed", "camera-failed", "camera-damaged", "camera-late"] {
        let InputEvent::Unreadable(refusal) = bench.press() else { panic!("{code}") };
        assert_eq!(refusal.code, code);
    }
    assert!(matches!(bench.press(), InputEvent::Image(_)));
}

#[test]
fn a_camera_that_is_unplugged_is_a_fault_until_it_returns() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.poll(), Ok(InputEvent::Nothing));
    bench.played.there.store(false, Ordering::SeqCst);
    let said = || InputError::Camera { camera: "the camera".into(), reason: "plug it in".into() };
    let polled: Vec<_> = (0..12).map(|_| bench.poll()).collect();
    assert!(polled.contains(&Ok(InputEvent::Nothing)), "it is not checked at all the time");
    assert_eq!(polled.last(), Some(&Err(said())));
    bench.played.there.store(true, Ordering::SeqCst);
    let polled: Vec<_> = (0..12).map(|_| bench.poll()).collect();
    assert_eq!(polled.first(), Some(&Err(said())));
    assert_eq!(polled.last(), Some(&Ok(InputEvent::Nothing)));
}

#[test]
fn a_camera_that_hangs_is_a_fault_and_gets_no_second_thread() {
    let hangs: fn() -> _ = || {
        std::thread::sleep(GRACE + Duration::from_secs(2));
        good()
    };
    let mut bench = Bench::with(Duration::ZERO, &[hangs]);
    let InputEvent::Unreadable(refusal) = bench.press() else { panic!("not late") };
    assert_eq!(refusal.code, "camera-late");
    assert!(bench.camera.press());
    let error = bench.poll().expect_err("hangs").to_string();
    assert!(error.contains("it hangs; unplug it"), "{error}");
    // It comes to itself; what it had taken is too late.
    let began = Instant::now();
    while bench.poll() != Ok(InputEvent::Nothing) {
        assert!(began.elapsed() < Duration::from_secs(60), "it hangs on");
        std::thread::sleep(Duration::from_millis(50));
    }
}
