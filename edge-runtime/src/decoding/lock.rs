//! One image is decoded at a time: the largest takes hundreds of megabytes, and a board does not have twice that. While
//! one is screened, the page draws none; and the page stops drawing one when another comes to be screened.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// From one attempt to the next.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The lock that a thread holds while it decodes.
#[derive(Debug, Default)]
pub struct DecodeLock {
    lock: Mutex<()>,
    wanted: Arc<AtomicBool>,
}

impl DecodeLock {
    /// Waits for the lock, for an image that is to be screened. Whoever decodes for the page gives way.
    pub fn take(&self) -> MutexGuard<'_, ()> {
        self.wanted.store(true, Ordering::Release);
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(false, Ordering::Release);
        guard
    }

    /// Set while an image waits to be screened.
    pub fn wanted(&self) -> Arc<AtomicBool> {
        self.wanted.clone()
    }

    /// Waits for the lock no longer than `longest`; none if it was not free.
    pub fn take_within(&self, longest: Duration) -> Option<MutexGuard<'_, ()>> {
        let end = Instant::now() + longest;
        loop {
            match self.lock.try_lock() {
                Ok(guard) => return Some(guard),
                Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(RETRY_INTERVAL),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_turn_and_it_comes_back_after_a_panic() {
        let decode_lock = DecodeLock::default();
        let held = decode_lock.take();
        assert!(decode_lock.take_within(Duration::ZERO).is_none());
        drop(held);
        assert!(decode_lock.take_within(Duration::ZERO).is_some());
        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _turn = decode_lock.take();
                    panic!("as a test");
                })
                .join()
        });
        assert!(panicked.is_err());
        drop(decode_lock.take());
        assert!(decode_lock.take_within(Duration::ZERO).is_some());
    }
}
