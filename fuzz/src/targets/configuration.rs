//! The configuration and a board file: what is read and written again as TOML says the same.

use std::sync::LazyLock;

use edge_runtime::config::Config;
use edge_runtime::ui::lights::BoardFile;

use crate::scratch::Scratch;

static FOLDER: LazyLock<Scratch> = LazyLock::new(Scratch::new);

pub(super) fn check(bytes: &[u8]) {
    let read = |bytes: &[u8]| Config::read(&FOLDER.write("config.toml", bytes));
    let Ok(config) = read(bytes) else { return };
    assert_eq!(read(&rewritten(bytes)).as_ref(), Ok(&config));
}

pub(super) fn check_board_file(bytes: &[u8]) {
    let read =
        |bytes: &[u8]| BoardFile::find(FOLDER.write("board.toml", bytes).to_str().expect("a path of ASCII"));
    let Ok(board) = read(bytes) else { return };
    assert_eq!(read(&rewritten(bytes)).as_ref(), Ok(&board));
}

/// The same table as another program would write it.
fn rewritten(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("it was read as text");
    let table: toml::Table = text.parse().expect("it was read as TOML");
    toml::to_string(&table).expect("a table can be written").into_bytes()
}
