//! A row of the records' database, some of whose columns somebody changed: it is read as a record or refused, and a
//! record that is written again is the same.

use edge_runtime::records::{Durations, Entry, Hash256, Origin, Outcome, Record, Timestamp, chain, rows};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Columns of a row.
const COLUMNS: usize = 15;

/// The bytes are changes: a column, a kind of value, a length, the value.
pub(super) fn check(bytes: &[u8]) {
    thread_local! {
        static DATABASE: Connection = database();
    }
    DATABASE.with(|database| {
        let mut row = good_row(database);
        let mut rest = bytes;
        while let [column, kind, length, behind @ ..] = rest {
            let (value, behind) = behind.split_at(behind.len().min(usize::from(*length)));
            row[usize::from(*column) % COLUMNS] = value_of(*kind, value);
            rest = behind;
        }
        insert(database, &row);
        let Ok(Ok(record)) = read(database) else { return };
        // What the chain takes for its first record is what would have been appended.
        if chain::check(None, &record).is_ok() {
            assert_eq!(chain::append(None, record.entry.clone()), record);
        }
        write(database, &record);
        assert_eq!(read(database).expect("a row").expect("a record"), record);
    });
}

fn value_of(kind: u8, bytes: &[u8]) -> Value {
    let mut eight = [0; 8];
    let length = bytes.len().min(8);
    eight[..length].copy_from_slice(&bytes[..length]);
    match kind % 5 {
        0 => Value::Null,
        1 => Value::Integer(i64::from_le_bytes(eight)),
        2 => Value::Real(f64::from_le_bytes(eight)),
        3 => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        _ => Value::Blob(bytes.to_vec()),
    }
}

/// The table without its rules, as somebody with the file can make it.
fn database() -> Connection {
    let database = Connection::open_in_memory().expect("a database");
    database.execute_batch(&format!("CREATE TABLE record ({})", rows::COLUMNS)).expect("a table");
    database
}

/// The columns of a record that is as it should be.
fn good_row(database: &Connection) -> Vec<Value> {
    let entry = Entry {
        image_id: Hash256::of(b"image"),
        bytes: 5,
        origin: Origin::Stick,
        recorded: Timestamp { unix_ms: 1_795_459_341_500, trusted: true },
        model: Hash256::of(b"model"),
        threshold: 0.5,
        outcome: Outcome::no_result("blurred"),
        durations: Durations { intake_us: 1500, screening_us: 42_000 },
    };
    write(database, &chain::append(None, entry));
    let all = format!("SELECT {} FROM record", rows::COLUMNS);
    let columns = |row: &rusqlite::Row<'_>| (0..COLUMNS).map(|at| row.get(at)).collect();
    database.query_row(&all, [], columns).expect("a row")
}

fn write(database: &Connection, record: &Record) {
    database.execute("DELETE FROM record", []).expect("an empty table");
    rows::insert(database, record).expect("a record can be written");
}

fn insert(database: &Connection, row: &[Value]) {
    database.execute("DELETE FROM record", []).expect("an empty table");
    let places = vec!["?"; COLUMNS].join(", ");
    let sql = format!("INSERT INTO record ({}) VALUES ({places})", rows::COLUMNS);
    database.execute(&sql, params_from_iter(row)).expect("a row can be written");
}

fn read(database: &Connection) -> rusqlite::Result<Result<Record, edge_runtime::records::RecordStoreError>> {
    database.query_row(&format!("SELECT {} FROM record", rows::COLUMNS), [], rows::read)
}
