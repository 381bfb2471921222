//! Which image is being screened, on the disk: if the program ends meanwhile, the next start knows how often it tried.

use std::fs;
use std::path::{Path, PathBuf};

use xray_core::files;

use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::store::RecordStore;

impl RecordStore {
    /// Notes that an image is about to be screened. Returns how often that was started without [`RecordStore::done`], this
    /// time included.
    ///
    /// # Errors
    /// [`RecordStoreError::Full`], or what else the disk says.
    pub fn begin(&self, image_id: &Hash256) -> Result<u32, RecordStoreError> {
        let path = in_flight_file(&self.folder);
        let before = Note::read(&path).filter(|note| note.image_id == *image_id).map(|note| note.attempts);
        let time = before.unwrap_or(0).saturating_add(1);
        let note = Note { image_id: *image_id, attempts: time, seen: false };
        note.write(&path).map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(time)
    }

    /// The image that was started has not ended the program. That this reaches the disk is not waited for: an image that
    /// has a record is not started again.
    ///
    /// # Errors
    /// What the disk says.
    pub fn done(&self) -> Result<(), RecordStoreError> {
        let path = in_flight_file(&self.folder);
        let removed = files::not_found_as_none(fs::remove_file(&path));
        removed.map(|_| ()).map_err(|error| RecordStoreError::file(&path, &error))
    }
}

/// How often the image was begun on which the program ended that ran before; none if it ended on none. Each end is given
/// once. Only the process that opens the store next may ask.
pub fn ended_on_an_image(store: &Path) -> Option<u32> {
    let path = in_flight_file(store);
    let note = Note::read(&path).filter(|note| !note.seen)?;
    // What cannot be marked as seen would be given again.
    Note { seen: true, ..note }.write(&path).ok()?;
    Some(note.attempts)
}

/// Which image was begun, how often, and whether its end was taken notice of.
#[derive(Debug, Clone, Copy)]
struct Note {
    image_id: Hash256,
    attempts: u32,
    seen: bool,
}

/// The last word of a note whose end was taken notice of.
const SEEN: &str = "seen";

impl Note {
    /// A note that cannot be read counts as none: the image is then tried once more.
    fn read(path: &Path) -> Option<Note> {
        let text = fs::read_to_string(path).ok()?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let (image_id, attempts, seen) = match words.as_slice() {
            [image_id, attempts] => (image_id, attempts, false),
            [image_id, attempts, SEEN] => (image_id, attempts, true),
            _ => return None,
        };
        Some(Note { image_id: image_id.parse().ok()?, attempts: attempts.parse().ok()?, seen })
    }

    fn write(self, path: &Path) -> std::io::Result<()> {
        let seen = if self.seen { " seen" } else { "" };
        let text = format!("{} {}{seen}\n", self.image_id, self.attempts);
        files::write_atomic(path, text.as_bytes(), files::PRIVATE)
    }
}

fn in_flight_file(store: &Path) -> PathBuf {
    store.join("trying")
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

    #[test]
    fn an_end_on_an_image_is_given_once() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(ended_on_an_image(folder.path()), None);
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let store = RecordStore::open(folder.path(), limits).expect("opened");
        let image_id = Hash256::of(b"1");
        store.begin(&image_id).expect("begun");
        assert_eq!(ended_on_an_image(folder.path()), Some(1));
        assert_eq!(ended_on_an_image(folder.path()), None);
        assert_eq!(store.begin(&image_id), Ok(2), "still counted");
        assert_eq!(ended_on_an_image(folder.path()), Some(2));
        store.done().expect("done");
        assert_eq!(ended_on_an_image(folder.path()), None);
    }
}
