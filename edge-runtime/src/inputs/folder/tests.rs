//! What is read of a watched folder, and when.

use super::*;

struct Watched {
    place: tempfile::TempDir,
    folder: FolderInput,
    start: Instant,
}

impl Watched {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let (settle, every) = (Duration::from_secs(2), Duration::from_secs(1));
        let folder = FolderInput::new(FolderOptions { path: place.path().to_owned(), settle, every });
        Watched { place, folder, start: Instant::now() }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.place.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, bytes).expect("written");
    }

    /// What came at this second: contents, and whether they were awaited.
    fn at(&mut self, second: u64) -> Vec<(Vec<u8>, bool)> {
        let mut came = Vec::new();
        loop {
            match self.folder.poll(self.start + Duration::from_secs(second)) {
                Ok(InputEvent::Image(arrival)) => came.push((arrival.bytes, arrival.awaited)),
                Ok(InputEvent::Nothing) => return came,
                Ok(InputEvent::Searching) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_file_comes_once_when_it_has_settled() {
    let mut watched = Watched::new();
    watched.write("b.jpeg", b"old");
    assert_eq!(watched.at(0), []);
    watched.write("deep/er/a.txt", b"new");
    assert_eq!(watched.at(1), []);
    assert_eq!(watched.at(2), [(b"old".to_vec(), false)]);
    assert_eq!(watched.at(3), [(b"new".to_vec(), true)]);
    assert_eq!(watched.at(9), []);
}

#[test]
fn a_file_that_grows_is_left_alone_and_one_that_is_written_over_comes_again() {
    let mut watched = Watched::new();
    watched.at(0);
    for second in 1..6 {
        watched.write("a", &vec![b'x'; second]);
        assert_eq!(watched.at(second as u64), [], "{second}");
    }
    assert_eq!(watched.at(6), []);
    assert_eq!(watched.at(7), [(b"xxxxx".to_vec(), true)]);
    watched.write("a", b"another");
    assert_eq!(watched.at(8), []);
    assert_eq!(watched.at(10), [(b"another".to_vec(), true)]);
}

#[test]
fn what_is_hidden_or_a_link_is_passed_over() {
    let mut watched = Watched::new();
    watched.write(".part", b"x");
    watched.write(".cache/a", b"x");
    watched.write("$RECYCLE.BIN/a", b"x");
    let outside = tempfile::NamedTempFile::new().expect("a file");
    std::os::unix::fs::symlink(outside.path(), watched.place.path().join("link")).expect("linked");
    std::os::unix::fs::symlink("/etc", watched.place.path().join("etc")).expect("linked");
    watched.at(0);
    assert_eq!(watched.at(5), []);
}

#[test]
fn a_folder_that_is_gone_is_said_and_watched_again_when_it_returns() {
    let mut watched = Watched::new();
    let path = watched.place.path().to_owned();
    fs::remove_dir(&path).expect("removed");
    let error = watched.folder.poll(watched.start).expect_err("gone").to_string();
    assert!(error.contains("cannot be listed: No such file"), "{error}");
    fs::create_dir(&path).expect("made");
    watched.write("a", b"x");
    assert_eq!(watched.at(1), []);
    assert_eq!(watched.at(3), [(b"x".to_vec(), false)]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_once() {
    let mut watched = Watched::new();
    let vast = fs::File::create(watched.place.path().join("vast")).expect("created");
    vast.set_len(xray_intake::MAX_FILE_BYTES + 1).expect("sparse");
    watched.at(0);
    let now = watched.start + Duration::from_secs(2);
    let Ok(InputEvent::Unreadable(refusal)) = watched.folder.poll(now) else { panic!("not refused") };
    assert_eq!(refusal.code, "file-too-large");
    assert_eq!(watched.at(9), []);
}

/// Every file that comes within so many seconds, by its content, and what was refused.
fn all(folder: &mut FolderInput, start: Instant, seconds: u64) -> (Vec<(String, bool)>, Vec<&'static str>) {
    let (mut came, mut refused) = (Vec::new(), Vec::new());
    for second in 0..seconds {
        for _ in 0..50 {
            match folder.poll(start + Duration::from_secs(second)).expect("listed") {
                InputEvent::Image(image) => {
                    came.push((String::from_utf8(image.bytes).expect("text"), image.awaited));
                }
                InputEvent::Unreadable(refusal) => refused.push(refusal.code),
                _ => {}
            }
        }
    }
    (came, refused)
}

#[test]
fn of_a_folder_that_grew_over_the_bound_the_newest_are_read() {
    let watched = Watched::new();
    let write = |at: usize| {
        watched.write(&at.to_string(), format!("{at}").as_bytes());
        // So that no two have the same time.
        std::thread::sleep(Duration::from_millis(15));
    };
    (0..10).for_each(write);
    let bounds = Bounds { watched: 3, listed: 100, each_poll: 4 };
    let mut folder = FolderInput::bounded(watched.folder.options.clone(), bounds);
    let (came, refused) = all(&mut folder, watched.start, 5);
    let expected = |names: &[usize], awaited| -> Vec<(String, bool)> {
        names.iter().map(|at| (at.to_string(), awaited)).collect()
    };
    assert_eq!((came, refused), (expected(&[7, 8, 9], false), vec!["too-many-in-folder"]));
    write(10);
    let later = watched.start + Duration::from_secs(10);
    assert_eq!(all(&mut folder, later, 5), (expected(&[10], true), Vec::new()));
    // What was there before and comes into sight again is not awaited.
    for at in [8, 9, 10] {
        fs::remove_file(watched.place.path().join(at.to_string())).expect("removed");
    }
    let later = watched.start + Duration::from_secs(20);
    assert_eq!(all(&mut folder, later, 5).0, expected(&[5, 6, 7], false));
    // Below the bound, and over it once more: it is said again.
    for at in 0..7 {
        fs::remove_file(watched.place.path().join(at.to_string())).expect("removed");
    }
    all(&mut folder, watched.start + Duration::from_secs(30), 5);
    (11..20).for_each(write);
    let (came, refused) = all(&mut folder, watched.start + Duration::from_secs(40), 5);
    assert_eq!((came, refused), (expected(&[17, 18, 19], true), vec!["too-many-in-folder"]));
}

#[test]
fn a_folder_that_seems_to_have_no_end_is_an_error() {
    let watched = Watched::new();
    (0..10).for_each(|at| watched.write(&at.to_string(), b"x"));
    let bounds = Bounds { watched: 3, listed: 9, each_poll: 100 };
    let mut folder = FolderInput::bounded(watched.folder.options.clone(), bounds);
    let error = folder.poll(watched.start).expect_err("too many").to_string();
    assert!(error.contains("more than 9 files and folders"), "{error}");
}

#[test]
fn a_listing_that_takes_long_is_followed_by_a_longer_pause() {
    let watched = Watched::new();
    (0..10).for_each(|at| watched.write(&at.to_string(), b"x"));
    let bounds = Bounds { watched: 100, listed: 100, each_poll: 7 };
    let mut folder = FolderInput::bounded(watched.folder.options.clone(), bounds);
    let at = |second: u64| watched.start + Duration::from_secs(second);
    for (second, listings) in [(0, 0), (10, 1), (11, 1), (49, 1), (50, 1), (51, 2)] {
        folder.poll(at(second)).expect("listed");
        assert_eq!(folder.listing, listings, "{second} s");
    }
}
