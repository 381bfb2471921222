//! Quota and retention: which image files are deleted. Records never are, nor images whose record was not reported.

use rustix::fs::statvfs;

use super::clock::Timestamp;
use super::error::RecordStoreError;
use super::store::RecordStore;

const MS_PER_DAY: i64 = 86_400_000;

/// What a clean-up of images did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupResult {
    /// Images that were deleted.
    pub dropped: usize,
    /// Whether the images still take more than the quota, since the rest was not reported.
    pub over_quota: bool,
}

impl RecordStore {
    /// Bytes that are free for this user on the store's disk.
    ///
    /// # Errors
    /// [`RecordStoreError::File`] if the disk does not say.
    pub fn free_bytes(&self) -> Result<u64, RecordStoreError> {
        let stat =
            statvfs(&self.folder).map_err(|error| RecordStoreError::file(&self.folder, &error.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Drops images of reported records, oldest first, while they are over the quota, are kept longer than asked
    /// for, or less than the reserve is free. Age counts only where both clocks were set.
    ///
    /// # Errors
    /// [`RecordStoreError`]; what was dropped before stays dropped.
    pub fn free_space(&mut self, now: Timestamp) -> Result<CleanupResult, RecordStoreError> {
        let mut used = self.database.image_bytes()?;
        let over = |used: u64| self.limits.quota.is_some_and(|quota| used > quota);
        let mut dropped = 0;
        let since = self.limits.keep_days.filter(|_| now.trusted);
        let since = since.map(|days| now.unix_ms.saturating_sub(i64::from(days) * MS_PER_DAY));
        loop {
            // One whose time is not known must not keep those behind it.
            let old = since.map(|since| self.database.oldest_droppable_before(since)).transpose()?.flatten();
            let record = match old {
                Some(record) => record,
                None if over(used) || self.free_bytes()? < self.limits.reserve => {
                    let Some(record) = self.database.oldest_droppable()? else { break };
                    record
                }
                None => break,
            };
            // Noted first: an image that is missing without a note would be a loss.
            self.database.drop_image(record.sequence, now)?;
            self.images.remove(&record.entry.image_id)?;
            used = used.saturating_sub(record.entry.bytes);
            dropped += 1;
        }
        Ok(CleanupResult { dropped, over_quota: over(used) })
    }

    /// Checks that `bytes` more leave the reserve free.
    pub(super) fn check_free_space(&self, bytes: u64) -> Result<(), RecordStoreError> {
        let (free, needed) = (self.free_bytes()?, self.limits.reserve.saturating_add(bytes));
        if free >= needed {
            return Ok(());
        }
        let mb = |bytes: u64| bytes / 1_000_000;
        let reason = format!("{} MB are free, {} MB are needed", mb(free), mb(needed));
        Err(RecordStoreError::Full { folder: self.folder.clone(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::super::entry::tests::entry;
    use super::super::hash256::Hash256;
    use super::super::store::{StoreLimits, mark_reported};
    use super::*;

    const NOW: Timestamp = Timestamp { unix_ms: 1_800_000_000_000, trusted: true };

    fn filled(folder: &std::path::Path, limits: StoreLimits) -> RecordStore {
        let mut store = RecordStore::open(folder, limits).expect("opened");
        for (day, byte) in [(9, b'a'), (5, b'b'), (1, b'c')] {
            let bytes = vec![byte; 1000];
            let recorded = Timestamp { unix_ms: NOW.unix_ms - day * MS_PER_DAY, trusted: byte != b'b' };
            store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
            store.append(Entry { recorded, ..entry(&bytes) }, None).expect("appended");
        }
        store
    }

    fn there(store: &RecordStore) -> Vec<bool> {
        let path = |byte: u8| store.image(&Hash256::of(&vec![byte; 1000]));
        [b'a', b'b', b'c'].map(|byte| path(byte).exists()).to_vec()
    }

    #[test]
    fn an_image_that_was_not_reported_stays_whatever_the_quota_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: Some(1500), keep_days: Some(1), reserve: 0 };
        let mut store = filled(folder.path(), limits);
        assert_eq!(store.free_space(NOW), Ok(CleanupResult { dropped: 0, over_quota: true }));
        assert_eq!(there(&store), [true; 3]);
        assert_eq!(mark_reported(folder.path(), 1), Ok(1));
        assert_eq!(store.free_space(NOW), Ok(CleanupResult { dropped: 1, over_quota: true }));
        assert_eq!(there(&store), [false, true, true]);
        assert_eq!(mark_reported(folder.path(), 3), Ok(2));
        assert_eq!(store.free_space(NOW), Ok(CleanupResult { dropped: 1, over_quota: false }));
        assert_eq!(there(&store), [false, false, true]);
        assert_eq!(store.free_space(NOW), Ok(CleanupResult::default()), "the third is a day old, not more");
    }

    #[test]
    fn age_counts_only_where_the_clock_was_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(3), reserve: 0 });
        mark_reported(folder.path(), 3).expect("marked");
        assert_eq!(store.free_space(Timestamp { trusted: false, ..NOW }), Ok(CleanupResult::default()));
        assert_eq!(store.free_space(NOW).map(|cleaned| cleaned.dropped), Ok(1));
        assert_eq!(there(&store), [false, true, true]);
    }

    #[test]
    fn a_record_of_an_unset_clock_does_not_keep_those_behind_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(3), reserve: 0 });
        let bytes = vec![b'd'; 1000];
        let recorded = Timestamp { unix_ms: NOW.unix_ms - 4 * MS_PER_DAY, trusted: true };
        store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
        store.append(Entry { recorded, ..entry(&bytes) }, None).expect("appended");
        mark_reported(folder.path(), 4).expect("marked");
        assert_eq!(store.free_space(NOW).map(|cleaned| cleaned.dropped), Ok(2));
        assert_eq!(there(&store), [false, true, true]);
        assert!(!store.image(&Hash256::of(&bytes)).exists(), "behind the one without a time");
        assert_eq!(store.free_space(NOW), Ok(CleanupResult::default()));
    }

    #[test]
    fn a_full_disk_takes_nothing_in_and_loses_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        filled(folder.path(), StoreLimits { quota: None, keep_days: None, reserve: 0 });
        let full = StoreLimits { quota: None, keep_days: None, reserve: u64::MAX };
        let mut store = RecordStore::open(folder.path(), full).expect("opened");
        assert!(store.store_image(&Hash256::of(b"x"), b"x").expect_err("full").is_full());
        assert!(store.append(entry(b"x"), None).expect_err("full").is_full());
        assert_eq!(store.free_space(NOW), Ok(CleanupResult::default()), "nothing was reported");
        assert_eq!(there(&store), [true; 3]);
        mark_reported(folder.path(), 2).expect("marked");
        assert_eq!(store.free_space(NOW).map(|cleaned| cleaned.dropped), Ok(2));
        assert_eq!(there(&store), [false, false, true]);
        // An image that was given up and came back through an interruption goes at the next look.
        let bytes = vec![b'a'; 1000];
        store.images.put(&Hash256::of(&bytes), &bytes).expect("put");
        assert_eq!(store.unrecorded().expect("listed"), (vec![], vec![]));
        assert_eq!(there(&store), [false, false, true]);
    }
}
