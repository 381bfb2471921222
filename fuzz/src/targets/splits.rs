//! The splits file of a data folder: what is read, written and read again divides the images in the same way.

use std::sync::LazyLock;

use host_trainer::data::{ClassNames, DataSet, Role};

use crate::scratch::Scratch;

/// A data folder with two images of each class, and room for the splits file.
static FOLDER: LazyLock<Scratch> = LazyLock::new(|| {
    let folder = Scratch::new();
    for image in ["NORMAL/a.png", "NORMAL/b.png", "PNEUMONIA/c.png", "PNEUMONIA/d.png"] {
        let path = folder.path().join("data/train").join(image);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in memory");
        std::fs::write(path, image).expect("a file in memory");
    }
    folder
});

pub(super) fn check(bytes: &[u8]) {
    let load = |bytes: &[u8]| {
        let file = FOLDER.write("splits.csv", bytes);
        DataSet::load(&FOLDER.path().join("data"), &ClassNames::default(), Some(&file), 0)
    };
    let Ok(set) = load(bytes) else { return };
    let again = load(&written(&set)).expect("what was written is read");
    assert_eq!(again, set);
}

fn written(set: &DataSet) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["path", "role", "patient"]).expect("in memory");
    for role in [Role::Train, Role::Validation, Role::Test] {
        for item in set.role(role) {
            out.write_record([item.relative.as_str(), role.name(), item.patient.as_str()])
                .expect("in memory");
        }
    }
    out.into_inner().expect("in memory")
}
