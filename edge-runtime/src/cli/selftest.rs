//! `selftest`: the lights, the buzzer and the button of a board.

use std::io::Write;

use anyhow::Result;
use clap::Args;

use crate::commands::selftest;
use crate::ui::lights::{self, BoardFile, Indicator};

const SELFTEST_HELP: &str = "\
Examples:
  edge-runtime selftest --board pi4
  edge-runtime selftest --board pi4 --press
  edge-runtime selftest --board my-board.toml --signals

Only --press needs a person: otherwise the button is read while nobody presses it.

Exit status: 0 all lines follow and the button is not pressed (with --press: was pressed); 1 something is wrong, or the
lines cannot be opened: the reason is printed.";

/// The arguments of `selftest`.
#[derive(Args)]
#[command(after_help = SELFTEST_HELP)]
pub(super) struct SelftestArgs {
    /// The board: pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim, or a board file
    #[arg(long, value_name = "NAME|FILE.toml")]
    board: String,
    /// Then wait ten seconds for a press of the button, and say whether one came
    #[cfg(unix)]
    #[arg(long)]
    press: bool,
    /// Then show every signal with its meaning
    #[arg(long)]
    signals: bool,
}

pub(super) fn run(args: &SelftestArgs, out: &mut impl Write) -> Result<()> {
    let BoardFile { board, patterns } = BoardFile::find(&args.board)?;
    let panel = lights::open(board.clone())?;
    let lines = selftest::lines(&panel, std::thread::sleep, out);
    #[cfg(unix)]
    let lines = {
        use selftest::button::{PRESS_TIMEOUT, button, open};
        // Also where a light failed: one run reports everything that is wrong.
        let press = args.press.then_some(PRESS_TIMEOUT);
        lines.and(button(&board, press, &open, std::thread::sleep, out))
    };
    lines?;
    if args.signals {
        selftest::signals(&patterns, &Indicator::start(panel, patterns.clone())?, out)?;
    }
    Ok(())
}
