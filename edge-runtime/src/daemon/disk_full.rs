//! CleanupResult on the disk: made where it can be, waited for where it cannot.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::{Fault, Daemon};
use crate::records::{Timestamp, RecordStore, RecordStoreError};

/// From one try to the next while the disk is full.
const RETRY: Duration = Duration::from_secs(5);

impl Daemon<'_> {
    /// Does something with the store however long it takes until there is room. What is to be stored is not lost
    /// meanwhile: it is here, and where it came from.
    pub(super) fn retry_until_space<T>(
        &mut self,
        mut work: impl FnMut(&mut RecordStore) -> Result<T, RecordStoreError>,
    ) -> Result<T, Fault> {
        let mut told = false;
        loop {
            let full = match work(&mut self.store) {
                Err(error) if error.is_full() => error,
                other => {
                    if told {
                        self.publisher.trouble(None);
                    }
                    return other.map_err(Fault::from);
                }
            };
            if self.free_space().is_ok_and(|dropped| dropped > 0) {
                continue;
            }
            if !told {
                told = true;
                error!("{full}");
                self.publisher.trouble(Some(full.to_string()));
                self.fault();
            }
            thread::sleep(RETRY);
            self.publisher.turn_finished(Instant::now());
        }
    }

    pub(super) fn free_space(&mut self) -> Result<usize, RecordStoreError> {
        let room = self.store.free_space(Timestamp::now())?;
        if room.dropped > 0 {
            info!(images = room.dropped, "images of reported records went to make room");
            self.counters.dropped.fetch_add(room.dropped as u64, Ordering::Relaxed);
        }
        if room.over_quota {
            warn!("images take more than the quota; print results and mark them as reported");
        }
        Ok(room.dropped)
    }
}
