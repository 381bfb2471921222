//! No patient on two sides, whatever the folders hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::real_data::data_folder;
use host_trainer::data::{ClassNames, DataError, DataSet, Item, Split};
use proptest::prelude::*;

fn item(split: Split, label: bool, patient: &str, n: usize) -> Item {
    let class = if label { "PNEUMONIA" } else { "NORMAL" };
    let relative = format!("{}/{class}/{patient}-{n}.png", split.name());
    Item {
        path: PathBuf::from("/data").join(&relative),
        sha256: format!("{n:064}"),
        relative,
        label,
        split,
        patient: patient.to_owned(),
        source: String::new(),
    }
}

fn patients(items: &[Item]) -> BTreeSet<&str> {
    items.iter().map(|item| item.patient.as_str()).collect()
}

fn carve(items: Vec<Item>, seed: u64) -> Result<DataSet, DataError> {
    DataSet::carve(items, &ClassNames::default(), 0.1, seed)
}

#[test]
fn a_tenth_of_each_class_is_kept_and_val_is_added() {
    let mut items = Vec::new();
    for p in 0..100 {
        items.push(item(Split::Train, false, &format!("N{p}"), p));
        items.extend((0..3).map(|i| item(Split::Train, true, &format!("P{}", p % 40), 1000 + 3 * p + i)));
    }
    items.push(item(Split::Val, false, "N7000", 5000));
    items.push(item(Split::Val, true, "P0", 5001));
    items.push(item(Split::Test, true, "P0", 6000));
    let set = carve(items.clone(), 1).unwrap();
    let kept = patients(&set.validation);
    let kept_of = |letter: &str| kept.iter().filter(|p| p.starts_with(letter) && **p != "N7000").count();
    assert_eq!((kept_of("N"), kept_of("P")), (10, 4));
    assert!(kept.contains("N7000"));
    assert!(kept.is_disjoint(&patients(&set.train)));
    assert_eq!(set.test.len(), 1);
    assert_eq!(set.train.len() + set.validation.len() + set.test.len(), items.len());
    assert_ne!(carve(items, 2).unwrap().validation, set.validation);
}

#[test]
fn the_order_of_patients_is_the_same_everywhere() {
    let items = (0..10).flat_map(|p| {
        [item(Split::Train, false, &format!("N{p}"), p), item(Split::Train, true, &format!("P{p}"), 50 + p)]
    });
    let set = carve(items.collect(), 42).unwrap();
    // hashlib.sha256(struct.pack("<Q", 42) + name.encode()), the least of N0..N9 and of P0..P9
    assert_eq!(patients(&set.validation), BTreeSet::from(["N0", "P3"]));
}

#[test]
fn one_patient_cannot_be_divided() {
    let items = vec![
        item(Split::Train, false, "N1", 1),
        item(Split::Train, false, "N2", 2),
        item(Split::Train, true, "P1", 3),
    ];
    let error = carve(items, 0).unwrap_err().to_string();
    assert!(error.contains("PNEUMONIA has 1 patient"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn patients_never_part(
        seed in any::<u64>(),
        rows in proptest::collection::vec((0usize..12, any::<bool>(), 0usize..5), 8..120),
    ) {
        let items: Vec<Item> = rows.iter().enumerate().map(|(n, (patient, label, split))| {
            let split = [Split::Train, Split::Train, Split::Train, Split::Val, Split::Test][*split];
            item(split, *label, &format!("p{patient}"), n)
        }).collect();
        if let Ok(set) = carve(items.clone(), seed) {
            prop_assert!(patients(&set.train).is_disjoint(&patients(&set.validation)));
            prop_assert_eq!(set.train.len() + set.validation.len() + set.test.len(), items.len());
            prop_assert!(set.test.iter().all(|item| item.split == Split::Test));
            let mut reversed = items;
            reversed.reverse();
            let again = carve(reversed, seed).unwrap();
            prop_assert_eq!(patients(&again.validation), patients(&set.validation));
        }
    }
}

fn folder(root: &Path) {
    for class in ["NORMAL", "PNEUMONIA"] {
        for name in ["train/{}/a.png", "train/{}/b.png", "val/{}/v.png", "test/{}/t.png"] {
            let path = root.join(name.replace("{}", class));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("{class}{name}")).unwrap();
        }
    }
}

const GOOD: &str = "path,role,patient\n\
    train/NORMAL/a.png,train,1\ntrain/NORMAL/b.png,val,2\n\
    train/PNEUMONIA/a.png,train,3\ntrain/PNEUMONIA/b.png,val,4\n";

fn by_file(root: &Path, text: &str) -> Result<DataSet, DataError> {
    let file = root.join("splits.csv");
    std::fs::write(&file, text).unwrap();
    DataSet::load(root, &ClassNames::default(), Some(&file), 0)
}

#[test]
fn a_splits_file_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    let set = by_file(dir.path(), GOOD).unwrap();
    assert_eq!(patients(&set.train), BTreeSet::from(["1", "3"]));
    assert_eq!(patients(&set.validation), BTreeSet::from(["2", "4"]));
    assert_eq!(set.test.len(), 2);
}

#[test]
fn a_wrong_splits_file_is_named_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    let cases = [
        (GOOD.replace("NORMAL/a.png", "NORMAL/z.png"), "line 2: there is no image train/NORMAL/z.png"),
        (GOOD.replace("b.png,val,2", "b.png,vall,2"), "line 3: unknown role \"vall\""),
        (GOOD.replace("val,4", "val,3"), "line 5: patient 3 has the roles train and val"),
        (
            GOOD.replace("train/PNEUMONIA/b.png,val,4\n", ""),
            "1 image(s) of train/ are not listed: train/PNEUMONIA/b.png",
        ),
        (GOOD.replace("val,4", "val,"), "line 5: no patient for train/PNEUMONIA/b.png"),
        (GOOD.replace("val,4", "train,4"), "no image of PNEUMONIA has the role val"),
        (format!("{GOOD}train/NORMAL/a.png,train,1\n"), "line 6: train/NORMAL/a.png is listed twice"),
        (GOOD.replace("role", "part"), "no column role"),
        ("path,role,patient\n".to_owned(), "lists no images"),
    ];
    for (text, expected) in cases {
        let error = by_file(dir.path(), &text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nlacks: {expected}");
    }
    let missing = dir.path().join("none.csv");
    let error = DataSet::load(dir.path(), &ClassNames::default(), Some(&missing), 0).unwrap_err();
    assert!(error.to_string().contains("none.csv"), "{error}");
}

/// The real listing groups as its published patient column does.
#[test]
fn real_patients_are_grouped_as_published() {
    let Some(data) = data_folder() else { return };
    let (root, splits) = (data.join("chest-xray-224"), data.join("splits.csv"));
    if !root.is_dir() || !splits.is_file() {
        eprintln!("SKIPPED: no chest-xray-224 and splits.csv in {}", data.display());
        return;
    }
    let classes = ClassNames::default();
    let told: BTreeMap<String, String> = host_trainer::data::list(&root, &classes)
        .unwrap()
        .into_iter()
        .map(|item| (item.relative, item.patient))
        .collect();
    let set = DataSet::load(&root, &classes, Some(&splits), 0).unwrap();
    assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (4717, 499, 317));
    for item in set.train.iter().chain(&set.validation) {
        assert_eq!(told[&item.relative], item.patient, "{}", item.relative);
    }
    let carved = DataSet::load(&root, &classes, None, 0).unwrap();
    assert!(patients(&carved.train).is_disjoint(&patients(&carved.validation)));
    let of = |items: &[Item], letter: &str| patients(items).iter().filter(|p| p.starts_with(letter)).count();
    for letter in ["N", "P"] {
        let (kept, left) = (of(&carved.validation, letter), of(&carved.train, letter));
        assert_eq!(kept, (0.1 * (kept + left) as f64).round() as usize);
    }
}
