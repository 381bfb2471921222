//! The button's line: read while nobody presses, and with `--press` watched until somebody does.

use std::io::Write;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use anyhow::{Result, bail};

use super::say;
use crate::gpio::button::Button;
use crate::gpio::{ActiveLevel, Backend, Board, ButtonWiring, GpioError, Pull};

/// How often the line is read.
const READS: usize = 32;
/// From one look to the next. A line that nothing holds follows the mains, whose 16.7 or 20 ms are no multiple of it.
const READ_INTERVAL: Duration = Duration::from_millis(7);
/// How long a person has to press.
pub const PRESS_TIMEOUT: Duration = Duration::from_secs(10);

/// What opens a button's line.
pub type OpenButton<'a> = &'a dyn Fn(ButtonWiring) -> Result<Box<dyn Button>, GpioError>;

/// Opens the line of a real button.
///
/// # Errors
/// [`GpioError`] says what keeps it from being read and what to do.
#[cfg(target_os = "linux")]
pub fn open(wiring: ButtonWiring) -> Result<Box<dyn Button>, GpioError> {
    Ok(Box::new(crate::gpio::button::ButtonLine::open(wiring)?))
}

/// Opens nothing: this system has no lines.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn open(wiring: ButtonWiring) -> Result<Box<dyn Button>, GpioError> {
    Err(GpioError::NoSuchLine { line: wiring.line })
}

/// Reads the button of a board while nobody presses and prints what is wrong; with `press`, then waits so long for
/// one press. `wait` is given the time between two looks.
///
/// # Errors
/// If the button cannot be used, no press came, or `out` cannot be written.
pub fn button(
    board: &Board,
    press: Option<Duration>,
    open: OpenButton<'_>,
    mut wait: impl FnMut(Duration),
    out: &mut impl Write,
) -> Result<()> {
    let Some(wiring) = board.button() else { return say(out, "button  this board has none") };
    let mut report = |words: &str| say(out, &format!("button  {:<7} {words}", wiring.line));
    if board.backend == Backend::Simulator {
        return report("simulated: nobody can press it");
    }
    let opened = open(wiring).and_then(|button| Ok((pressed_reads(&*button, &mut wait)?, button)));
    let (pressed, button) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            report(&error.to_string())?;
            bail!("the button cannot be read");
        }
    };
    match pressed {
        0 => report("is not pressed")?,
        READS => {
            report(&held(wiring))?;
            bail!("the button reads as pressed");
        }
        _ => {
            report(&floats(wiring))?;
            bail!("the button's line does not keep its level");
        }
    }
    let Some(patience) = press else { return Ok(()) };
    let presses = button.watch()?;
    report(&format!("press it now, within {} seconds", patience.as_secs()))?;
    match presses.recv_timeout(patience) {
        Ok(_) => report("was pressed: one press came"),
        Err(RecvTimeoutError::Timeout) => {
            report(
                "no press came: it is on another line than the board file says, a wire is loose, or it brings the line \
                 to the level at which `pull` holds it anyway",
            )?;
            bail!("no press of the button came");
        }
        Err(RecvTimeoutError::Disconnected) => bail!("the button cannot be watched any more"),
    }
}

/// At how many of [`READS`] it was pressed.
fn pressed_reads(button: &dyn Button, wait: &mut impl FnMut(Duration)) -> Result<usize, GpioError> {
    let mut pressed = 0;
    for _ in 0..READS {
        pressed += usize::from(button.is_pressed()?);
        wait(READ_INTERVAL);
    }
    Ok(pressed)
}

fn held(wiring: ButtonWiring) -> String {
    let (level, to, other) = match wiring.active {
        ActiveLevel::Low => ("low", "ground", "high"),
        ActiveLevel::High => ("high", "the supply", "low"),
    };
    format!(
        "reads as pressed ({level}): it is held down or stuck, its line has a short circuit to {to}, or `active` should \
         be \"{other}\"{}",
        pull(wiring)
    )
}

fn floats(wiring: ButtonWiring) -> String {
    format!(
        "changes its level: somebody pressed it just now (run this again), or a wire is loose{}",
        pull(wiring)
    )
}

/// What may be missing on the board: a resistor, or the whole button.
fn pull(wiring: ButtonWiring) -> String {
    let missing = match (wiring.pull, wiring.active) {
        (Pull::None, active) => {
            let away = if active == ActiveLevel::Low { "up" } else { "down" };
            format!(
                ", or nothing holds the line while nobody presses: add `pull = \"{away}\"` to it, or a resistor where \
                 the chip has none"
            )
        }
        (Pull::Up, ActiveLevel::High) => ", or `pull` should be \"down\"".to_owned(),
        (Pull::Down, ActiveLevel::Low) => ", or `pull` should be \"up\"".to_owned(),
        (Pull::Up, ActiveLevel::Low) | (Pull::Down, ActiveLevel::High) => String::new(),
    };
    format!("{missing}; if the board has no button, take the line out of its file")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::gpio::Line;
    use crate::gpio::button::{Debouncer, Press, SETTLE};
    use crate::ui::lights::BoardFile;

    /// A button whose levels are given, one a look; the last stays. Then those while it is watched, with their times in
    /// milliseconds.
    struct Simulated {
        at_rest: RefCell<Vec<bool>>,
        watched: Vec<(bool, u64)>,
    }

    impl Button for Simulated {
        fn is_pressed(&self) -> Result<bool, GpioError> {
            let mut levels = self.at_rest.borrow_mut();
            Ok(if levels.len() > 1 { levels.remove(0) } else { levels[0] })
        }

        fn watch(self: Box<Self>) -> Result<Receiver<Press>, GpioError> {
            let (presses, received) = channel();
            let mut debouncer = Debouncer::new(SETTLE);
            let came = self
                .watched
                .iter()
                .filter_map(|(level, at)| debouncer.level(*level, Duration::from_millis(*at)));
            came.for_each(|press| presses.send(press).expect("received"));
            // It is watched for as long as the test runs.
            std::mem::forget(presses);
            Ok(received)
        }
    }

    const LEDS: &str = "name = 'x'\nbackend = 'gpiocdev'\n[lines]\nred = { line = 'A1', active = 'high' }\n\
                        yellow = { line = 'A2', active = 'high' }\ngreen = { line = 'A3', active = 'high' }\n";

    fn board(button: &str) -> Board {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), format!("{LEDS}{button}")).expect("written");
        BoardFile::find(file.path().to_str().expect("UTF-8")).expect("a board").board
    }

    /// What is said of a button, and why the self-test fails, if it does.
    fn said(wiring: &str, press: bool, open: OpenButton<'_>) -> (String, String) {
        let mut out = Vec::new();
        let done = button(&board(wiring), press.then_some(Duration::ZERO), open, |_| (), &mut out);
        let failed = done.err().map(|error| error.to_string()).unwrap_or_default();
        (String::from_utf8(out).expect("UTF-8"), failed)
    }

    fn tested(wiring: &str, press: bool, at_rest: &[bool], watched: &[(bool, u64)]) -> (String, String) {
        said(wiring, press, &|_| {
            Ok(Box::new(Simulated { at_rest: RefCell::new(at_rest.to_vec()), watched: watched.to_vec() }))
        })
    }

    const TO_GROUND: &str = "button = { line = 'GPIO24', active = 'low', pull = 'up' }";

    #[test]
    fn a_button_that_nobody_presses_is_well() {
        let (said, failed) = tested(TO_GROUND, false, &[false], &[]);
        assert_eq!((said.as_str(), failed.as_str()), ("button  GPIO24  is not pressed\n", ""));
    }

    #[test]
    fn a_button_that_reads_as_pressed_is_told_with_what_it_can_be() {
        for (wiring, words) in [
            (
                TO_GROUND,
                "(low): it is held down or stuck, its line has a short circuit to ground, or `active` should be \"high\"; if",
            ),
            (
                "button = { line = 'A4', active = 'low' }",
                "be \"high\", or nothing holds the line while nobody presses: add `pull = \"up\"`",
            ),
            (
                "button = { line = 'A4', active = 'high' }",
                "(high): it is held down or stuck, its line has a short circuit to the supply",
            ),
            (
                "button = { line = 'A4', active = 'high' }",
                "be \"low\", or nothing holds the line while nobody presses: add `pull = \"down\"`",
            ),
            (
                "button = { line = 'A4', active = 'low', pull = 'down' }",
                ", or `pull` should be \"up\"; if the board has no button",
            ),
            ("button = { line = 'A4', active = 'high', pull = 'up' }", ", or `pull` should be \"down\"; if"),
        ] {
            let (said, failed) = tested(wiring, true, &[true], &[]);
            assert!(said.contains("reads as pressed") && said.contains(words), "{said}");
            assert!(!said.contains("press it now"), "{said}");
            assert_eq!(failed, "the button reads as pressed");
        }
    }

    #[test]
    fn a_line_that_nothing_holds_is_told_by_its_changes() {
        let (said, failed) =
            tested("button = { line = 'A4', active = 'low' }", false, &[false, false, true, false], &[]);
        assert!(
            said.contains("changes its level: somebody pressed it") && said.contains("`pull = \"up\"`"),
            "{said}"
        );
        assert_eq!(failed, "the button's line does not keep its level");
    }

    #[test]
    fn a_line_that_cannot_be_opened_is_told_with_its_reason() {
        let line = Line::try_from("GPIO24".to_owned()).expect("a name");
        for (error, words) in [
            (
                GpioError::NoPermission { device: "/dev/gpiochip0".into() },
                "/dev/gpiochip0: no permission; add the user",
            ),
            (
                GpioError::InUse { line: "GPIO24".into(), by: "gpio-keys".into() },
                "GPIO24: in use by gpio-keys; stop it",
            ),
            (GpioError::NoSuchLine { line }, "GPIO24: this machine has no such line"),
        ] {
            let (said, failed) = said(TO_GROUND, true, &|_| Err(error.clone()));
            assert!(said.starts_with("button  GPIO24  ") && said.contains(words), "{said}");
            assert_eq!(failed, "the button cannot be read");
        }
    }

    #[test]
    fn a_press_that_bounces_is_one_that_came() {
        let bouncing = [(true, 0), (false, 3), (true, 5), (true, 40), (false, 300)];
        let (said, failed) = tested(TO_GROUND, true, &[false], &bouncing);
        assert!(said.ends_with("button  GPIO24  was pressed: one press came\n"), "{said}");
        assert_eq!(failed, "");
    }

    #[test]
    fn a_press_that_does_not_come_is_told_and_a_touch_is_none() {
        for watched in [&[][..], &[(true, 0), (false, 20), (false, 90)]] {
            let (said, failed) = tested(TO_GROUND, true, &[false], watched);
            assert!(
                said.contains("press it now") && said.contains("no press came: it is on another line"),
                "{said}"
            );
            assert_eq!(failed, "no press of the button came");
        }
    }

    #[test]
    fn a_board_without_a_button_and_one_that_is_simulated_say_so() {
        let never: OpenButton<'_> = &|_| panic!("opened");
        assert_eq!(said("", true, never), ("button  this board has none\n".into(), String::new()));
        let mut out = Vec::new();
        button(&BoardFile::find("sim").expect("sim").board, Some(PRESS_TIMEOUT), never, |_| (), &mut out)
            .expect("nothing to press");
        assert_eq!(String::from_utf8_lossy(&out), "button  GPIO24  simulated: nobody can press it\n");
    }
}
