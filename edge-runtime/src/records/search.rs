//! Finding records by day, number or image ID, and origin; newest first, a page at a time.

use rusqlite::{ToSql, params_from_iter};
use time::{Date, Month, OffsetDateTime, Time};

use super::entry::{Origin, Record};
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::reader::RecordReader;

const MS_PER_DAY: i64 = 86_400_000;

/// A day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Date);

impl Day {
    /// The day that `YYYY-MM-DD` names, if there is such a day.
    pub fn parse(text: &str) -> Option<Day> {
        let number = |part: &str, digits| {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())?
        };
        let mut parts = text.split('-');
        let (year, month, day) =
            (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
        let (month, day) = (Month::try_from(u8::try_from(month).ok()?).ok()?, u8::try_from(day).ok()?);
        let date = Date::from_calendar_date(i32::from(year), month, day).ok()?;
        parts.next().is_none().then_some(Day(date))
    }

    /// The day of a time in milliseconds since 1970; none beyond the year 9999.
    pub fn of(unix_ms: i64) -> Option<Day> {
        OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000)).ok().map(|time| Day(time.date()))
    }

    /// Its first millisecond since 1970.
    fn begins(self) -> i64 {
        self.0.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp() * 1000
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

/// Which record is wanted, as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordSelector {
    /// A record's number. The digits may also begin a hash, but who types digits only means the number.
    Sequence(u64),
    /// The first digits of an image ID: lower and upper bound of the IDs that begin with them.
    Content(Hash256, Hash256),
}

/// Fewest digits that select an image ID. Fewer match too many.
pub const MIN_HASH_DIGITS: usize = 4;

impl RecordSelector {
    /// What `text` names: a number, or 4 to 64 hexadecimal digits of a hash; a `#` before a number is left out.
    /// Eight digits and more of a hash may happen to be decimal: numbers have at most seven.
    pub fn parse(text: &str) -> Option<RecordSelector> {
        let text = text.trim().trim_start_matches('#').to_ascii_lowercase();
        if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        if text.len() < 8
            && let Ok(sequence) = text.parse()
        {
            return Some(RecordSelector::Sequence(sequence));
        }
        if text.len() < MIN_HASH_DIGITS {
            return None;
        }
        let filled = |with: &str| format!("{text}{}", with.repeat(64 - text.len())).parse().ok();
        Some(RecordSelector::Content(filled("0")?, filled("f")?))
    }
}

/// A search. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordQuery {
    /// Recorded on this day.
    pub day: Option<Day>,
    pub study: Option<RecordSelector>,
    /// From there.
    pub origin: Option<Origin>,
    /// Only records before this number: the next page.
    pub before: Option<u64>,
}

impl RecordQuery {
    /// The condition in SQL and its values.
    fn sql(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let (mut words, mut values): (Vec<&str>, Vec<Box<dyn ToSql>>) = (vec!["1"], Vec::new());
        let mut add = |word, given: Vec<Box<dyn ToSql>>| {
            words.push(word);
            values.extend(given);
        };
        if let Some(day) = self.day {
            let begins = day.begins();
            let end = begins.saturating_add(MS_PER_DAY);
            add("recorded_ms >= ? AND recorded_ms < ?", vec![Box::new(begins), Box::new(end)]);
        }
        match &self.study {
            Some(RecordSelector::Sequence(sequence)) => add("sequence = ?", vec![number(*sequence)]),
            Some(RecordSelector::Content(from, to)) => {
                add("content BETWEEN ? AND ?", vec![Box::new(*from.bytes()), Box::new(*to.bytes())]);
            }
            None => {}
        }
        if let Some(origin) = self.origin {
            add("origin = ?", vec![Box::new(origin.code())]);
        }
        if let Some(before) = self.before {
            add("sequence < ?", vec![number(before)]);
        }
        (words.join(" AND "), values)
    }
}

fn number(sequence: u64) -> Box<dyn ToSql> {
    Box::new(i64::try_from(sequence).unwrap_or(i64::MAX))
}

impl RecordReader {
    /// The records that fit, newest first, at most `most`. A row that cannot be read is given as its error, so that
    /// it hides no other.
    ///
    /// # Errors
    /// What the database says.
    pub fn search(
        &self,
        query: &RecordQuery,
        most: usize,
    ) -> Result<Vec<Result<Record, RecordStoreError>>, RecordStoreError> {
        let (condition, values) = query.sql();
        self.database.select(
            &format!("{condition} ORDER BY sequence DESC LIMIT {most}"),
            params_from_iter(values.iter().map(|value| &**value)),
        )
    }

    /// The records that a selector names, at most `most`.
    ///
    /// # Errors
    /// What the database says, or that a row is no record.
    pub fn selected(&self, study: &RecordSelector, most: usize) -> Result<Vec<Record>, RecordStoreError> {
        let query = RecordQuery { study: Some(study.clone()), ..RecordQuery::default() };
        self.search(&query, most)?.into_iter().collect()
    }

    /// The newest record, if there is one.
    ///
    /// # Errors
    /// What the database says, or that its row is no record.
    pub fn newest(&self) -> Result<Option<Record>, RecordStoreError> {
        self.search(&RecordQuery::default(), 1)?.pop().transpose()
    }

    /// Whether a record was handed to people.
    ///
    /// # Errors
    /// What the database says.
    pub fn is_reported(&self, sequence: u64) -> Result<bool, RecordStoreError> {
        self.database.is_reported(sequence)
    }

    /// Bytes of the images that are kept.
    ///
    /// # Errors
    /// What the database says.
    pub fn image_bytes(&self) -> Result<u64, RecordStoreError> {
        self.database.image_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Timestamp;
    use super::super::entry::Entry;
    use super::super::entry::tests::entry;
    use super::super::store::{RecordStore, StoreLimits};
    use super::*;

    /// 23 November 2026, 18:42:21.5 UTC, as in the entry of the tests.
    const MS: i64 = 1_795_459_341_500;

    fn found(reader: &RecordReader, query: RecordQuery) -> Vec<u64> {
        let found = reader.search(&query, 10).expect("searched");
        found.into_iter().map(|record| record.expect("a record").sequence).collect()
    }

    #[test]
    fn records_are_found_by_day_study_origin_and_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store =
            RecordStore::open(folder.path(), StoreLimits { quota: None, keep_days: None, reserve: 0 })
                .expect("opened");
        for (bytes, day, origin) in
            [(b"a", 0, Origin::Folder), (b"b", 1, Origin::Stick), (b"c", 1, Origin::Folder)]
        {
            let recorded = Timestamp { unix_ms: MS + day * MS_PER_DAY, trusted: true };
            store.append(Entry { recorded, origin, ..entry(bytes) }, None).expect("appended");
        }
        let reader = RecordReader::open(folder.path()).expect("opened");
        let all = RecordQuery::default();
        assert_eq!(found(&reader, all.clone()), [3, 2, 1]);
        assert_eq!(found(&reader, RecordQuery { before: Some(3), ..all.clone() }), [2, 1]);
        let day = |text| RecordQuery { day: Day::parse(text), ..RecordQuery::default() };
        assert_eq!(found(&reader, day("2026-11-24")), [3, 2]);
        assert!(found(&reader, day("2026-11-25")).is_empty());
        assert_eq!(found(&reader, RecordQuery { origin: Some(Origin::Stick), ..all.clone() }), [2]);
        let both = RecordQuery { origin: Some(Origin::Stick), ..day("2026-11-23") };
        assert!(found(&reader, both).is_empty());
        let content = Hash256::of(b"b").to_string();
        for length in [4, 8, 63, 64] {
            let study = RecordSelector::parse(&content[..length]);
            assert_eq!(found(&reader, RecordQuery { study, ..all.clone() }), [2], "{length}");
        }
        assert_eq!(found(&reader, RecordQuery { study: RecordSelector::parse(" #2 "), ..all.clone() }), [2]);
        assert_eq!(reader.newest().expect("read").map(|record| record.sequence), Some(3));
    }

    #[test]
    fn what_names_no_study_or_day_is_none() {
        for text in ["", "#", "abc", "' OR 1", "12 34", &"a".repeat(65), "xyz1"] {
            assert_eq!(RecordSelector::parse(text), None, "{text}");
        }
        assert_eq!(RecordSelector::parse("0007"), Some(RecordSelector::Sequence(7)));
        assert!(matches!(RecordSelector::parse("12345678"), Some(RecordSelector::Content(..))));
        for text in ["", "2026-11-31", "2026-13-01", "26-11-23", "+2026-1-23", "2026-11-23T", "tomorrow"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(Day::of(MS).map(|day| day.to_string()).as_deref(), Some("2026-11-23"));
        assert_eq!(Day::of(-1).map(|day| day.to_string()).as_deref(), Some("1969-12-31"));
        assert_eq!(Day::of(i64::MAX), None);
    }
}
