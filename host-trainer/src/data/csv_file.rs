//! CSV files as people have them: told what is wrong with one that a spreadsheet saved differently.

use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use unicode_normalization::UnicodeNormalization;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 512 << 20;

/// A CSV file in memory.
#[derive(Debug)]
pub(super) struct CsvFile {
    /// The names in the first line.
    pub headers: Vec<String>,
    /// The other lines, each with its number, from 1.
    pub rows: Vec<(u64, StringRecord)>,
}

impl CsvFile {
    /// Reads a file whose first line names the columns. `columns` are those that are looked for, for the message if there is
    /// none of them.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(file: &Path, columns: &[&str]) -> Result<CsvFile, String> {
        let text = text(file)?;
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
        let headers = headers(&mut reader, columns)?;
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| format!("cannot be read: {error}"))?;
            rows.push((row.position().map_or(0, csv::Position::line), row));
        }
        Ok(CsvFile { headers, rows })
    }

    /// The number of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }

    /// As [`CsvFile::column`], whatever the case of letters.
    pub fn column_in_any_case(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header.eq_ignore_ascii_case(name))
    }
}

/// A path as it is compared: `/` between folders, letters composed (a Mac writes `é` as `e` and an accent).
pub(super) fn comparable(path: &str) -> String {
    path.replace('\\', "/").nfc().collect()
}

fn text(file: &Path) -> Result<String, String> {
    let size =
        std::fs::metadata(file).map_err(|error| format!("cannot be read: {error}; check its path"))?.len();
    if size > MAX_BYTES {
        return Err(format!(
            "has {size} bytes, more than the {MAX_BYTES} that are read; is it the right file?"
        ));
    }
    let bytes = std::fs::read(file).map_err(|error| format!("cannot be read: {error}; check its path"))?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(
            "is in UTF-16, which spreadsheets call \"Unicode text\"; save it as \"CSV UTF-8\"".to_owned()
        );
    }
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    // Behind a line that ends with both, the reader counts the second one to the next line.
    let one_end = |text: String| text.replace("\r\n", "\n");
    String::from_utf8(bytes[start..].to_vec()).map(one_end).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not in UTF-8; save the file as \"CSV UTF-8\"")
    })
}

fn headers(reader: &mut Reader<&[u8]>, columns: &[&str]) -> Result<Vec<String>, String> {
    let headers = reader.headers().map_err(|error| format!("cannot be read: {error}"))?;
    let headers: Vec<String> = headers.iter().map(str::to_owned).collect();
    let wanted = columns.join(",");
    if let [one] = headers.as_slice() {
        for (separator, name) in [(';', "semicolons"), ('\t', "tabs")] {
            if one.contains(separator) {
                return Err(format!(
                    "has {name} between its columns, as spreadsheets write in some countries; save it with commas: {wanted}"
                ));
            }
        }
    }
    Ok(headers)
}

/// The column `name`, which must be spelt so.
///
/// # Errors
/// What to write in the first line.
pub(super) fn needed(csv: &CsvFile, name: &str, columns: &[&str]) -> Result<usize, String> {
    csv.column(name).ok_or_else(|| {
        let wanted = columns.join(",");
        match csv.column_in_any_case(name).map(|at| &csv.headers[at]) {
            Some(other) => {
                format!("no column {name}, but {other}; write the names in small letters: {wanted}")
            }
            None => format!("no column {name}; the first line must name {wanted}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 2] = ["path", "role"];

    fn read(bytes: &[u8]) -> Result<CsvFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        std::fs::write(&file, bytes).unwrap();
        let csv = CsvFile::read(&file, &COLUMNS)?;
        needed(&csv, "role", &COLUMNS)?;
        Ok(csv)
    }

    #[test]
    fn a_byte_order_mark_other_ends_of_lines_and_quotes_are_read() {
        let csv = read(b"\xef\xbb\xbfpath,role\r\n\"a, \"\"b\"\"\",val\r\nc,test\r\n").unwrap();
        assert_eq!(csv.headers, ["path", "role"]);
        assert_eq!(
            csv.rows.iter().map(|(line, row)| (*line, &row[0], &row[1])).collect::<Vec<_>>(),
            [(2, "a, \"b\"", "val"), (3, "c", "test"),]
        );
    }

    #[test]
    fn what_spreadsheets_write_differently_is_named() {
        for (bytes, words) in [
            (&b"path;role\na;val\n"[..], "semicolons"),
            (b"path\trole\na\tval\n", "tabs"),
            (b"\xff\xfep\0a\0", "UTF-16"),
            (b"Path,Role\na,val\n", "small letters"),
            (b"path\na\n", "must name path,role"),
            (b"path,role\n\xe9,val\n", "line 2 is not in UTF-8"),
            (b"path,role\na\n", "cannot be read"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(words), "{error}\nlacks: {words}");
        }
    }

    #[test]
    fn letters_are_composed() {
        assert_eq!(comparable("train\\e\u{301}.png"), "train/\u{e9}.png");
    }
}
