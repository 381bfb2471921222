//! Chain heads on paper and in files: a record's number and hash stand for all records up to it, so whoever keeps a report
//! or an export can tell later whether the chain is still the same.

use serde::Deserialize;

use super::chain::ChainHead;
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::reader::RecordReader;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// The heads that a file names: each row of an export (CSV or JSON), and `NUMBER:HASH` wherever it stands in another file,
/// such as a report (HTML, DICOM) or what `records verify` printed. Sorted, each once.
pub fn heads_in(file: &[u8]) -> Vec<ChainHead> {
    let mut heads = match file.first() {
        _ if file.starts_with(b"sequence,") => of_csv(file),
        Some(b'{') => of_json(file),
        _ => Vec::new(),
    };
    if heads.is_empty() {
        heads = of_text(file);
    }
    heads.sort_unstable_by_key(|head| (head.sequence, head.hash));
    heads.dedup();
    heads
}

#[derive(Deserialize)]
struct Row {
    sequence: u64,
    hash: String,
}

impl Row {
    fn head(self) -> Option<ChainHead> {
        Some(ChainHead { sequence: self.sequence, hash: self.hash.parse().ok()? })
    }
}

fn of_csv(file: &[u8]) -> Vec<ChainHead> {
    csv::Reader::from_reader(file).deserialize::<Row>().filter_map(|row| row.ok()?.head()).collect()
}

fn of_json(file: &[u8]) -> Vec<ChainHead> {
    file.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Row>(line).ok()?.head())
        .collect()
}

/// By the colon between number and hash.
fn of_text(file: &[u8]) -> Vec<ChainHead> {
    let colons = file.iter().enumerate().filter(|(_, byte)| **byte == b':');
    colons.filter_map(|(at, _)| head_at(file, at)).collect()
}

fn head_at(file: &[u8], colon: usize) -> Option<ChainHead> {
    let behind = file.get(colon + 1..)?;
    let hash = std::str::from_utf8(behind.get(..DIGITS)?).ok()?.parse::<Hash256>().ok()?;
    if behind.get(DIGITS).is_some_and(u8::is_ascii_hexdigit) {
        return None;
    }
    let number = file[..colon].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let sequence = std::str::from_utf8(&file[colon - number..colon]).ok()?.parse().ok()?;
    Some(ChainHead { sequence, hash })
}

impl RecordReader {
    /// Those of `heads` that are not in this chain: the record of that number has another hash, or is not there. Whether
    /// records say what their hashes cover is for [`RecordReader::verify`].
    ///
    /// # Errors
    /// What the database says.
    pub fn missing(&self, heads: &[ChainHead]) -> Result<Vec<ChainHead>, RecordStoreError> {
        let mut missing = Vec::new();
        for head in heads {
            let there = self.database.hash_of(head.sequence)?;
            if there != Some(head.hash) {
                missing.push(*head);
            }
        }
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Appended;
    use super::super::entry::tests::entry;
    use super::super::export::{ExportFormat, Exporter};
    use super::super::store::{RecordStore, StoreLimits};
    use super::*;

    #[test]
    fn exports_and_reports_name_heads_and_those_of_another_chain_are_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let mut store = RecordStore::open(folder.path(), limits).expect("opened");
        let records = [b"a", b"b", b"c"].map(|bytes| {
            let Ok(Appended::New(record)) = store.append(entry(bytes), None) else { panic!("not new") };
            record
        });
        let all = records.each_ref().map(ChainHead::of);
        for format in [ExportFormat::Csv, ExportFormat::Json] {
            let mut file = Vec::new();
            let mut exporter = Exporter::new(format, &mut file).expect("begun");
            records.iter().for_each(|record| exporter.write(record).expect("written"));
            exporter.end().expect("ended");
            assert_eq!(heads_in(&file), all);
        }
        let [_, second, third] = all;
        let page = format!("<dd><code>{second}</code></dd>\0newest record {third}\n{third}");
        assert_eq!(heads_in(page.as_bytes()), [second, third]);
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert_eq!(reader.missing(&all), Ok(Vec::new()));
        let foreign = [
            ChainHead { sequence: 2, ..third },
            ChainHead { sequence: 4, ..third },
            ChainHead { sequence: u64::MAX, ..third },
        ];
        assert_eq!(reader.missing(&foreign), Ok(foreign.to_vec()));
    }

    #[test]
    fn what_is_no_head_is_none() {
        let hash = "0123456789abcdef".repeat(4);
        let digits = &hash[1..];
        for text in [
            String::new(),
            ":".to_owned(),
            format!(":{hash}"),
            format!("7:{digits}"),
            format!("7:{hash}0"),
            format!("x:{hash}"),
            format!("99999999999999999999:{hash}"),
            format!("7: {hash}"),
            format!("7:{}", hash.to_uppercase()),
            "sequence,hash\n7,x\n".to_owned(),
            "{\"sequence\":7}".to_owned(),
        ] {
            assert_eq!(heads_in(text.as_bytes()), [], "{text}");
        }
        let json = format!("{{\"records\":7,\"newest\":\"7:{hash}\"}}");
        assert_eq!(heads_in(json.as_bytes()).len(), 1, "of `records verify --json`");
    }
}
