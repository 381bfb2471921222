//! A record store that cannot be written to now: on a full disk space is freed where it can be, and waited for where it
//! cannot; another program that holds the records is waited for.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tracing::{error, info, warn};

use super::fault::Fault;
use super::presenter::Presenter;
use crate::inputs::InputRefusal;
use crate::records::{Hash256, Origin, RecordStore, RecordStoreError, Timestamp};
use crate::status::{DisplayedSignal, add};

/// From one attempt to the next.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The record store, asked until what keeps it from answering is over, if that can pass.
pub(super) struct StoreRetry {
    store: RecordStore,
}

impl StoreRetry {
    pub(super) fn new(store: RecordStore) -> Self {
        StoreRetry { store }
    }

    /// The store itself, for calls that need no retry.
    pub(super) fn inner(&mut self) -> &mut RecordStore {
        &mut self.store
    }

    /// The file of an image.
    pub(super) fn image(&self, image_id: &Hash256) -> PathBuf {
        self.store.image(image_id)
    }

    /// Repeats a call until there is space and no other program holds the records. Data to store is not lost meanwhile: it is in memory, and where it
    /// came from.
    pub(super) fn retry_until_space<T>(
        &mut self,
        presenter: &mut Presenter<'_>,
        mut write: impl FnMut(&mut RecordStore) -> Result<T, RecordStoreError>,
    ) -> Result<T, Fault> {
        let mut reported = false;
        loop {
            let passing = match write(&mut self.store) {
                Err(error) if error.may_pass() => error,
                other => {
                    if reported {
                        presenter.publish_error(None);
                    }
                    return other.map_err(Fault::from);
                }
            };
            if let Some(needed) = passing.needed_room()
                && self.make_room(presenter, needed).is_ok_and(|dropped| dropped > 0)
            {
                continue;
            }
            if !reported {
                reported = true;
                error!("{passing}");
                presenter.publish_error(Some(passing.to_string()));
                presenter.fault();
            }
            thread::sleep(RETRY_INTERVAL);
            presenter.cycle_finished();
        }
    }

    /// Records and shows that something could not be read and so has no record.
    pub(super) fn refuse(
        &mut self,
        presenter: &mut Presenter<'_>,
        origin: Origin,
        refusal: &InputRefusal,
    ) -> Result<(), Fault> {
        presenter.refused(origin, refusal);
        self.retry_until_space(presenter, |store| {
            store.append_refusal(origin, refusal.code, &refusal.reason, Timestamp::now())
        })?;
        presenter.result(DisplayedSignal::refused(refusal.code));
        Ok(())
    }

    /// Drops images of reported records as the limits say; gives how many.
    pub(super) fn free_space(&mut self, presenter: &mut Presenter<'_>) -> Result<usize, RecordStoreError> {
        self.make_room(presenter, 0)
    }

    /// The same until `needed` bytes are free beside the reserve.
    fn make_room(&mut self, presenter: &mut Presenter<'_>, needed: u64) -> Result<usize, RecordStoreError> {
        let cleaned = self.store.make_room(needed, Timestamp::now())?;
        presenter.publish_age_deletion(cleaned.age_deletion);
        if cleaned.dropped > 0 {
            info!(
                images = cleaned.dropped,
                "images of reported records, or without a result, were deleted by age or to free space"
            );
            add(&presenter.counters().dropped, cleaned.dropped as u64);
        }
        if cleaned.over_quota {
            warn!("images take more than the quota; print results and mark them as reported");
        }
        Ok(cleaned.dropped)
    }
}
