//! The GPIO lines of any Linux board, through the kernel's character device: the kernel knows which program uses which
//! line.

use std::fs;
use std::path::{Path, PathBuf};

use ::gpiocdev::line::{Offset, Value};
use ::gpiocdev::{Chip, Error, Request};

use super::board::Board;
use super::wiring::{Line, Part};
use super::{GpioError, GpioOutputs};

/// Permission denied.
const EACCES: i32 = 13;

/// The name of this program in `gpioinfo`.
pub(super) const CONSUMER: &str = "edge-runtime";

/// The open lines. The kernel takes them back when the process ends, however it ends; their level then depends on the
/// chip and on the resistors of the board.
pub(super) struct CharacterDevice {
    lines: Vec<(Part, Offset, Request)>,
}

impl CharacterDevice {
    /// Opens the board's lines, all parts off from the start.
    ///
    /// # Errors
    /// Every variant of [`GpioError`] but [`GpioError::NoSafeState`].
    pub(super) fn open(board: &Board) -> Result<Self, GpioError> {
        board.check_machine(&machine())?;
        let mut lines = Vec::new();
        for (part, wiring) in board.parts() {
            let (chip, offset) = find_free(wiring.line)?;
            let mut builder = Request::builder();
            builder.on_chip(&chip).with_consumer(CONSUMER).with_line(offset);
            builder.as_output(value(wiring.high_when(false)));
            let request = builder.request().map_err(|error| explain(&error, wiring.line, &chip))?;
            lines.push((part, offset, request));
        }
        Ok(CharacterDevice { lines })
    }
}

impl GpioOutputs for CharacterDevice {
    fn drive(&mut self, part: Part, high: bool) {
        for (_, offset, request) in self.lines.iter().filter(|(of, ..)| *of == part) {
            // It fails only if the chip itself went away; the self-test reads the level back.
            let _ = request.set_value(*offset, value(high));
        }
    }

    fn is_high(&self, part: Part) -> bool {
        let mut lines = self.lines.iter().filter(|(of, ..)| *of == part);
        lines.any(|(_, offset, request)| request.value(*offset).is_ok_and(|level| level == Value::Active))
    }
}

fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

/// What the machine calls itself; empty where it does not say.
fn machine() -> String {
    let model = fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    model.trim_end_matches('\0').to_owned()
}

/// Where a line is that nothing else has.
pub(super) fn find_free(line: Line) -> Result<(PathBuf, Offset), GpioError> {
    let failed = |reason: String| GpioError::Failed { reason };
    let chips = ::gpiocdev::chip::chips().map_err(|error| failed(error.to_string()))?;
    let mut found = Vec::new();
    for path in chips {
        let explained = |error: Error| explain(&error, line, &path);
        let chip = Chip::from_path(&path).map_err(explained)?;
        let about = chip.info().map_err(explained)?;
        let info = match line.chip_and_offset() {
            Some((label, offset)) if label == about.label && offset < about.num_lines => {
                Some(chip.line_info(offset).map_err(explained)?)
            }
            Some(_) => None,
            None => chip.find_line_info(line.name()),
        };
        found.extend(info.map(|info| (path.clone(), info)));
    }
    match found.len() {
        0 => Err(GpioError::NoSuchLine { line }),
        1 => {
            let (path, info) = found.swap_remove(0);
            if info.used {
                let by = if info.consumer.is_empty() { "the kernel".to_owned() } else { info.consumer };
                return Err(GpioError::InUse { line: line.to_string(), by });
            }
            Ok((path, info.offset))
        }
        _ => Err(failed(format!("{line} is on more than one chip; write it as LABEL:NUMBER"))),
    }
}

/// What the kernel's refusal means and what to do.
pub(super) fn explain(error: &Error, line: Line, chip: &Path) -> GpioError {
    match error {
        Error::Os(errno) if errno.0 == EACCES => {
            GpioError::NoPermission { device: chip.display().to_string() }
        }
        _ => GpioError::Failed { reason: format!("{line} on {}: {error}", chip.display()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orin() -> Board {
        crate::gpio::board::tests::board("jetson-orin-nano")
    }

    #[test]
    fn a_board_file_is_for_its_machines() {
        for machine in
            ["NVIDIA Jetson Orin Nano Developer Kit", "NVIDIA Jetson Orin NX Engineering Reference"]
        {
            assert_eq!(orin().check_machine(machine), Ok(()), "{machine}");
        }
        let pi4 = crate::gpio::board::tests::board("pi4");
        for machine in [
            "Raspberry Pi 4 Model B Rev 1.5",
            "Raspberry Pi 400 Rev 1.0",
            "Raspberry Pi Compute Module 4 Rev 1.1",
        ] {
            assert_eq!(pi4.check_machine(machine), Ok(()), "{machine}");
        }
        assert!(pi4.check_machine("Raspberry Pi 5 Model B Rev 1.0").is_err());
        for machine in ["NVIDIA Jetson Nano Developer Kit", "Raspberry Pi 5 Model B Rev 1.0", ""] {
            let error = orin().check_machine(machine).expect_err(machine).to_string();
            assert!(error.starts_with("board jetson-orin-nano: this machine is a "), "{error}");
        }
    }

    #[test]
    fn a_machine_without_the_line_says_so() {
        let line = Line::try_from("no-machine-has-this".to_owned()).expect("a name");
        assert_eq!(find_free(line), Err(GpioError::NoSuchLine { line }));
    }

    #[test]
    fn what_the_kernel_says_becomes_what_to_do() {
        let line = orin().wiring(Part::Red).expect("red").line;
        let said = |number: i32| {
            let error = Error::from(std::io::Error::from_raw_os_error(number));
            explain(&error, line, Path::new("/dev/gpiochip0")).to_string()
        };
        assert!(said(EACCES).starts_with("/dev/gpiochip0: no permission; add the user to the group gpio"));
        let no_such_device = 6;
        assert!(
            said(no_such_device).starts_with("the GPIO lines could not be opened: PQ.05 on /dev/gpiochip0: ")
        );
    }
}
