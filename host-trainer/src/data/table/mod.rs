//! One CSV file that says which images there are, what they show and whose they are, in place of class folders.
//!
//! ```text
//! file ─CsvFile→ rows ─preset::read→ TableRow, one an image ─ImageFiles::find→ Item
//! ```
//!
//! A table of one's own has the columns `image,label` and, where they are known, `patient`, `split`, `subgroup` and `source`.
//! Presets read the tables of public data sets as they are published.

mod files;
mod preset;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::csv_file::CsvFile;
use super::folder::{Listed, patient, sha256};
use super::notes::{DataNote, NoteKind};
use super::{ClassNames, DataError, Item, PatientPattern, Split};

use files::ImageFiles;
use row::{Label, TableRow};

/// Whose columns a table has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TablePreset {
    /// `image,label[,patient][,split][,subgroup][,source]`
    #[default]
    Own,
    /// NIH ChestX-ray14: Data_Entry_2017.csv or Data_Entry_2017_v2020.csv
    Nih,
    /// CheXpert: train.csv or valid.csv
    Chexpert,
    /// VinDr-CXR and VinDr-PCXR: image_labels_train.csv or image_labels_test.csv
    Vindr,
    /// RSNA Pneumonia Detection Challenge: stage_2_train_labels.csv or stage_2_detailed_class_info.csv
    Rsna,
}

/// What becomes of images whose label is uncertain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uncertain {
    /// They are left out
    #[default]
    LeaveOut,
    /// They count as images without the finding
    Negative,
    /// They count as images with the finding
    Positive,
}

/// A table of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub file: PathBuf,
    pub preset: TablePreset,
    pub uncertain: Uncertain,
    /// Rows of this source alone; all if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Table {
    /// A table of one's own.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let (preset, uncertain) = (TablePreset::default(), Uncertain::default());
        Table { file: file.into(), preset, uncertain, source: None }
    }

    /// The hospitals in the column `source`, sorted; none if there is no such column.
    ///
    /// # Errors
    /// As `items`.
    pub fn sources(&self) -> Result<Vec<String>, DataError> {
        // Labels do not matter here.
        let rows = self.rows(&ClassNames::default(), false)?;
        let sources: BTreeSet<&String> = rows.iter().filter_map(|row| row.source.as_ref()).collect();
        Ok(sources.into_iter().cloned().collect())
    }

    /// The images that the table lists and that lie below `dir`, ordered by [`Item::relative`], which is the image as the
    /// table names it.
    ///
    /// # Errors
    /// [`DataError::TableFile`] or [`DataError::TableLine`] for a table that cannot be read, an unknown label or split, an
    /// image that is listed twice or lies outside `dir`, and one that is not there, unless a preset was asked for: parts of
    /// public sets may be missing, and are counted.
    pub(super) fn items(
        &self,
        dir: &Path,
        classes: &ClassNames,
        patients: Option<&PatientPattern>,
    ) -> Result<Listed, DataError> {
        if !dir.is_dir() {
            return Err(DataError::DirectoryMissing { path: dir.to_owned() });
        }
        let root =
            std::fs::canonicalize(dir).map_err(|source| DataError::Io { path: dir.to_owned(), source })?;
        let mut rows = self.rows(classes, true)?;
        if let Some(source) = &self.source {
            rows.retain(|row| row.source.as_ref() == Some(source));
        }
        let (labelled, mut notes) = self.labelled(rows);
        let files = ImageFiles::below(&root)?;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for (row, label) in labelled {
            match files.find(&row.image).map_err(|reason| self.wrong(row.line, reason))? {
                Some(path) => found.push((row, label, path)),
                None if self.preset == TablePreset::Own => {
                    let image = &row.image;
                    let reason =
                        format!("there is no image {image} below {}; remove the line", dir.display());
                    return Err(self.wrong(row.line, reason));
                }
                None => missing.push(row.image),
            }
        }
        if found.is_empty() {
            return Err(self.whole(format!(
                "none of its images lies below {}; give the folder that holds them as --data",
                dir.display()
            )));
        }
        let text = format!("images of the table are not below {} and left out", dir.display());
        notes.extend(DataNote::of(NoteKind::TableRows, missing, text));
        let mut items = found
            .into_par_iter()
            .map(|(row, label, path)| item(row, label, path, patients))
            .collect::<Result<Vec<_>, DataError>>()?;
        items.sort_by(|a, b| a.relative.cmp(&b.relative));
        self.check_patients(&items)?;
        Ok(Listed { items, notes })
    }

    fn rows(&self, classes: &ClassNames, with_labels: bool) -> Result<Vec<TableRow>, DataError> {
        let csv =
            CsvFile::read(&self.file, preset::columns(self.preset)).map_err(|reason| self.whole(reason))?;
        let rows =
            preset::read(self.preset, &csv, classes, with_labels).map_err(|error| match error.line {
                Some(line) => self.wrong(line, error.reason),
                None => self.whole(error.reason),
            })?;
        match rows.is_empty() {
            true => Err(self.whole("lists no images; write a line for each".to_owned())),
            false => Ok(rows),
        }
    }

    /// The rows with a label, by the rule for uncertain ones, and notes on the others.
    fn labelled(&self, rows: Vec<TableRow>) -> (Vec<(TableRow, bool)>, Vec<DataNote>) {
        let mut kept = Vec::with_capacity(rows.len());
        let mut left_out: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let mut uncertain = Vec::new();
        for row in rows {
            let label = match row.label {
                Label::Negative => Some(false),
                Label::Positive => Some(true),
                Label::Neither(why) => {
                    left_out.entry(why).or_default().push(row.image.clone());
                    None
                }
                Label::Uncertain => {
                    uncertain.push(row.image.clone());
                    match self.uncertain {
                        Uncertain::LeaveOut => None,
                        Uncertain::Negative => Some(false),
                        Uncertain::Positive => Some(true),
                    }
                }
            };
            kept.extend(label.map(|label| (row, label)));
        }
        let text = match self.uncertain {
            Uncertain::LeaveOut => "images have an uncertain label and are left out (--uncertain)",
            Uncertain::Negative => "images have an uncertain label and count as negative (--uncertain)",
            Uncertain::Positive => "images have an uncertain label and count as positive (--uncertain)",
        };
        let mut notes: Vec<DataNote> =
            DataNote::of(NoteKind::TableRows, uncertain, text).into_iter().collect();
        notes.extend(left_out.into_iter().filter_map(|(why, images)| {
            DataNote::of(NoteKind::TableRows, images, format!("images of the table are left out: {why}"))
        }));
        (kept, notes)
    }

    /// No patient may be on two sides that the table names.
    fn check_patients(&self, items: &[Item]) -> Result<(), DataError> {
        if !items.iter().any(|item| item.split == Split::Val) {
            // Validation is carved by patient.
            return Ok(());
        }
        let mut splits: BTreeMap<&str, Split> = BTreeMap::new();
        for item in items {
            let split = *splits.entry(&item.patient).or_insert(item.split);
            if split != item.split {
                return Err(self.whole(format!(
                    "patient {} has images in {} and {}; give all images of a patient one split",
                    item.patient,
                    split.name(),
                    item.split.name()
                )));
            }
        }
        Ok(())
    }

    fn whole(&self, reason: String) -> DataError {
        DataError::TableFile { file: self.file.clone(), reason }
    }

    fn wrong(&self, line: u64, reason: String) -> DataError {
        DataError::TableLine { file: self.file.clone(), line, reason }
    }
}

fn item(
    row: TableRow,
    label: bool,
    path: PathBuf,
    patients: Option<&PatientPattern>,
) -> Result<Item, DataError> {
    let patient = match row.patient {
        Some(patient) => patient,
        None => patient(&path, &row.image, patients)?,
    };
    let sha256 = sha256(&path)?;
    Ok(Item { path, relative: row.image, label, split: row.split, patient, source: String::new(), sha256 })
}

#[cfg(test)]
mod tests;
