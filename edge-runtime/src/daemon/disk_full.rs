//! Room on the disk: made where it can be, waited for where it cannot.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::{Fault, Pipeline};
use crate::record::{Moment, Store, StoreError};

/// From one try to the next while the disk is full.
const RETRY: Duration = Duration::from_secs(5);

impl Pipeline<'_> {
    /// Does something with the store however long it takes until there is room. What is to be stored is not lost
    /// meanwhile: it is here, and where it came from.
    pub(super) fn insist<T>(
        &mut self,
        mut work: impl FnMut(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, Fault> {
        let mut told = false;
        loop {
            let full = match work(&mut self.store) {
                Err(error) if error.is_full() => error,
                other => {
                    if told {
                        self.heartbeat.trouble(None);
                    }
                    return other.map_err(Fault::from);
                }
            };
            if self.make_room().is_ok_and(|dropped| dropped > 0) {
                continue;
            }
            if !told {
                told = true;
                error!("{full}");
                self.heartbeat.trouble(Some(full.to_string()));
                self.fault();
            }
            thread::sleep(RETRY);
            self.heartbeat.beat(Instant::now());
        }
    }

    pub(super) fn make_room(&mut self) -> Result<usize, StoreError> {
        let room = self.store.make_room(Moment::now())?;
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
