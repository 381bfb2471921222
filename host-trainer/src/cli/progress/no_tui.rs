//! In the place of the live picture where it is not in the build.

use crate::head::{Epoch, Step};
use crate::stop::Stop;

/// A picture that is never there.
pub(super) enum Live {}

impl Live {
    /// It is not.
    pub fn possible() -> bool {
        false
    }

    /// Is not called, since it is not possible.
    pub fn open(_of: usize, _done: &[Epoch], _stop: Stop) -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub fn step(&mut self, _step: &Step, _label: &str) {
        match *self {}
    }

    pub fn epoch(&mut self, _epoch: &Epoch) {
        match *self {}
    }
}
