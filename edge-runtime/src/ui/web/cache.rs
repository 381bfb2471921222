//! The pictures that were asked for last, so that a page that is loaded again does not decode them again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use xray_decode::DecodeError;

use crate::ui::picture::PictureError;

/// Pictures that are kept.
const MOST: usize = 8;
/// Largest picture that is kept, in bytes.
const LARGEST: usize = 1 << 20;

/// A picture of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKey {
    /// The X-ray of a record.
    XRay(u64),
    /// Its heat map.
    Heat(u64),
}

/// At most 8 pictures of at most a megabyte, and why there are none of at most 8 others.
#[derive(Default)]
pub struct Cache {
    pictures: Mutex<VecDeque<(PictureKey, Arc<Vec<u8>>)>>,
    failures: Mutex<VecDeque<(u64, PictureError)>>,
}

impl Cache {
    /// A picture that was kept.
    pub fn get(&self, which: PictureKey) -> Option<Arc<Vec<u8>>> {
        let kept = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(one, _)| *one == which).map(|(_, file)| file.clone())
    }

    /// Keeps a picture and drops the oldest.
    pub fn put(&self, which: PictureKey, file: &Arc<Vec<u8>>) {
        if file.len() > LARGEST {
            return;
        }
        let mut kept = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(one, _)| *one != which);
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back((which, file.clone()));
    }

    /// Drops the pictures of a record.
    pub fn forget(&self, sequence: u64) {
        let mut kept = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(
            |(one, _)| !matches!(one, PictureKey::XRay(of) | PictureKey::Heat(of) if *of == sequence),
        );
    }

    /// Why there is no picture of a record, if that was found out before.
    pub fn failure(&self, sequence: u64) -> Option<PictureError> {
        let kept = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(one, _)| *one == sequence).map(|(_, error)| error.clone())
    }

    /// Keeps why an image gives no picture; it would give none the next time either. A decoder that could not be started
    /// says nothing about the image.
    pub fn put_failure(&self, sequence: u64, error: &PictureError) {
        let lasting = match error {
            PictureError::Image(error) => {
                !matches!(error, DecodeError::Unavailable { .. } | DecodeError::GaveWay)
            }
            _ => false,
        };
        if lasting {
            let mut kept = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST {
                kept.pop_front();
            }
            kept.push_back((sequence, error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_pictures_are_kept_and_none_that_is_huge() {
        let cache = Cache::default();
        for at in 0..10 {
            cache.put(PictureKey::XRay(at), &Arc::new(vec![at as u8]));
        }
        assert_eq!(cache.get(PictureKey::XRay(1)), None);
        assert_eq!(cache.get(PictureKey::XRay(2)).map(|file| file[0]), Some(2));
        assert_eq!(cache.get(PictureKey::Heat(2)), None);
        cache.put(PictureKey::Heat(1), &Arc::new(vec![0; LARGEST + 1]));
        assert_eq!(cache.get(PictureKey::Heat(1)), None);
    }
}
