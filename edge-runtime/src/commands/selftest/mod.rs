//! `selftest`: each line of a board on and off, one after another, read back; and its button.

#[cfg(unix)]
pub mod button;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::gpio::Backend;
use crate::status::Signal;
use crate::ui::lights::{Patterns, SharedPanel, SignalOutput, lock};

/// How long a part is on, and off after it.
const STEP: Duration = Duration::from_millis(600);
/// How long a signal is shown.
const SHOWN: Duration = Duration::from_secs(4);

/// Turns each part of the board on and off and prints what its line answered. What is connected to the line
/// cannot be known to the machine: a person must look and listen. `wait` is given the time
/// that each step takes.
///
/// # Errors
/// If a line does not follow, or `out` cannot be written.
pub fn lines(panel: &SharedPanel, mut wait: impl FnMut(Duration), out: &mut impl Write) -> Result<()> {
    let parts: Vec<_> = lock(panel).board().parts().collect();
    let mut wrong = 0;
    // One guard at a time: a second one in the same statement would wait for the first for ever.
    let name = lock(panel).board().name.clone();
    let backend = lock(panel).board().backend;
    let machines = lock(panel).board().machines.clone();
    let may_be_a_jetson = machines.is_empty() || machines.iter().any(|machine| machine.starts_with("NVIDIA"));
    say(out, &format!("board {name}: watch the lights and listen; each goes on once, in this order:"))?;
    for (part, wiring) in &parts {
        // The guard is let go before the wait: SIGTERM must be able to turn the part off.
        let on = lock(panel).try_part(*part, true);
        wait(STEP);
        let off = lock(panel).try_part(*part, false);
        wait(STEP);
        let verdict = match (on, off) {
            (true, true) => "its line follows: on and off".to_owned(),
            (false, true) => does_not(wiring.high_when(true)),
            (true, false) => does_not(wiring.high_when(false)),
            (false, false) => "its line does the reverse of what is written: report it".to_owned(),
        };
        wrong += usize::from(!(on && off));
        say(out, &format!("{part:<7} {:<7} {verdict}", wiring.line))?;
    }
    if wrong > 0 {
        bail!(
            "{wrong} of {} lines do not follow; the lights cannot be trusted until it is repaired",
            parts.len()
        );
    }
    say(
        out,
        "All lines follow. A light that stayed dark, or a buzzer that was silent, is broken, the wrong way \
         round, or on another line than the board file says; two that changed places are swapped there.",
    )?;
    if backend == Backend::Gpiocdev && may_be_a_jetson {
        // Tegra reads an output back from its register: the line follows whatever the pin does.
        say(
            out,
            "On a Jetson a light also stays dark if its pin is muxed to another function; no program can change \
             that while the machine runs. Look with `sudo /opt/nvidia/jetson-io/jetson-io.py`.",
        )?;
    }
    Ok(())
}

/// Shows every signal with its meaning, so that people learn them.
///
/// # Errors
/// If `out` cannot be written.
pub fn signals(patterns: &Patterns, lights: &dyn SignalOutput, out: &mut impl Write) -> Result<()> {
    for signal in Signal::ALL {
        say(out, &format!("{signal:<20} {}", patterns.of(signal)))?;
        lights.show(signal);
        lights.hold(SHOWN);
    }
    Ok(())
}

fn does_not(high: bool) -> String {
    let (wanted, read, to) = if high { ("high", "low", "ground") } else { ("low", "high", "the supply") };
    format!(
        "its line was driven {wanted} and reads {read}: a short circuit to {to}, or something else drives it; \
         unplug what hangs on it and run this again"
    )
}

fn say(out: &mut impl Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").and_then(|()| out.flush()).context("the result could not be written")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::gpio::{Part, Recording, Simulator};
    use crate::ui::lights::{BoardFile, Panel};

    fn tested(simulator: Simulator) -> (Result<()>, String, Recording, Duration) {
        let recording = simulator.recording();
        let panel = Panel::new(BoardFile::find("sim").expect("sim").board, Box::new(simulator));
        recording.take();
        let (mut out, mut took) = (Vec::new(), Duration::ZERO);
        let result = lines(&Arc::new(Mutex::new(panel)), |time| took += time, &mut out);
        (result, String::from_utf8(out).expect("UTF-8"), recording, took)
    }

    #[test]
    fn each_part_goes_on_and_off_once_in_order() {
        let (result, said, recording, took) = tested(Simulator::default());
        assert!(result.is_ok());
        let expected: Vec<_> = Part::ALL.into_iter().flat_map(|part| [(part, true), (part, false)]).collect();
        assert_eq!(recording.take()[..8], expected);
        assert_eq!(took, STEP * 8);
        assert!(said.contains("\nred     GPIO17  its line follows: on and off\n"), "{said}");
        assert!(said.contains("All lines follow."), "{said}");
    }

    #[test]
    fn a_line_that_does_not_follow_is_a_fault_in_words() {
        let simulator = Simulator::default().with_stuck(Part::Green, false).with_stuck(Part::Buzzer, true);
        let (result, said, ..) = tested(simulator);
        assert!(result.expect_err("a fault").to_string().starts_with("2 of 4 lines do not follow"));
        assert!(
            said.contains(
                "green   GPIO22  its line was driven high and reads low: a short circuit to ground"
            )
        );
        assert!(said.contains(
            "buzzer  GPIO23  its line was driven low and reads high: a short circuit to the supply"
        ));
        assert!(!said.contains("All lines follow"), "{said}");
    }
}
