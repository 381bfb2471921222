//! The GPIO lines of a Raspberry Pi 3, 4 or 5, driven through rppal, which was retired on 2025-07-01 and does not know
//! later boards. Only for board files with `backend = "rppal"`; the default is [`super::gpiocdev`].
//!
//! rppal writes the GPIO registers (`/dev/gpiomem`), past the kernel's bookkeeping of who has which line. So
//! the kernel is asked first, through `/dev/gpiochip*`, and two processes of this program exclude each other
//! by a lock on that device.

use std::fs::{File, TryLockError};
use std::io;

use ::rppal::gpio::{Error, Gpio, Mode, OutputPin};
use ::rppal::system::DeviceInfo;
use gpiocdev::Chip;

use super::board::Board;
use super::wiring::{Line, Part};
use super::{GpioError, GpioOutputs};

/// What the kernel calls the chips behind the header: Raspberry Pi 1 to 3, 4, and 5.
const HEADER_CHIPS: [&str; 3] = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"];

/// The open lines. They are left as outputs at the last level when it is dropped: a line that goes back to
/// input floats, and what hangs on it may light or sound.
pub(super) struct RaspberryPi {
    pins: Vec<(Part, OutputPin)>,
    /// Holds the lock.
    _chip: File,
}

impl RaspberryPi {
    /// Opens the board's lines, all parts off from the start.
    ///
    /// # Errors
    /// Every variant of [`GpioError`] but [`GpioError::NoSafeState`].
    pub(super) fn open(board: &Board) -> Result<Self, GpioError> {
        let machine =
            DeviceInfo::new().map_err(|_| GpioError::NotARaspberryPi { board: board.name.clone() })?;
        board.check_machine(&machine.model().to_string())?;
        let lock = check_lines(board)?;
        let gpio = Gpio::new().map_err(|error| explain(error, board, None))?;
        let mut taken = Vec::new();
        for (part, wiring) in board.parts() {
            let number = wiring.line.header_number().ok_or(GpioError::NoSuchLine { line: wiring.line })?;
            let pin = gpio.get(number).map_err(|error| explain(error, board, Some(wiring.line)))?;
            // A line that serves SPI, I2C or a serial port has one of the alternate functions.
            let mode = pin.mode();
            if !matches!(mode, Mode::Input | Mode::Output | Mode::Null) {
                return Err(in_use(wiring.line, format!("another function of the chip ({mode})")));
            }
            taken.push((part, wiring, pin));
        }
        let pins = taken.into_iter().map(|(part, wiring, pin)| {
            let off = wiring.high_when(false);
            let mut pin = if off { pin.into_output_high() } else { pin.into_output_low() };
            pin.set_reset_on_drop(false);
            (part, pin)
        });
        Ok(RaspberryPi { pins: pins.collect(), _chip: lock })
    }
}

impl GpioOutputs for RaspberryPi {
    fn drive(&mut self, part: Part, high: bool) {
        for (_, pin) in self.pins.iter_mut().filter(|(of, _)| *of == part) {
            pin.write(high.into());
        }
    }

    fn is_high(&self, part: Part) -> bool {
        self.pins.iter().any(|(of, pin)| *of == part && pin.is_set_high())
    }
}

/// Locks the chip behind the header and sees that nothing else has one of the board's lines.
fn check_lines(board: &Board) -> Result<File, GpioError> {
    let failed = |reason: String| GpioError::Failed { reason };
    for path in gpiocdev::chip::chips().map_err(|error| failed(error.to_string()))? {
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => GpioError::NoPermission { device: path.display().to_string() },
            _ => failed(format!("{}: {error}", path.display())),
        })?;
        let chip = Chip::from_path(&path).map_err(|error| failed(error.to_string()))?;
        let label = chip.info().map_err(|error| failed(error.to_string()))?.label;
        if !HEADER_CHIPS.contains(&label.as_str()) {
            continue;
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let by = "another process of edge-runtime".into();
                return Err(GpioError::InUse { line: path.display().to_string(), by });
            }
            Err(TryLockError::Error(error)) => return Err(failed(format!("{}: {error}", path.display()))),
        }
        for (_, wiring) in board.parts() {
            let absent = GpioError::NoSuchLine { line: wiring.line };
            let number = wiring.line.header_number().ok_or(absent.clone())?;
            let info = chip.line_info(number.into()).map_err(|_| absent)?;
            if info.used {
                let by = if info.consumer.is_empty() { "the kernel".into() } else { info.consumer };
                return Err(in_use(wiring.line, by));
            }
        }
        return Ok(file);
    }
    Err(failed("no /dev/gpiochip* of a Raspberry Pi's header was found".into()))
}

fn in_use(line: Line, by: String) -> GpioError {
    GpioError::InUse { line: line.to_string(), by }
}

fn explain(error: Error, board: &Board, line: Option<Line>) -> GpioError {
    match (error, line) {
        (Error::UnknownModel, _) => GpioError::NotARaspberryPi { board: board.name.clone() },
        (Error::PermissionDenied(device), _) => GpioError::NoPermission { device },
        (Error::Io(error), _) if error.kind() == io::ErrorKind::PermissionDenied => {
            GpioError::NoPermission { device: "/dev/gpiomem".into() }
        }
        (Error::PinUsed(_), Some(line)) => in_use(line, "this process itself".into()),
        (Error::PinNotAvailable(_), Some(line)) => GpioError::NoSuchLine { line },
        (error, _) => GpioError::Failed { reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pi4() -> Board {
        crate::gpio::board::tests::board("pi4")
    }

    #[test]
    fn a_machine_that_is_no_raspberry_pi_is_said_so() {
        if DeviceInfo::new().is_ok() {
            eprintln!("skipped: this machine is a Raspberry Pi");
            return;
        }
        let error = RaspberryPi::open(&pi4()).err().expect("no lights");
        assert_eq!(error, GpioError::NotARaspberryPi { board: "pi4".into() });
        assert!(error.to_string().contains("--board sim"), "{error}");
    }

    #[test]
    fn a_board_file_is_for_its_machines() {
        for machine in ["Raspberry Pi 4 B", "Raspberry Pi 400", "Raspberry Pi Compute Module 4S"] {
            assert_eq!(pi4().check_machine(machine), Ok(()), "{machine}");
        }
        let error = pi4().check_machine("Raspberry Pi 5").expect_err("another");
        assert_eq!(
            error.to_string(),
            "board pi4: this machine is a Raspberry Pi 5; give the board file that was written for it"
        );
    }

    #[test]
    fn what_rppal_says_becomes_what_to_do() {
        let line = pi4().wiring(Part::Red).expect("red").line;
        let explained = |error| explain(error, &pi4(), Some(line));
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        for (error, word) in [
            (Error::PermissionDenied("/dev/gpiomem".into()), "/dev/gpiomem: no permission; add the user"),
            (Error::Io(denied()), "/dev/gpiomem: no permission; add the user"),
            (Error::PinUsed(17), "GPIO17: in use by this process itself; stop it"),
            (Error::PinNotAvailable(17), "GPIO17: this machine has no such line; correct the board file ("),
            (Error::UnknownModel, "not a Raspberry Pi"),
            (Error::Io(io::ErrorKind::NotFound.into()), "check that /dev/gpiochip* and /dev/gpiomem* exist"),
        ] {
            let said = explained(error).to_string();
            assert!(said.contains(word), "{said}");
        }
    }
}
