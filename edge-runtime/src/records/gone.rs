//! Which records have no image file any more, as one view of several tables.

use rusqlite::Connection;

const TABLE: &str = include_str!("no_result_image.sql");

/// The table of these files, where it is not there yet.
pub(super) fn make_table(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)
}

/// What this connection sees as `gone`: the records whose image is not kept. A store that this release has not written to yet
/// has no [`make_table`].
pub(super) fn make_view(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'no_result_image')";
    let others = match connection.query_row(sql, [], |row| row.get(0))? {
        true => " UNION ALL SELECT sequence FROM no_result_image WHERE kept = 0",
        false => "",
    };
    // In memory: the disk may be full.
    connection.execute_batch(&format!(
        "PRAGMA temp_store = memory; CREATE TEMP VIEW gone AS SELECT sequence FROM dropped{others}"
    ))
}
