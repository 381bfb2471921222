//! Memory that a target may take.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// The allocator is that of the whole process: one target at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Runs `target` with at most `bytes` more than is held now. An allocation beyond them fails, which ends the process
/// unless the code that asked for it is prepared for that.
pub fn bounded<T>(bytes: usize, target: impl FnOnce() -> T) -> T {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = ALLOCATOR.allocated().saturating_add(bytes);
    ALLOCATOR.set_limit(limit).expect("a limit above what is held");
    let result = target();
    ALLOCATOR.set_limit(usize::MAX).expect("no limit");
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_beyond_the_bound_is_not_given() {
        let asked = |bytes: usize| bounded(1 << 20, || Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
        assert!(asked(1 << 19));
        assert!(!asked(1 << 21));
        assert!(Vec::<u8>::new().try_reserve_exact(1 << 21).is_ok(), "the bound is gone afterwards");
    }
}
