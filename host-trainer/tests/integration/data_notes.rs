//! What folders hold beside good images is said in one line each, with its count.

use std::path::Path;
use std::process::Command;

use host_trainer::data::leaks::find;
use host_trainer::data::{ClassNames, DataNote, DataSet, NoteKind, PatientPattern};
use host_trainer::data::{DataSource, list};
use image::{GrayImage, Luma};

fn put(root: &Path, relative: &str, bytes: &[u8]) {
    let path = root.join(relative);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn draw(root: &Path, relative: &str, image: &GrayImage) {
    put(root, relative, b"");
    image.save(root.join(relative)).unwrap();
}

/// A picture of 16 x 16 random squares: no two of them look alike.
fn picture(number: u32) -> GrayImage {
    let mut squares = [0u8; 256];
    let mut state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9);
    for square in &mut squares {
        // Marsaglia 2003, xorshift32.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *square = (state >> 24) as u8;
    }
    GrayImage::from_fn(128, 128, |x, y| Luma([squares[(y / 8 * 16 + x / 8) as usize]]))
}

/// Four patients of each class, one picture each, and two test pictures of each class.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (split, patients) in [("train", 0..4), ("test", 20..22)] {
        for at in patients {
            draw(folder.path(), &format!("{split}/NORMAL/IM-{at:04}-0001.png"), &picture(at));
            draw(folder.path(), &format!("{split}/PNEUMONIA/person{at}_virus_1.png"), &picture(100 + at));
        }
    }
    folder
}

/// The notes on a folder, with those on its images.
fn notes(folder: &Path) -> Vec<DataNote> {
    crate::decoder::ready();
    let classes = ClassNames::default();
    let data = DataSet::load(folder, &classes, None, 1).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let mut notes = data.notes.clone();
    notes.extend(find(&data, &classes, cache.path()).unwrap().notes);
    notes
}

fn note(notes: &[DataNote], kind: NoteKind) -> &DataNote {
    let found: Vec<&DataNote> = notes.iter().filter(|note| note.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind:?}: {notes:?}");
    found[0]
}

#[test]
fn a_good_folder_has_no_notes() {
    let notes = notes(folder().path());
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn clutter_links_and_other_classes_are_counted() {
    let folder = folder();
    let root = folder.path();
    for clutter in [
        "__MACOSX/train/NORMAL/._IM-0000-0001.png",
        "train/NORMAL/.DS_Store",
        "train/NORMAL/@eaDir/IM-0000-0001.png/SYNOPHOTO_THUMB_M.jpg",
        "train/NORMAL/#recycle/IM-0077-0001.png",
        "train/PNEUMONIA/$RECYCLE.BIN/$R1.png",
        "train/PNEUMONIA/THUMBS.DB",
        "test/NORMAL/Desktop.ini",
    ] {
        put(root, clutter, b"clutter");
    }
    for other in ["train/COVID/a.png", "train/COVID/b.png", "test/COVID/c.png"] {
        put(root, other, b"other");
    }
    let items = list(root, &ClassNames::default()).unwrap();
    assert_eq!(items.len(), 12);
    #[cfg(unix)]
    for link in ["train/NORMAL/link.png", "train/PNEUMONIA/dangling.png"] {
        std::os::unix::fs::symlink(root.join("nowhere"), root.join(link)).unwrap();
    }
    let notes = notes(root);
    let clutter = note(&notes, NoteKind::Clutter);
    assert_eq!((clutter.count, clutter.first[0].as_str()), (7, "__MACOSX"));
    let others = note(&notes, NoteKind::OtherClass);
    assert_eq!(
        (others.count, others.first.clone()),
        (3, vec!["2 in train/COVID".to_owned(), "1 in test/COVID".to_owned()])
    );
    #[cfg(unix)]
    assert_eq!(
        note(&notes, NoteKind::Links).first,
        ["train/NORMAL/link.png", "train/PNEUMONIA/dangling.png"]
    );
    assert_eq!(notes.len(), if cfg!(unix) { 3 } else { 2 });
}

#[test]
fn pictures_that_mislead_are_named() {
    let folder = folder();
    let root = folder.path();
    // One picture in both classes, one twice as two patients, a black one, a flat one, a mask.
    draw(root, "train/PNEUMONIA/person90_virus_1.png", &picture(0));
    draw(root, "train/NORMAL/IM-0091-0001.png", &picture(1));
    draw(root, "train/NORMAL/IM-0092-0001.png", &GrayImage::new(128, 128));
    let flat = GrayImage::from_fn(128, 128, |x, y| Luma([((x + y) % 50) as u8]));
    draw(root, "train/NORMAL/IM-0093-0001.png", &flat);
    let mask = GrayImage::from_fn(128, 128, |x, _| Luma([if x < 50 { 255 } else { 0 }]));
    draw(root, "train/NORMAL/IM-0094-0001.png", &mask);
    let notes = notes(root);
    let contradiction = note(&notes, NoteKind::Contradiction);
    assert_eq!(contradiction.count, 1);
    let names = &contradiction.first[0];
    assert!(names.contains("IM-0000-0001.png") && names.contains("person90_virus_1.png"), "{names}");
    assert_eq!(note(&notes, NoteKind::Blank).first, ["train/NORMAL/IM-0092-0001.png"]);
    assert_eq!(note(&notes, NoteKind::QuarterRange).first, ["train/NORMAL/IM-0093-0001.png"]);
    assert_eq!(note(&notes, NoteKind::TwoLevels).first, ["train/NORMAL/IM-0094-0001.png"]);
}

#[test]
fn the_command_names_them_and_strict_refuses_contradictions() {
    let folder = folder();
    draw(folder.path(), "train/PNEUMONIA/person90_virus_1.png", &picture(0));
    put(folder.path(), "train/NORMAL/Thumbs.db", b"clutter");
    let run = |strict: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-trainer"));
        command.arg("leaks").arg("--data").arg(folder.path()).arg("--cache").arg(folder.path().join("cache"));
        command.args(strict.then_some("--strict")).output().unwrap()
    };
    let output = run(false);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("classes     1 images are in both"), "{text}");
    assert!(text.contains("note        1 files or folders are what a system"), "{text}");
    assert!(text.contains("note        1 pairs of images are one image in both classes"), "{text}");
    assert_eq!(run(true).status.code(), Some(1));
}

#[test]
fn patients_are_told_by_names_or_a_pattern_or_said_to_be_unknown() {
    let folder = tempfile::tempdir().unwrap();
    for class in ["NORMAL", "PNEUMONIA"] {
        for at in 0..6 {
            let name = format!("train/{class}/ward_{class}{}_{at}.png", at / 2);
            put(folder.path(), &name, name.as_bytes());
        }
    }
    let classes = ClassNames::default();
    let set = DataSet::load(folder.path(), &classes, None, 1).unwrap();
    let unknown = note(&set.notes, NoteKind::NoPatient);
    assert_eq!(unknown.count, 12);
    assert!(unknown.to_string().contains("--patient-regex"), "{unknown}");
    let pattern: PatientPattern = r"/ward_([A-Z]+\d)_".parse().unwrap();
    let source = DataSource { patients: Some(pattern), ..DataSource::new(folder.path()) };
    let set = DataSet::load_source(&source, &classes, 1).unwrap();
    assert!(set.notes.is_empty(), "{:?}", set.notes);
    // Three patients of each class with two images: one patient of each is kept.
    assert_eq!((set.train.len(), set.validation.len()), (8, 4));
    assert!(set.train.iter().any(|item| item.patient.starts_with("NORMAL")), "{:?}", set.train[0].patient);
}

#[test]
fn folders_that_are_called_otherwise_are_taken_or_explained() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (class, name) in [("Normal", "IM-"), ("Pneumonia", "person")] {
        for split in ["Train", "Test"] {
            for at in 1..3 {
                let end = if class == "Normal" { "-1.png" } else { "_virus_1.png" };
                let name = format!("{split}/{class}/{name}{at}{end}");
                put(root, &name, name.as_bytes());
            }
        }
    }
    let set = DataSet::load(root, &ClassNames::default(), None, 1).unwrap();
    assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (2, 2, 4));
    assert_eq!(set.test[0].relative, "Test/Normal/IM-1-1.png");
    assert_eq!(note(&set.notes, NoteKind::NameCase).count, 6);

    let undivided = tempfile::tempdir().unwrap();
    put(undivided.path(), "NORMAL/a.png", b"a");
    put(undivided.path(), "PNEUMONIA/b.png", b"b");
    let error = list(undivided.path(), &ClassNames::default()).unwrap_err().to_string();
    assert!(error.contains("not divided") && error.contains("--table"), "{error}");
    let windows = tempfile::tempdir().unwrap();
    put(windows.path(), "train\\NORMAL\\a.png", b"a");
    let error = list(windows.path(), &ClassNames::default()).unwrap_err().to_string();
    assert!(error.contains("1 file(s) with backslashes"), "{error}");
}
