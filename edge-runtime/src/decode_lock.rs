//! One image is decoded at a time. The largest takes hundreds of megabytes, and a board has not twice that: while one is
//! screened, the page draws none.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// From one try to the next.
const TRY: Duration = Duration::from_millis(20);

/// The turn to decode.
#[derive(Debug, Default)]
pub struct DecodeLock(Mutex<()>);

impl DecodeLock {
    /// Waits for the turn; it lasts as long as what is given.
    pub fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn no longer than `longest`; none if it did not come.
    pub fn take_within(&self, longest: Duration) -> Option<MutexGuard<'_, ()>> {
        let end = Instant::now() + longest;
        loop {
            match self.0.try_lock() {
                Ok(turn) => return Some(turn),
                Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(TRY),
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
