//! Prints what each signal looks like on a board.
//!
//! ```sh
//! cargo run --release -p edge-runtime --example show_patterns -- pi4
//! ```

use anyhow::{Context, Result};
use edge_runtime::status::Signal;
use edge_runtime::ui::lights::BoardFile;

fn main() -> Result<()> {
    let board = std::env::args().nth(1).context("usage: show_patterns NAME|FILE.toml")?;
    let file = BoardFile::find(&board)?;
    for signal in Signal::ALL {
        println!("{signal:<20} {}", file.patterns.of(signal));
    }
    Ok(())
}
