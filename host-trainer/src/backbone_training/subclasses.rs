//! Kinds of the finding, such as bacterial and viral pneumonia, that a further output learns to tell.

use std::collections::BTreeSet;

use crate::data::{Groups, Item};

/// The subclasses of the training images.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subclasses {
    /// Of images with the finding, in alphabetical order; empty where there are none to tell.
    names: Vec<String>,
    /// Of each image: 0 without the finding, then as in `names`; none where it is not known.
    of_image: Vec<Option<usize>>,
}

impl Subclasses {
    /// By the groups of images with the finding. Images without it are one more subclass, in the hospitals whose images have
    /// groups. Fewer than two groups tell no more than the label: then there are none.
    pub fn new(items: &[Item], groups: &Groups) -> Self {
        let of = |item: &Item| {
            if item.label { groups.group_of(&item.relative).map(str::to_owned) } else { None }
        };
        let of_image: Vec<Option<String>> = items.iter().map(of).collect();
        let names: BTreeSet<&String> = of_image.iter().flatten().collect();
        if names.len() < 2 {
            return Subclasses { names: Vec::new(), of_image: vec![None; items.len()] };
        }
        let known: BTreeSet<&str> = items
            .iter()
            .zip(&of_image)
            .filter_map(|(item, group)| group.as_ref().map(|_| item.source.as_str()))
            .collect();
        let number = |(item, group): (&Item, &Option<String>)| match group {
            Some(group) => names.iter().position(|name| *name == group).map(|at| at + 1),
            None => (!item.label && known.contains(item.source.as_str())).then_some(0),
        };
        Subclasses {
            of_image: items.iter().zip(&of_image).map(number).collect(),
            names: names.into_iter().cloned().collect(),
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many an output has to tell, images without the finding included; 0 where there are none.
    pub(super) fn count(&self) -> usize {
        if self.names.is_empty() { 0 } else { self.names.len() + 1 }
    }

    /// That of an image, by its number.
    pub(super) fn of(&self, image: usize) -> Option<usize> {
        self.of_image.get(image).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    fn item(source: &str, label: bool, name: &str) -> Item {
        Item {
            path: name.into(),
            relative: format!("train/{name}"),
            label,
            split: Split::Train,
            patient: String::new(),
            source: source.to_owned(),
            sha256: String::new(),
        }
    }

    #[test]
    fn names_of_files_tell_subclasses() {
        let items = [
            item("a", false, "IM-0001-0001.jpeg"),
            item("a", true, "person1_virus_1.jpeg"),
            item("a", true, "person2_bacteria_1.jpeg"),
            item("a", true, "person.jpeg"),
            item("b", false, "1.jpeg"),
            item("b", true, "2.jpeg"),
        ];
        let all = Subclasses::new(&items, &Groups::ByName);
        assert_eq!((all.names().join(" "), all.count()), ("bacteria virus".to_owned(), 3));
        let of: Vec<_> = (0..items.len()).map(|image| all.of(image)).collect();
        assert_eq!(of, [Some(0), Some(2), Some(1), None, None, None]);
    }

    #[test]
    fn one_group_is_the_label() {
        let items = [item("", false, "1.jpeg"), item("", true, "person1_virus_1.jpeg")];
        let none = Subclasses::new(&items, &Groups::ByName);
        assert_eq!((none.count(), none.of(0), none.of(1)), (0, None, None));
    }
}
