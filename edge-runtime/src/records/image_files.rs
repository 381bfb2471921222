//! Image files of records without a result: what intake refused is not kept, but for the newest few.

use rusqlite::params;

use super::clock::Timestamp;
use super::entry::Record;
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::store::RecordStore;

/// Files that intake refused are kept for whoever is asked why; so many.
const KEPT_FILES: usize = 16;
/// And so many bytes of them.
const KEPT_BYTES: u64 = 32 << 20;

impl RecordStore {
    /// Intake refused the image of this record: the file is kept among the newest few of its kind, or not at all.
    ///
    /// # Errors
    /// [`RecordStoreError`]; what could not be deleted now is deleted when the store is opened again.
    pub fn refused_by_intake(&mut self, record: &Record, now: Timestamp) -> Result<(), RecordStoreError> {
        let sql =
            "INSERT INTO no_result_image (sequence, at_ms, kept) VALUES (?1, ?2, 1) ON CONFLICT DO NOTHING";
        let sequence = i64::try_from(record.sequence).unwrap_or(i64::MAX);
        self.database.with(|connection| connection.execute(sql, params![sequence, now.unix_ms]))?;
        for (sequence, image_id) in self.too_many_kept()? {
            self.give_up(sequence, &image_id, now)?;
        }
        Ok(())
    }

    /// Gives the image of a record without a result up.
    pub(super) fn give_up(
        &mut self,
        sequence: i64,
        image_id: &Hash256,
        now: Timestamp,
    ) -> Result<(), RecordStoreError> {
        let sql = "INSERT INTO no_result_image (sequence, at_ms, kept) VALUES (?1, ?2, 0) \
                   ON CONFLICT (sequence) DO UPDATE SET kept = 0, at_ms = ?2";
        // Noted first: an image that is missing without a note would be a loss.
        self.database.with(|connection| connection.execute(sql, params![sequence, now.unix_ms]))?;
        self.images.remove(image_id)
    }

    /// Those beyond the bounds, newest first.
    fn too_many_kept(&self) -> Result<Vec<(i64, Hash256)>, RecordStoreError> {
        let sql = "SELECT sequence, content, bytes FROM no_result_image JOIN record USING (sequence) \
                   WHERE kept = 1 ORDER BY sequence DESC";
        let kept: Vec<(i64, [u8; 32], u64)> = self.database.with(|connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })?;
        let (mut files, mut bytes) = (0, 0);
        let beyond = kept.into_iter().filter(|(.., size)| {
            let fits = files < KEPT_FILES && bytes + size <= KEPT_BYTES;
            if fits {
                (files, bytes) = (files + 1, bytes + size);
            }
            !fits
        });
        Ok(beyond.map(|(sequence, content, _)| (sequence, content.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::Appended;
    use super::super::entry::tests::entry;
    use super::super::entry::{Entry, Outcome};
    use super::super::reader::RecordReader;
    use super::super::store::StoreLimits;
    use super::super::verify::VerifyDepth;
    use super::*;

    const LIMITS: StoreLimits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    const NOW: Timestamp = Timestamp { unix_ms: 1_800_000_000_000, trusted: true };

    fn refused(store: &mut RecordStore, bytes: &[u8], size: u64) -> (Record, bool) {
        let image_id = Hash256::of(bytes);
        let path = store.store_image(&image_id, bytes).expect("stored");
        let entry = Entry { bytes: size, outcome: Outcome::no_result("unknown-format"), ..entry(bytes) };
        let Ok(Appended::New(record)) = store.append(entry, None) else { panic!("not new") };
        store.refused_by_intake(&record, NOW).expect("noted");
        (record, path.exists())
    }

    #[test]
    fn the_newest_few_are_kept_and_the_store_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        store.store_image(&Hash256::of(b"film"), b"film").expect("stored");
        store.append(entry(b"film"), None).expect("appended");
        let all: Vec<Record> = (0..20u8).map(|at| refused(&mut store, &[at; 9], 9).0).collect();
        let there = |store: &RecordStore| {
            all.iter().filter(|record| store.image(&record.entry.image_id).exists()).count()
        };
        assert_eq!(there(&store), KEPT_FILES);
        assert!(
            store.image(&all[19].entry.image_id).exists() && !store.image(&all[3].entry.image_id).exists()
        );
        assert!(store.image(&Hash256::of(b"film")).exists());
        // One that is too large for them is not kept, and does not push others out.
        assert!(!refused(&mut store, b"vast", KEPT_BYTES + 1).1);
        assert_eq!(there(&store), KEPT_FILES);
        // One that half fills them does.
        assert!(refused(&mut store, b"large", KEPT_BYTES).1);
        assert_eq!(there(&store), 0);
        let reader = RecordReader::open(folder.path()).expect("opened");
        let found = reader.verify(VerifyDepth::Images, None).expect("verified");
        assert_eq!((found.problems, found.images), (Vec::new(), 2));
        assert_eq!(reader.image(&all[0]), Ok(None));
        // What could not be removed goes at the next start.
        std::fs::write(store.image(&all[0].entry.image_id), [0; 9]).expect("written");
        assert_eq!(store.unrecorded().expect("listed"), (vec![], vec![]));
        assert_eq!(there(&store), 0);
    }

    #[test]
    fn a_store_of_the_release_before_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        store.store_image(&Hash256::of(b"film"), b"film").expect("stored");
        let Ok(Appended::New(record)) = store.append(entry(b"film"), None) else { panic!("not new") };
        store
            .database
            .with(|connection| connection.execute_batch("DROP TABLE no_result_image"))
            .expect("dropped");
        drop(store);
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert!(reader.image(&record).expect("asked").is_some());
    }
}
