//! The splits file: a CSV file with the columns `path`, `role` and `patient`.

use std::collections::BTreeMap;
use std::path::Path;

use super::csv_file::{CsvFile, comparable, needed};
use super::data_set::{DataSet, Role};
use super::{ClassNames, DataError, Item, Split};

/// How many missing paths an error names.
const NAMED: usize = 3;

/// The columns that it must have.
const COLUMNS: [&str; 3] = ["path", "role", "patient"];

/// Divides `items` by `file`; the rules are at [`DataSet::load`].
///
/// # Errors
/// [`DataError::SplitsLine`] for an image that is not there or listed twice, an unknown role or a patient
/// with two roles; [`DataError::SplitsFile`] for a file that cannot be read, images of `train` that are not
/// listed, or a side without one of the classes.
pub(super) fn divide(items: Vec<Item>, file: &Path, classes: &ClassNames) -> Result<DataSet, DataError> {
    let rows = read(file, &items)?;
    let whole = |reason: String| DataError::SplitsFile { file: file.to_owned(), reason };

    let forgotten: Vec<&str> = items
        .iter()
        .filter(|item| item.split == Split::Train && !rows.contains_key(&item.relative))
        .map(|item| item.relative.as_str())
        .collect();
    if !forgotten.is_empty() {
        return Err(whole(format!(
            "{} image(s) of train/ are not listed: {}{}; add them, or remove the images",
            forgotten.len(),
            forgotten[..forgotten.len().min(NAMED)].join(", "),
            if forgotten.len() > NAMED { ", ..." } else { "" }
        )));
    }

    let items = items
        .into_iter()
        .map(|mut item| {
            if let Some((_, patient)) = rows.get(&item.relative) {
                item.patient.clone_from(patient);
            }
            item
        })
        .collect();
    let set = DataSet::by_role(items, |item| match rows.get(&item.relative) {
        Some((role, _)) => Some(*role),
        None => (item.split == Split::Test).then_some(Role::Test),
    });
    for role in [Role::Train, Role::Validation] {
        for label in [false, true] {
            if !set.role(role).iter().any(|item| item.label == label) {
                let class = classes.name(label);
                let role = role.name();
                return Err(whole(format!("no image of {class} has the role {role}; give it at least one")));
            }
        }
    }
    Ok(set)
}

/// Role and patient of each listed path, by [`Item::relative`].
fn read(file: &Path, items: &[Item]) -> Result<BTreeMap<String, (Role, String)>, DataError> {
    let whole = |reason: String| DataError::SplitsFile { file: file.to_owned(), reason };
    let known: BTreeMap<String, &str> =
        items.iter().map(|item| (comparable(&item.relative), item.relative.as_str())).collect();
    let csv = CsvFile::read(file, &COLUMNS).map_err(whole)?;
    let [path, role, patient] = COLUMNS.map(|column| needed(&csv, column, &COLUMNS));
    let (path, role, patient) = (path.map_err(whole)?, role.map_err(whole)?, patient.map_err(whole)?);

    let mut rows: BTreeMap<String, (Role, String)> = BTreeMap::new();
    let mut roles: BTreeMap<String, Role> = BTreeMap::new();
    for (line, row) in &csv.rows {
        let wrong = |reason: String| DataError::SplitsLine { file: file.to_owned(), line: *line, reason };
        let [path, role, patient] = [path, role, patient].map(|column| row.get(column).unwrap_or_default());
        let Some(path) = known.get(&comparable(path)).copied() else {
            let path = path.replace('\\', "/");
            return Err(wrong(format!("there is no image {path} in the data folder; remove the line")));
        };
        let role = Role::from_name(role)
            .ok_or_else(|| wrong(format!("unknown role {role:?}; use train, val or test")))?;
        if patient.is_empty() {
            return Err(wrong(format!("no patient for {path}; name one, if need be one for each image")));
        }
        let other = *roles.entry(patient.to_owned()).or_insert(role);
        if other != role {
            return Err(wrong(format!(
                "patient {patient} has the roles {} and {}; give all images of a patient one role, or name the patients \
                 differently if they are different people",
                other.name(),
                role.name()
            )));
        }
        if rows.insert(path.to_owned(), (role, patient.to_owned())).is_some() {
            return Err(wrong(format!("{path} is listed twice; keep one of the lines")));
        }
    }
    if rows.is_empty() {
        return Err(whole("lists no images; write a line path,role,patient for each".to_owned()));
    }
    Ok(rows)
}
