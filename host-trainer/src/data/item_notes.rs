//! Notes on the images of a data set by their names and patients.

use std::collections::BTreeMap;

use super::notes::{DataNote, NoteKind};
use super::patient::unknown_patient;
use super::{ClassNames, Item};

/// Words, in small letters, for images without a finding.
const NEGATIVE: [&str; 6] = ["normal", "healthy", "negative", "no finding", "no_finding", "no pneumonia"];
/// Words, in small letters, for images with one.
const POSITIVE: [&str; 5] = ["pneumonia", "positive", "abnormal", "sick", "covid"];

/// Images whose names differ in nothing but the case of letters: one file on most sticks, two here.
pub(super) fn case_twins(items: &[&Item]) -> Option<DataNote> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        *seen.entry(item.relative.to_lowercase()).or_default() += 1;
    }
    let twins = items.iter().filter(|item| seen[&item.relative.to_lowercase()] > 1);
    let text = "images have names that differ in the case of letters alone; keep one of each, or rename them";
    DataNote::of(NoteKind::CaseTwins, twins.map(|item| item.relative.clone()), text)
}

/// Images that count as patients of their own, since nothing tells whose they are.
pub(super) fn without_patient(items: &[&Item]) -> Option<DataNote> {
    let alone = items.iter().filter(|item| item.patient == unknown_patient(&item.relative));
    let text = format!(
        "of {} images do not say whose they are, so each counts as a patient of its own, and one person may be in training \
         and validation; name the patients with --patient-regex, --splits or --table",
        items.len()
    );
    DataNote::of(NoteKind::NoPatient, alone.map(|item| item.relative.clone()), text)
}

/// Images that are lateral views by their names.
pub(super) fn lateral(items: &[&Item]) -> Option<DataNote> {
    let is_lateral = |item: &&&Item| {
        let name = item.relative.rsplit('/').next().unwrap_or(&item.relative).to_lowercase();
        name.split(['_', '-', '.', ' ']).any(|word| word == "lateral")
    };
    let text = "images are lateral views by their names; a model for frontal views needs them left out";
    DataNote::of(NoteKind::Lateral, items.iter().filter(is_lateral).map(|item| item.relative.clone()), text)
}

/// Known classes in the wrong order.
pub(super) fn class_order(classes: &ClassNames) -> Option<DataNote> {
    let has = |words: &[&str], class: &str| words.contains(&class.to_lowercase().as_str());
    let swapped = has(&POSITIVE, &classes.negative) && has(&NEGATIVE, &classes.positive);
    let names = swapped.then(|| format!("{},{}", classes.negative, classes.positive));
    let text = "pair of classes is in the wrong order by its names: the class without the finding comes first in --classes";
    DataNote::of(NoteKind::ClassOrder, names, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    fn item(relative: &str, patient: &str) -> Item {
        Item {
            path: relative.into(),
            relative: relative.to_owned(),
            label: false,
            split: Split::Train,
            patient: patient.to_owned(),
            source: String::new(),
            sha256: String::new(),
        }
    }

    #[test]
    fn names_tell_what_they_tell() {
        let items = [
            item("train/A/im-1.PNG", "file:train/A/im-1.PNG"),
            item("train/A/IM-1.png", "N1"),
            item("train/A/view2_lateral.png", "x"),
            item("train/A/bilateral.png", "y"),
        ];
        let items: Vec<&Item> = items.iter().collect();
        assert_eq!(case_twins(&items).unwrap().count, 2);
        let alone = without_patient(&items).unwrap();
        assert_eq!((alone.count, alone.first.as_slice()), (1, &["train/A/im-1.PNG".to_owned()][..]));
        assert!(alone.text.contains("of 4 images"));
        assert_eq!(lateral(&items).unwrap().first, ["train/A/view2_lateral.png"]);
        assert!(class_order(&"PNEUMONIA,NORMAL".parse().unwrap()).is_some());
        for right in ["NORMAL,PNEUMONIA", "PNEUMONIA,COVID", "a,b"] {
            assert_eq!(class_order(&right.parse().unwrap()), None);
        }
    }
}
