//! Groups of images that get figures of their own.

use std::collections::BTreeMap;
use std::path::Path;

use super::DataError;
use super::csv_file::{CsvFile, comparable, needed};

/// How an image's group is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// By the file names of the Kermany set: `personN_bacteria_…` is `bacteria`, `personN_virus_…` is `virus`, any
    /// other file has no group.
    ByName,
    /// By a file: from the path, from the split folder on, to the group.
    Listed(BTreeMap<String, String>),
}

/// The columns that it must have.
const COLUMNS: [&str; 2] = ["path", "group"];
/// Those of a table of images.
const OF_TABLE: [&str; 2] = ["image", "subgroup"];

impl Groups {
    /// Reads a CSV file with the columns `path` (as in [`super::Item::relative`]) and `group`, or a table of images with
    /// `image` and `subgroup`; other columns are passed over, and so are images that are not asked for later. An empty group is none.
    ///
    /// # Errors
    /// [`DataError::GroupsFile`] if it cannot be read, a column is missing, or a path is listed twice.
    pub fn read(file: &Path) -> Result<Groups, DataError> {
        let wrong = |reason: String| DataError::GroupsFile { file: file.to_owned(), reason };
        let csv = CsvFile::read(file, &COLUMNS).map_err(wrong)?;
        // A table of images has other names for the same.
        let columns = if csv.column("image").is_some() { OF_TABLE } else { COLUMNS };
        let [path, group] = columns.map(|column| needed(&csv, column, &columns));
        let (path, group) = (path.map_err(wrong)?, group.map_err(wrong)?);
        let mut groups = BTreeMap::new();
        for (_, row) in &csv.rows {
            let [path, group] = [path, group].map(|column| row.get(column).unwrap_or_default());
            if groups.insert(comparable(path), group.to_owned()).is_some() {
                return Err(wrong(format!("{path} is listed twice; keep one of the lines")));
            }
        }
        Ok(Groups::Listed(groups))
    }

    /// The group of an image, by its path from the split folder on.
    pub fn group_of(&self, relative: &str) -> Option<&str> {
        match self {
            Groups::ByName => by_name(relative),
            Groups::Listed(groups) => {
                groups.get(&comparable(relative)).map(String::as_str).filter(|group| !group.is_empty())
            }
        }
    }
}

fn by_name(relative: &str) -> Option<&'static str> {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    let mut parts = name.strip_prefix("person")?.split('_');
    let number = parts.next()?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kind = parts.next()?;
    ["bacteria", "virus"].into_iter().find(|known| *known == kind)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn groups_are_told_by_the_names_of_the_set() {
        let of = |name: &str| Groups::ByName.group_of(name).map(str::to_owned);
        assert_eq!(of("test/PNEUMONIA/person100_bacteria_475.jpeg").as_deref(), Some("bacteria"));
        assert_eq!(of("test/PNEUMONIA/person1_virus_11.jpeg").as_deref(), Some("virus"));
        for name in
            ["IM-0001-0001.jpeg", "person_virus_1.jpeg", "person1_fungus_1.jpeg", "virus.jpeg", "person1"]
        {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn groups_are_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("groups.csv");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Groups::read(&file)
        };
        let groups = read("age,path, group\n3,test\\A\\1.png,ward\n4,test/A/2.png,\n").unwrap();
        assert_eq!(groups.group_of("test/A/1.png"), Some("ward"));
        assert_eq!(groups.group_of("test/A/2.png"), None);
        assert_eq!(groups.group_of("test/A/3.png"), None);
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(error("path,ward\n").contains("no column group"));
        assert!(error("path,group\na,1\na,2\n").contains("a is listed twice"));
        assert!(error("path,group\na\n").contains("cannot be read"));
        std::fs::remove_file(&file).unwrap();
        assert!(Groups::read(&file).unwrap_err().to_string().contains("groups.csv"));
    }
}
