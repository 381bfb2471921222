//! A full disk: space is freed where it can be, and waited for where it cannot.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tracing::{error, info, warn};

use super::fault::Fault;
use super::presenter::Presenter;
use crate::inputs::InputRefusal;
use crate::records::{Hash256, Origin, RecordStore, RecordStoreError, Timestamp};
use crate::status::{DisplayedSignal, add};

/// From one attempt to the next while the disk is full.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The record store, written to however long the disk is full.
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

    /// Repeats a write until there is space. Data to store is not lost meanwhile: it is in memory, and where it
    /// came from.
    pub(super) fn retry_until_space<T>(
        &mut self,
        presenter: &mut Presenter<'_>,
        mut write: impl FnMut(&mut RecordStore) -> Result<T, RecordStoreError>,
    ) -> Result<T, Fault> {
        let mut reported = false;
        loop {
            let full = match write(&mut self.store) {
                Err(error) if error.is_full() => error,
                other => {
                    if reported {
                        presenter.publish_error(None);
                    }
                    return other.map_err(Fault::from);
                }
            };
            if self.free_space(presenter).is_ok_and(|dropped| dropped > 0) {
                continue;
            }
            if !reported {
                reported = true;
                error!("{full}");
                presenter.publish_error(Some(full.to_string()));
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
    pub(super) fn free_space(&mut self, presenter: &Presenter<'_>) -> Result<usize, RecordStoreError> {
        let cleaned = self.store.free_space(Timestamp::now())?;
        if cleaned.dropped > 0 {
            info!(images = cleaned.dropped, "images of reported records were deleted to free space");
            add(&presenter.counters().dropped, cleaned.dropped as u64);
        }
        if cleaned.over_quota {
            warn!("images take more than the quota; print results and mark them as reported");
        }
        Ok(cleaned.dropped)
    }
}
