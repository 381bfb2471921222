//! Which image is being screened, on the disk: if the program ends meanwhile, the next start knows how often it tried.

use std::fs;
use std::path::PathBuf;

use xray_core::files;

use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::store::RecordStore;

impl RecordStore {
    /// Notes that an image is about to be screened. Gives how often that was begun without [`RecordStore::done`], this
    /// time included.
    ///
    /// # Errors
    /// [`RecordStoreError::Full`], or what else the disk says.
    pub fn begin(&self, image_id: &Hash256) -> Result<u32, RecordStoreError> {
        let path = self.in_flight_file();
        // A note that cannot be read counts as none: the image is then tried once more.
        let before = fs::read_to_string(&path).ok().and_then(|text| {
            let (of, count) = text.trim().split_once(' ')?;
            (of.parse::<Hash256>().ok()? == *image_id).then(|| count.parse::<u32>().ok())?
        });
        let time = before.unwrap_or(0).saturating_add(1);
        let text = format!("{image_id} {time}\n");
        files::write_atomic(&path, text.as_bytes(), files::PRIVATE)
            .map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(time)
    }

    /// The image that was begun has not ended the program. That this reaches the disk is not waited for: an image that
    /// has a record is not begun again.
    ///
    /// # Errors
    /// What the disk says.
    pub fn done(&self) -> Result<(), RecordStoreError> {
        let path = self.in_flight_file();
        let removed = files::not_found_as_none(fs::remove_file(&path));
        removed.map(|_| ()).map_err(|error| RecordStoreError::file(&path, &error))
    }

    fn in_flight_file(&self) -> PathBuf {
        self.folder.join("trying")
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::StoreLimits;
    use super::*;

    #[test]
    fn it_is_counted_how_often_an_image_was_begun_and_not_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let (one, two) = (Hash256::of(b"1"), Hash256::of(b"2"));
        for time in 1..4 {
            let store = RecordStore::open(folder.path(), limits).expect("opened");
            assert_eq!(store.begin(&one), Ok(time));
        }
        let store = RecordStore::open(folder.path(), limits).expect("opened");
        store.done().expect("done");
        store.done().expect("twice");
        assert_eq!(store.begin(&one), Ok(1));
        assert_eq!(store.begin(&two), Ok(1), "another image");
        for text in ["", "x", "x y\n", &format!("{two} -1"), &format!("{two} 9999999999999")] {
            fs::write(folder.path().join("trying"), text).expect("written");
            assert_eq!(store.begin(&two), Ok(1), "{text:?}");
        }
    }
}
