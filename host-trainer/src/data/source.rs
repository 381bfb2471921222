//! Images of several hospitals in one data set.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ClassNames, DataError, DataSet, Item};

/// Images of one hospital. As text: `DIR`, or `NAME=DIR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSource {
    /// The hospital; empty where there is only one.
    pub name: String,
    /// Folder with the class folders.
    pub folder: PathBuf,
    /// A file that says which image is on which side, instead of the rule by patient.
    pub splits: Option<PathBuf>,
}

impl FromStr for DataSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, folder) = named(text)?;
        Ok(DataSource { name, folder, splits: None })
    }
}

/// Reads `NAME=PATH` or `PATH`; a path with `=` in it is written as `./PATH`.
fn named(text: &str) -> Result<(String, PathBuf), String> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match text.split_once('=') {
        Some((name, path)) if is_name(name) && !path.is_empty() => Ok((name.to_owned(), path.into())),
        Some((name, _)) if !name.contains('/') => {
            Err(format!("`{text}` is not NAME=DIR with a name of letters, digits, - and _"))
        }
        _ => Ok((String::new(), text.into())),
    }
}

/// A splits file of one source. As text: `FILE`, or `NAME=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSplits {
    /// The source; empty where there is only one.
    pub name: String,
    /// The file.
    pub file: PathBuf,
}

impl FromStr for SourceSplits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = named(text)?;
        Ok(SourceSplits { name, file })
    }
}

/// Why sources cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// One of several has no name.
    #[error("{folder}: several --data need a name each; write --data NAME={folder}")]
    Unnamed {
        /// Its folder.
        folder: String,
    },
    /// Two have one name.
    #[error("--data {name}=... is given twice; name the second one differently")]
    Twice {
        /// The name.
        name: String,
    },
    /// An option names a source that is not there.
    #[error("{option} names the source `{name}`, but --data names {known}; write one of these")]
    Unknown {
        /// The option.
        option: &'static str,
        /// The name.
        name: String,
        /// The names that are there.
        known: String,
    },
}

impl DataSource {
    /// Gives each source its splits file.
    ///
    /// # Errors
    /// [`SourceError`] if names are missing, doubled or not known.
    pub fn join(
        mut sources: Vec<DataSource>,
        splits: Vec<SourceSplits>,
    ) -> Result<Vec<DataSource>, SourceError> {
        let mut names = BTreeSet::new();
        if sources.len() > 1 {
            for source in &sources {
                if source.name.is_empty() {
                    return Err(SourceError::Unnamed { folder: source.folder.display().to_string() });
                }
                if !names.insert(source.name.clone()) {
                    return Err(SourceError::Twice { name: source.name.clone() });
                }
            }
        }
        for SourceSplits { name, file } in splits {
            let known: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            let unknown =
                SourceError::Unnamed { folder: file.display().to_string() };
            let unknown = if name.is_empty() {
                unknown
            } else {
                SourceError::Unknown { option: "--splits", name: name.clone(), known: known.join(", ") }
            };
            let only = sources.len() == 1 && name.is_empty();
            match sources.iter_mut().find(|source| only || source.name == name) {
                Some(source) => source.splits = Some(file),
                None => return Err(unknown),
            }
        }
        Ok(sources)
    }
}

impl DataSet {
    /// Loads every source as [`DataSet::load`] does and joins them. With several sources, patients and
    /// [`Item::relative`] begin with the name of their source and `/`.
    ///
    /// # Errors
    /// As [`DataSet::load`].
    pub fn load_sources(
        sources: &[DataSource],
        classes: &ClassNames,
        seed: u64,
    ) -> Result<DataSet, DataError> {
        let mut all = DataSet { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for source in sources {
            let set = DataSet::load(&source.folder, classes, source.splits.as_deref(), seed)?;
            let named = |mut item: Item| {
                if sources.len() > 1 {
                    item.source.clone_from(&source.name);
                    item.relative = format!("{}/{}", source.name, item.relative);
                    item.patient = format!("{}/{}", source.name, item.patient);
                }
                item
            };
            all.train.extend(set.train.into_iter().map(named));
            all.validation.extend(set.validation.into_iter().map(named));
            all.test.extend(set.test.into_iter().map(named));
        }
        for side in [&mut all.train, &mut all.validation, &mut all.test] {
            side.sort_by(|a, b| a.relative.cmp(&b.relative));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn source(text: &str) -> DataSource {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_read() {
        assert_eq!(source("a=b/c"), DataSource { name: "a".into(), folder: "b/c".into(), splits: None });
        assert_eq!(source("b/c").name, "");
        assert_eq!(source("./a=b").folder, PathBuf::from("./a=b"));
        for wrong in ["=b", "a b=c", "a="] {
            assert!(wrong.parse::<DataSource>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn splits_go_to_their_source() {
        let splits = |text: &str| vec![text.parse::<SourceSplits>().unwrap()];
        let joined = DataSource::join(vec![source("x")], splits("s.csv")).unwrap();
        assert_eq!(joined[0].splits, Some("s.csv".into()));
        let two = || vec![source("a=x"), source("b=y")];
        let joined = DataSource::join(two(), splits("b=s.csv")).unwrap();
        assert_eq!((&joined[0].splits, &joined[1].splits), (&None, &Some("s.csv".into())));
        assert!(matches!(DataSource::join(two(), splits("c=s.csv")), Err(SourceError::Unknown { .. })));
        assert!(matches!(DataSource::join(two(), splits("s.csv")), Err(SourceError::Unnamed { .. })));
        assert!(matches!(
            DataSource::join(vec![source("a=x"), source("a=y")], Vec::new()),
            Err(SourceError::Twice { .. })
        ));
        assert!(matches!(
            DataSource::join(vec![source("a=x"), source("y")], Vec::new()),
            Err(SourceError::Unnamed { .. })
        ));
    }
}
