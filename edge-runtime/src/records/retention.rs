//! Quota and retention: which image files are deleted. Records never are, nor images with a result whose record was not
//! reported.

use rustix::fs::statvfs;

use super::age;
use super::clock::Timestamp;
use super::entry::Record;
use super::error::RecordStoreError;
use super::store::RecordStore;

/// What a clean-up of images did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupResult {
    /// Images that were deleted.
    pub dropped: usize,
    /// Whether the images still take more than the quota, since the rest was not reported.
    pub over_quota: bool,
    /// The deletion by age that is going on or announced; none if no image is old enough.
    pub age_deletion: Option<AgeDeletion>,
}

/// Images of reported records that are deleted because of their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeDeletion {
    /// How many there are.
    pub images: u64,
    /// When the first of them may be deleted.
    pub from: Timestamp,
}

/// The image that is deleted next, and why it may be.
enum Next {
    /// It is old.
    Old(Record),
    /// There is no room, and its record was reported.
    Reported(Record),
    /// There is no room, and it has no result.
    NoResult(Record),
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

    /// Drops images: of reported records what is kept longer than asked for, and, while they are over the quota or less than
    /// the reserve is free, the oldest of reported records and then the oldest without a result.
    ///
    /// Age counts only where the clock agrees with the records; it is announced a day before, and bounded each day.
    ///
    /// # Errors
    /// [`RecordStoreError`]; what was dropped before stays dropped.
    pub fn free_space(&mut self, now: Timestamp) -> Result<CleanupResult, RecordStoreError> {
        self.make_room(0, now)
    }

    /// The same until `needed` bytes are free beside the reserve.
    ///
    /// # Errors
    /// [`RecordStoreError`]; what was dropped before stays dropped.
    pub fn make_room(&mut self, needed: u64, now: Timestamp) -> Result<CleanupResult, RecordStoreError> {
        let mut used = self.database.image_bytes()?;
        let since = self.old_since(now)?;
        let (mut by_age, age_deletion) = self.plan_age_deletion(since, now)?;
        let mut dropped = 0;
        while let Some(next) = self.next_to_drop(used, needed, since.filter(|_| by_age > 0))? {
            let record = match &next {
                Next::Old(record) | Next::Reported(record) | Next::NoResult(record) => record,
            };
            if let Next::NoResult(record) = &next {
                let sequence = i64::try_from(record.sequence).unwrap_or(i64::MAX);
                self.give_up(sequence, &record.entry.image_id, now)?;
            } else {
                // Noted first: an image that is missing without a note would be a loss.
                self.database.drop_image(record.sequence, now)?;
                self.images.remove(&record.entry.image_id)?;
            }
            if let Next::Old(_) = next {
                by_age -= 1;
                self.database.with(age::deleted)?;
            }
            used = used.saturating_sub(record.entry.bytes);
            dropped += 1;
        }
        Ok(CleanupResult { dropped, over_quota: self.is_over_quota(used), age_deletion })
    }

    /// Before which time an image is too old to be kept; none if there is no such limit, or the clock cannot be trusted with it.
    fn old_since(&self, now: Timestamp) -> Result<Option<i64>, RecordStoreError> {
        let Some(days) = self.limits.keep_days else { return Ok(None) };
        let agrees = self.database.with(|connection| age::agrees(connection, now))?;
        Ok(agrees.then(|| now.unix_ms.saturating_sub(i64::from(days).saturating_mul(age::DAY_MS))))
    }

    /// How many images may be deleted now because of their age, and what there is to say of it.
    fn plan_age_deletion(
        &self,
        since: Option<i64>,
        now: Timestamp,
    ) -> Result<(u32, Option<AgeDeletion>), RecordStoreError> {
        let images = since.map_or(Ok(0), |since| self.database.count_droppable_before(since))?;
        if images == 0 {
            self.database.with(age::clear)?;
            return Ok((0, None));
        }
        let (allowed, from_ms) = self.database.with(|connection| age::allowed(connection, now))?;
        let from = Timestamp { unix_ms: from_ms, ..now };
        Ok((allowed, Some(AgeDeletion { images, from })))
    }

    fn next_to_drop(
        &self,
        used: u64,
        needed: u64,
        old_since: Option<i64>,
    ) -> Result<Option<Next>, RecordStoreError> {
        // One whose time is not known must not keep those behind it.
        let old = old_since.map(|since| self.database.oldest_droppable_before(since)).transpose()?.flatten();
        if let Some(record) = old {
            return Ok(Some(Next::Old(record)));
        }
        let wanted = self.limits.reserve.saturating_add(needed);
        if !self.is_over_quota(used) && self.free_bytes()? >= wanted {
            return Ok(None);
        }
        if let Some(record) = self.database.oldest_droppable()? {
            return Ok(Some(Next::Reported(record)));
        }
        Ok(self.database.oldest_without_result()?.map(Next::NoResult))
    }

    fn is_over_quota(&self, used: u64) -> bool {
        self.limits.quota.is_some_and(|quota| used > quota)
    }

    /// Checks that `bytes` more leave the reserve free.
    pub(super) fn check_free_space(&self, bytes: u64) -> Result<(), RecordStoreError> {
        let (free, needed) = (self.free_bytes()?, self.limits.reserve.saturating_add(bytes));
        if free >= needed {
            return Ok(());
        }
        let mb = |bytes: u64| bytes / 1_000_000;
        let reason = format!("{} MB are free, {} MB are needed", mb(free), mb(needed));
        Err(RecordStoreError::Full { folder: self.folder.clone(), reason, needed: bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::super::entry::{Entry, Outcome};
    use super::super::hash256::Hash256;
    use super::super::store::{StoreLimits, mark_reported};
    use super::*;

    const NOW: Timestamp = Timestamp { unix_ms: 1_800_000_000_000, trusted: true };

    fn filled(folder: &std::path::Path, limits: StoreLimits) -> RecordStore {
        let mut store = RecordStore::open(folder, limits).expect("opened");
        for (day, byte) in [(9, b'a'), (5, b'b'), (1, b'c')] {
            let bytes = vec![byte; 1000];
            let recorded = Timestamp { unix_ms: NOW.unix_ms - day * age::DAY_MS, trusted: byte != b'b' };
            store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
            store.append(Entry { recorded, ..entry(&bytes) }, None).expect("appended");
        }
        store
    }

    fn day(days: i64) -> Timestamp {
        Timestamp { unix_ms: NOW.unix_ms + days * age::DAY_MS, ..NOW }
    }

    /// What is dropped a day after it was announced.
    fn announced_and_dropped(store: &mut RecordStore) -> usize {
        assert_eq!(store.free_space(NOW).map(|cleaned| cleaned.dropped), Ok(0), "it is announced first");
        store.free_space(day(1)).expect("cleaned").dropped
    }

    fn there(store: &RecordStore) -> Vec<bool> {
        let path = |byte: u8| store.image(&Hash256::of(&vec![byte; 1000]));
        [b'a', b'b', b'c'].map(|byte| path(byte).exists()).to_vec()
    }

    #[test]
    fn an_image_that_was_not_reported_stays_whatever_the_quota_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: Some(1500), keep_days: None, reserve: 0 };
        let mut store = filled(folder.path(), limits);
        let cleaned = |dropped, over_quota| Ok(CleanupResult { dropped, over_quota, age_deletion: None });
        assert_eq!(store.free_space(NOW), cleaned(0, true));
        assert_eq!(there(&store), [true; 3]);
        assert_eq!(mark_reported(folder.path(), 1), Ok(1));
        assert_eq!(store.free_space(NOW), cleaned(1, true));
        assert_eq!(there(&store), [false, true, true]);
        assert_eq!(mark_reported(folder.path(), 3), Ok(2));
        assert_eq!(store.free_space(NOW), cleaned(1, false));
        assert_eq!(there(&store), [false, false, true]);
    }

    #[test]
    fn age_counts_only_where_the_clock_was_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(3), reserve: 0 });
        mark_reported(folder.path(), 3).expect("marked");
        assert_eq!(store.free_space(Timestamp { trusted: false, ..NOW }), Ok(CleanupResult::default()));
        let announced = store.free_space(NOW).expect("cleaned");
        let expected = AgeDeletion { images: 1, from: day(1) };
        assert_eq!((announced.dropped, announced.age_deletion), (0, Some(expected)));
        assert_eq!(announced_and_dropped(&mut store), 1);
        assert_eq!(there(&store), [false, true, true]);
        assert_eq!(store.free_space(day(1)), Ok(CleanupResult::default()));
    }

    #[test]
    fn one_wrong_clock_deletes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(30), reserve: 0 });
        mark_reported(folder.path(), 3).expect("marked");
        // 2040 for as long as it likes, and a day that is believed for less than a day.
        for wrong in [day(13 * 365), day(13 * 365 + 2), day(40), day(0), day(40), day(-40)] {
            assert_eq!(store.free_space(wrong).map(|cleaned| cleaned.dropped), Ok(0));
        }
        assert_eq!(there(&store), [true; 3]);
        assert_eq!(
            store.free_space(day(0)),
            Ok(CleanupResult::default()),
            "nothing is announced by the right clock"
        );
    }

    #[test]
    fn a_record_of_a_clock_that_was_set_back_is_not_older_than_the_one_before_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(60), reserve: 0 });
        let bytes = vec![b'd'; 1000];
        let recorded = Timestamp { unix_ms: NOW.unix_ms - 100 * age::DAY_MS, trusted: true };
        store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
        store.append(Entry { recorded, ..entry(&bytes) }, None).expect("appended");
        mark_reported(folder.path(), 4).expect("marked");
        assert_eq!(store.free_space(NOW), Ok(CleanupResult::default()), "the clock went back");
        let old = |days: i64| store.database.count_droppable_before(day(-days).unix_ms);
        assert_eq!([old(60), old(5), old(0)], [Ok(0), Ok(1), Ok(3)]);
    }

    #[test]
    fn images_without_a_result_go_where_there_is_no_room_also_unreported() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: Some(3500), keep_days: None, reserve: 0 };
        let mut store = filled(folder.path(), limits);
        for (byte, reason) in [(b'x', "ended-the-program"), (b'y', "rotated"), (b'z', "rotated")] {
            let bytes = vec![byte; 1000];
            store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
            let entry = Entry { outcome: Outcome::no_result(reason), ..entry(&bytes) };
            store.append(entry, None).expect("appended");
        }
        let cleaned = store.free_space(NOW).expect("cleaned");
        assert_eq!((cleaned.dropped, cleaned.over_quota), (2, true));
        assert_eq!(there(&store), [true; 3], "those with a result stay");
        let left = [b'x', b'y', b'z'].map(|byte| store.image(&Hash256::of(&vec![byte; 1000])).exists());
        assert_eq!(left, [true, false, false], "the one that ended the program is kept");
    }

    #[test]
    fn a_record_of_an_unset_clock_does_not_keep_those_behind_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = filled(folder.path(), StoreLimits { quota: None, keep_days: Some(3), reserve: 0 });
        let bytes = vec![b'd'; 1000];
        store.store_image(&Hash256::of(&bytes), &bytes).expect("kept");
        store.append(Entry { recorded: NOW, ..entry(&bytes) }, None).expect("appended");
        mark_reported(folder.path(), 4).expect("marked");
        assert_eq!(store.free_space(day(4)).map(|cleaned| cleaned.dropped), Ok(0));
        assert_eq!(store.free_space(day(5)).map(|cleaned| cleaned.dropped), Ok(3));
        assert_eq!(there(&store), [false, true, false]);
        assert!(!store.image(&Hash256::of(&bytes)).exists(), "behind the one without a time");
        assert_eq!(store.free_space(day(5)), Ok(CleanupResult::default()));
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
