//! Images of several hospitals in one data set.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::patient::{self, Naming, PatientPattern};
use super::table::Table;
use super::{ClassNames, DataError, DataSet, Item};

/// Images of one hospital. As text: `DIR`, or `NAME=DIR`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSource {
    /// The hospital; empty where there is only one.
    pub name: String,
    /// Folder with the class folders.
    pub folder: PathBuf,
    /// A file that says which image is on which side, instead of the rule by patient.
    pub splits: Option<PathBuf>,
    /// A table that says which images there are, instead of class folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// What tells the patient in a path, instead of known names and DICOM files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<PatientPattern>,
    /// Where there are several: what share of a training epoch its images have, beside those of the others; above 0.
    pub weight: f64,
}

impl FromStr for DataSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, folder) = named(text)?;
        Ok(DataSource { name, ..DataSource::new(folder) })
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

/// The share of one source in a training epoch. As text: `NAME=WEIGHT`.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceWeight {
    /// The source.
    pub name: String,
    /// Its weight, above 0.
    pub weight: f64,
}

impl FromStr for SourceWeight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (name, weight) = text.split_once('=')?;
            let weight = weight.parse::<f64>().ok().filter(|weight| *weight > 0.0 && weight.is_finite())?;
            Some(SourceWeight { name: name.to_owned(), weight })
        };
        read().ok_or_else(|| format!("`{text}` is not NAME=WEIGHT with a number above 0"))
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
    /// The only one cannot be left out.
    #[error("--leave-out {name}: it is the only source; give others with --data NAME=DIR")]
    Only {
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
    /// The only source, divided by the rule by patient.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        DataSource {
            name: String::new(),
            folder: folder.into(),
            splits: None,
            table: None,
            patients: None,
            weight: 1.0,
        }
    }

    /// The folders of sources, for messages.
    pub(crate) fn folders(sources: &[DataSource]) -> String {
        let folders: Vec<String> = sources.iter().map(|source| source.folder.display().to_string()).collect();
        folders.join(", ")
    }

    /// An image of this one of several sources: its path and its patient begin with the name of the source and `/`.
    pub(crate) fn own(&self, item: Item) -> Item {
        Item {
            source: self.name.clone(),
            relative: with_source(&self.name, &item.relative),
            patient: with_source(&self.name, &item.patient),
            ..item
        }
    }

    /// Gives each source its splits file and its weight.
    ///
    /// # Errors
    /// [`SourceError`] if names are missing, doubled or not known.
    pub fn join(
        mut sources: Vec<DataSource>,
        splits: Vec<SourceSplits>,
        weights: Vec<SourceWeight>,
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
            DataSource::find(&mut sources, "--splits", &name)?.splits = Some(file);
        }
        for SourceWeight { name, weight } in weights {
            DataSource::find(&mut sources, "--source-weight", &name)?.weight = weight;
        }
        Ok(sources)
    }

    /// The source of this name; without a name the only one.
    ///
    /// # Errors
    /// [`SourceError::Unknown`] names the option.
    pub fn find<'a>(
        sources: &'a mut [DataSource],
        option: &'static str,
        name: &str,
    ) -> Result<&'a mut DataSource, SourceError> {
        let known: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        let unknown = SourceError::Unknown { option, name: name.to_owned(), known: known.join(", ") };
        let only = sources.len() == 1 && name.is_empty();
        sources.iter_mut().find(|source| only || source.name == name).ok_or(unknown)
    }
}

/// A path or a patient of one of several sources.
fn with_source(source: &str, name: &str) -> String {
    format!("{source}/{name}")
}

/// Whether nothing but the names of the Kermany set tells the patient of an image: these are numbered anew in its test images.
pub(crate) fn is_numbered_anew(item: &Item) -> bool {
    let own = match item.relative.strip_prefix(&with_source(&item.source, "")) {
        Some(relative) if !item.source.is_empty() => relative,
        _ => &item.relative,
    };
    let (naming, patient) = patient::named(own);
    let patient = if own == item.relative { patient } else { with_source(&item.source, &patient) };
    naming == Naming::Kermany && item.patient == patient
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
        let mut all = DataSet::default();
        for source in sources {
            let set = DataSet::load_source(source, classes, seed)?;
            let named = |item: Item| if sources.len() > 1 { source.own(item) } else { item };
            all.train.extend(set.train.into_iter().map(named));
            all.validation.extend(set.validation.into_iter().map(named));
            all.test.extend(set.test.into_iter().map(named));
            let several = sources.len() > 1;
            let notes = set.notes.into_iter();
            all.notes.extend(notes.map(|note| if several { note.of_source(&source.name) } else { note }));
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
        assert_eq!(source("a=b/c"), DataSource { name: "a".into(), ..DataSource::new("b/c") });
        assert_eq!(source("b/c").name, "");
        assert_eq!(source("./a=b").folder, PathBuf::from("./a=b"));
        for wrong in ["=b", "a b=c", "a="] {
            assert!(wrong.parse::<DataSource>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_of_test_images_alone_are_no_evidence() {
        let item = |source: &str, relative: &str, patient: &str| Item {
            path: relative.into(),
            relative: relative.to_owned(),
            label: false,
            split: crate::data::Split::Train,
            patient: patient.to_owned(),
            source: source.to_owned(),
            sha256: String::new(),
        };
        let anew = |source, relative, patient| is_numbered_anew(&item(source, relative, patient));
        assert!(anew("", "train/A/person7_virus_1.jpeg", "P7"));
        assert!(anew("a", "a/train/A/person7_virus_1.jpeg", "a/P7"));
        // Named by a file or a pattern.
        assert!(!anew("", "train/A/person7_virus_1.jpeg", "Ada"));
        assert!(!anew("a", "a/train/A/person7_virus_1.jpeg", "P7"));
        assert!(!anew("", "train/A/00000013_005.png", "nih:00000013"));
        assert!(!anew("a", "a/train/A/1.png", "a/file:train/A/1.png"));
    }

    #[test]
    fn splits_go_to_their_source() {
        let splits = |text: &str| vec![text.parse::<SourceSplits>().unwrap()];
        let joined = DataSource::join(vec![source("x")], splits("s.csv"), Vec::new()).unwrap();
        assert_eq!(joined[0].splits, Some("s.csv".into()));
        let two = || vec![source("a=x"), source("b=y")];
        let joined = DataSource::join(two(), splits("b=s.csv"), vec!["a=0.5".parse().unwrap()]).unwrap();
        assert_eq!((&joined[0].splits, &joined[1].splits), (&None, &Some("s.csv".into())));
        assert_eq!((joined[0].weight, joined[1].weight), (0.5, 1.0));
        for wrong in ["c=s.csv", "s.csv"] {
            let joined = DataSource::join(two(), splits(wrong), Vec::new());
            assert!(matches!(joined, Err(SourceError::Unknown { .. })), "{wrong}");
        }
        let joined =
            |second: &str| DataSource::join(vec![source("a=x"), source(second)], Vec::new(), Vec::new());
        assert!(matches!(joined("a=y"), Err(SourceError::Twice { .. })));
        assert!(matches!(joined("y"), Err(SourceError::Unnamed { .. })));
    }
}
