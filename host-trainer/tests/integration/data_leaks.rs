//! Images and patients on two sides are found; children who only look alike are not.

use std::path::{Path, PathBuf};

use host_trainer::data::leaks::{LeakCounts, Leaks, NEAR, PictureHash, find};
use host_trainer::data::{ClassNames, DataSet, Role, phantom};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, Luma, imageops};
use xray_intake::{Radiograph, read_file};

fn write(root: &Path, relative: &str, image: &GrayImage) {
    let path = root.join(relative);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if relative.ends_with("jpeg") {
        let file = std::fs::File::create(path).unwrap();
        let (width, height) = image.dimensions();
        let encoder = JpegEncoder::new_with_quality(file, 40);
        return image.write_with_encoder(encoder).map(|()| assert!(width * height > 0)).unwrap();
    }
    image.save(path).unwrap();
}

/// Six children in train and six in test.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for child in 0..6u64 {
        let (sick, name) = (child % 2 == 1, ["NORMAL/IM", "PNEUMONIA/person"][child as usize % 2]);
        for split in ["train", "test"] {
            let patient = 100 * u64::from(split == "test") + child;
            let file = format!("{split}/{name}-{patient}-1.png").replace("person-", "person");
            let file = file.replace(&format!("person{patient}-1"), &format!("person{patient}_1"));
            write(folder.path(), &file, &phantom::draw(5, patient, 0, sick));
        }
    }
    folder
}

fn found(folder: &Path) -> (DataSet, Leaks) {
    crate::decoder::ready();
    let data = DataSet::load(folder, &ClassNames::default(), None, 1).unwrap();
    let leaks = find(&data, &ClassNames::default(), &folder.join("cache")).unwrap();
    (data, leaks)
}

#[test]
fn children_who_only_look_alike_are_no_leak() {
    let folder = folder();
    let (data, leaks) = found(folder.path());
    assert_eq!(data.train.len() + data.validation.len() + data.test.len(), 12);
    assert_eq!((leaks.pairs.as_slice(), leaks.within), (&[][..], 0));
    assert_eq!((leaks.patients.as_slice(), leaks.unreadable.as_slice()), (&[][..], &[][..]));
    assert!(!leaks.counts().any());
}

#[test]
fn copies_in_another_form_are_found() {
    let folder = folder();
    let original = phantom::draw(5, 0, 0, false);
    // Smaller, brighter, of less contrast, stored with losses.
    let mut small = imageops::resize(&original, 300, 260, imageops::FilterType::Triangle);
    small.pixels_mut().for_each(|Luma([level])| *level = (f32::from(*level) * 0.8 + 30.0) as u8);
    write(folder.path(), "test/NORMAL/IM-777-1.jpeg", &small);
    // And its mirror image, called sick.
    write(folder.path(), "test/PNEUMONIA/person888_1.png", &imageops::flip_horizontal(&original));
    let (data, leaks) = found(folder.path());
    let side = [Role::Train, Role::Validation]
        .into_iter()
        .find(|role| data.role(*role).iter().any(|item| item.relative == "train/NORMAL/IM-0-1.png"))
        .unwrap();
    let seen: Vec<_> = leaks
        .pairs
        .iter()
        .map(|pair| (pair.first.role, pair.first.path.as_str(), pair.second.path.as_str(), pair.mirrored))
        .collect();
    let original = "train/NORMAL/IM-0-1.png";
    assert!(seen.contains(&(side, original, "test/NORMAL/IM-777-1.jpeg", false)), "{seen:?}");
    assert!(seen.contains(&(side, original, "test/PNEUMONIA/person888_1.png", true)), "{seen:?}");
    assert_eq!(leaks.counts(), LeakCounts { pairs: 2, patients: 0 });
    assert!(leaks.pairs.is_sorted_by_key(|pair| pair.distance) && leaks.pairs[1].distance <= NEAR);
    // The two copies of one image on one side.
    assert_eq!(leaks.within, 1);
    assert_ne!(leaks.pairs[0].first.label, leaks.pairs[1].second.label || leaks.pairs[0].second.label);
}

#[test]
fn hashes_that_are_known_are_not_computed_again() {
    let folder = folder();
    let (data, leaks) = found(folder.path());
    // With its file gone an image is still compared.
    let gone: PathBuf = data.test[0].path.clone();
    std::fs::remove_file(gone).unwrap();
    assert_eq!(find(&data, &ClassNames::default(), &folder.path().join("cache")).unwrap(), leaks);
    let elsewhere = find(&data, &ClassNames::default(), &folder.path().join("other")).unwrap();
    assert_eq!(elsewhere.unreadable, [data.test[0].relative.clone()]);
}

#[test]
fn patients_on_two_sides_are_told_by_how_they_were_named() {
    let folder = folder();
    // One number in train and in test: by file names alone that is no evidence.
    write(folder.path(), "test/NORMAL/IM-0-1.png", &phantom::draw(5, 500, 0, false));
    let (mut data, leaks) = found(folder.path());
    let shared: Vec<_> = leaks.patients.iter().map(|one| (one.patient.as_str(), one.certain)).collect();
    assert_eq!(shared, [("N0", false)]);
    assert!(!leaks.counts().any());
    // A name that somebody gave is.
    let item = data.test[0].clone();
    data.test[0].patient = "Ada".to_owned();
    data.train[0].patient = "Ada".to_owned();
    // And so is a child in train and validation.
    data.validation[0].patient = data.train[1].patient.clone();
    let leaks = find(&data, &ClassNames::default(), &folder.path().join("cache")).unwrap();
    let certain: Vec<_> = leaks.patients.iter().filter(|one| one.certain).map(|one| &one.patient).collect();
    assert!(certain.contains(&&"Ada".to_owned()) && certain.contains(&&data.train[1].patient), "{certain:?}");
    assert_eq!(leaks.counts().patients, 2, "{item:?}");
}

#[test]
fn a_hash_bears_what_programs_do_to_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let picture = phantom::draw(9, 1, 0, true);
    let of = |image: &GrayImage| {
        let (width, height) = image.dimensions();
        PictureHash::of(&Radiograph::from_grey(width, height, image.as_raw().clone()).unwrap()).unwrap()
    };
    let original = of(&picture);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 20)
        .encode(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::L8)
        .unwrap();
    let file = folder.path().join("a.jpeg");
    std::fs::write(&file, bytes).unwrap();
    let stored = PictureHash::of(&read_file(&file).unwrap()).unwrap();
    let reduced = of(&imageops::resize(&picture, 224, 224, imageops::FilterType::Lanczos3));
    for (name, hash) in [("stored", stored), ("reduced", reduced)] {
        let (distance, mirrored) = original.distance(&hash);
        eprintln!("{name}: {distance} bits");
        assert!(distance <= NEAR / 2 && !mirrored, "{name}: {distance}");
    }
    let other = of(&phantom::draw(9, 2, 0, true));
    assert!(original.distance(&other).0 > NEAR, "{:?}", original.distance(&other));
}
