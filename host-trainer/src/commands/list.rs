//! `list`: the images of a data set with side and patient, and with what DICOM files say of them.

use rayon::prelude::*;
use serde::Serialize;

use crate::data::dicom_facts::{DicomFacts, DicomGroup};
use crate::data::{ClassNames, DataError, DataSet};

/// One image. The names of the columns are those of a splits file (path, role, patient) and of a file of groups (path, group).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedImage {
    pub path: String,
    pub role: &'static str,
    pub patient: String,
    pub label: String,
    /// By the fact that was asked for; empty if there is none.
    pub group: String,
    pub view: String,
    pub sex: String,
    /// Whole years; empty if the file does not say it.
    pub age: String,
    pub study_year: String,
    pub sha256: String,
}

/// Every image of a data set, by side and path.
///
/// # Errors
/// If a DICOM file cannot be read.
pub fn list_images(
    data: &DataSet,
    classes: &ClassNames,
    by: Option<DicomGroup>,
) -> Result<Vec<ListedImage>, DataError> {
    let images: Vec<_> = data.images().collect();
    let listed = images.into_par_iter().map(|(role, item)| -> Result<ListedImage, DataError> {
        let facts = DicomFacts::of_file(&item.path)?.unwrap_or_default();
        Ok(ListedImage {
            path: item.relative.clone(),
            role: role.name(),
            patient: item.patient.clone(),
            label: classes.name(item.label).to_owned(),
            group: by.and_then(|by| facts.group(by)).unwrap_or_default(),
            view: facts.view.unwrap_or_default(),
            sex: facts.sex.unwrap_or_default(),
            age: facts.age.map(|age| age.to_string()).unwrap_or_default(),
            study_year: facts.study_year.unwrap_or_default(),
            sha256: item.sha256.clone(),
        })
    });
    listed.collect()
}
