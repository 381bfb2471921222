//! Folders as they come out of archives, and folders that are wrong.

use std::path::Path;

use host_trainer::data::{ClassNames, DataError, DataSet, Role, Split, list, of_split, patient_of};

fn put(root: &Path, relative: &str, bytes: &str) {
    let path = root.join(relative);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn classes() -> ClassNames {
    ClassNames::default()
}

/// `patients` of each class in train with two images each, and one test image of each class.
fn small(root: &Path, patients: usize) {
    for n in 0..patients {
        for i in 0..2 {
            put(root, &format!("train/NORMAL/IM-{n:04}-000{i}.png"), &format!("n{n}{i}"));
            put(root, &format!("train/PNEUMONIA/person{n}_virus_{i}.png"), &format!("p{n}{i}"));
        }
    }
    put(root, "test/NORMAL/IM-0001-0001.png", "tn");
    put(root, "test/PNEUMONIA/person1_virus_1.png", "tp");
}

#[test]
fn patients_are_told_by_names() {
    assert_eq!(patient_of("train/PNEUMONIA/person12_bacteria_34.jpeg"), "P12");
    assert_eq!(patient_of("train/PNEUMONIA/person447_virus_921_1.jpeg"), "P447");
    assert_eq!(patient_of("train/NORMAL/IM-0115-0001.jpeg"), "N0115");
    assert_eq!(patient_of("train/NORMAL/IM-0429-0001-0002.jpeg"), "N0429");
    assert_eq!(patient_of("train/NORMAL/NORMAL2-IM-0115-0001.jpeg"), "N0115");
    assert_eq!(patient_of("train/NORMAL/scan.png"), "file:train/NORMAL/scan.png");
    assert_eq!(patient_of("a/person_x.png"), "file:a/person_x.png");
    assert_eq!(patient_of("a/IM-x1-2.png"), "file:a/IM-x1-2.png");
}

#[test]
fn a_nested_archive_counts_each_image_once() {
    let dir = tempfile::tempdir().unwrap();
    let nested = dir.path().join("chest_xray/chest_xray");
    small(&dir.path().join("chest_xray"), 2);
    small(&nested, 2);
    put(dir.path(), "chest_xray/__MACOSX/train/NORMAL/x.png", "clutter");
    put(dir.path(), "chest_xray/train/NORMAL/.DS_Store", "clutter");
    put(dir.path(), "chest_xray/train/OTHER/x.png", "a third class");
    let items = list(dir.path(), &classes()).unwrap();
    assert_eq!(items.len(), 10);
    assert!(items.windows(2).all(|pair| pair[0].relative < pair[1].relative));
    assert!(items.iter().all(|item| item.path.is_absolute() && !item.path.starts_with(&nested)));
    let first = &items[0];
    assert_eq!(
        (first.relative.as_str(), first.label, first.split),
        ("test/NORMAL/IM-0001-0001.png", false, Split::Test)
    );
    // printf tn | sha256sum
    assert_eq!(first.sha256, "193d984cc43c234ce581f221496f1965ff3be1a7f416f8ea6ed83e7b96a132a2");

    put(&nested, "train/NORMAL/IM-0000-0000.png", "another picture");
    assert!(matches!(list(dir.path(), &classes()),
        Err(DataError::Conflict { relative, .. }) if relative == "train/NORMAL/IM-0000-0000.png"));
}

#[test]
fn what_is_missing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let message = |root: &Path| list(root, &classes()).unwrap_err().to_string();
    assert!(message(&root.join("nowhere")).contains("no such folder"));
    put(root, "pictures/a.png", "a");
    assert!(message(root).contains("found pictures"), "{}", message(root));
    put(root, "train/NORMAL/a.png", "a");
    put(root, "train/SICK/b.png", "b");
    let text = message(root);
    assert!(text.contains("train/ has no folder PNEUMONIA, found NORMAL, SICK"), "{text}");
    assert!(text.contains("--classes"), "{text}");
    let named: ClassNames = "NORMAL,SICK".parse().unwrap();
    assert_eq!(list(root, &named).unwrap().iter().filter(|item| item.label).count(), 1);
    std::fs::create_dir_all(root.join("train/PNEUMONIA")).unwrap();
    assert!(message(root).contains("train/PNEUMONIA holds no images"));
    let error = of_split(root, &named, Split::Test).unwrap_err().to_string();
    assert!(error.contains("test/") && error.contains("holds: train"), "{error}");
    for wrong in ["A", "A,A", "A,", "../A,B"] {
        assert!(wrong.parse::<ClassNames>().is_err(), "{wrong}");
    }
}

#[cfg(unix)]
#[test]
fn symbolic_links_do_not_lead_outside() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "secret.png", "s");
    small(dir.path(), 1);
    let link = dir.path().join("train/NORMAL/link.png");
    std::os::unix::fs::symlink(outside.path().join("secret.png"), link).unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("train/NORMAL/folder")).unwrap();
    assert_eq!(list(dir.path(), &classes()).unwrap().len(), 6);
}

#[test]
fn the_fingerprint_is_of_content_role_and_label() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small(one.path(), 4);
    small(&two.path().join("deep/below"), 4);
    let load = |root: &Path, seed| DataSet::load(root, &classes(), None, seed).unwrap();
    assert_eq!(load(one.path(), 3).fingerprint(), load(two.path(), 3).fingerprint());
    let other = (4..20).find(|seed| load(one.path(), *seed).role(Role::Train) != load(one.path(), 3).train);
    assert_ne!(load(one.path(), 3).fingerprint(), load(one.path(), other.unwrap()).fingerprint());
    put(one.path(), "test/NORMAL/IM-0001-0001.png", "changed");
    assert_ne!(load(one.path(), 3).fingerprint(), load(two.path(), 3).fingerprint());
}
