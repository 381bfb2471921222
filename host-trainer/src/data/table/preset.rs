//! How the columns of each kind of table are read.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::row::{Label, RowError, TableRow};
use super::{ClassNames, CsvFile, Split, TablePreset};
use crate::data::csv_file::{comparable, needed};

const OTHER_FINDING: &str = "they show other findings, and neither the finding nor none";
const LATERAL: &str = "they are lateral views";

/// The columns that a table must have, for messages.
pub(super) fn columns(preset: TablePreset) -> &'static [&'static str] {
    match preset {
        TablePreset::Own => &["image", "label"],
        TablePreset::Nih => &["Image Index", "Finding Labels", "Patient ID"],
        TablePreset::Chexpert => &["Path", "Frontal/Lateral", "No Finding", "Pneumonia"],
        TablePreset::Vindr => &["image_id", "Pneumonia", "No finding"],
        TablePreset::Rsna => &["patientId", "Target"],
    }
}

/// The images of a table in the order of its lines. Without labels every image counts as negative.
pub(super) fn read(
    preset: TablePreset,
    csv: &CsvFile,
    classes: &ClassNames,
    with_labels: bool,
) -> Result<Vec<TableRow>, RowError> {
    match preset {
        TablePreset::Own => own(csv, classes, with_labels),
        TablePreset::Nih => nih(csv),
        TablePreset::Chexpert => chexpert(csv),
        TablePreset::Vindr => vindr(csv),
        TablePreset::Rsna => rsna(csv),
    }
}

/// A column in any case of letters, since releases of public sets differ in it.
fn column(csv: &CsvFile, name: &str, preset: TablePreset) -> Result<usize, String> {
    csv.column_in_any_case(name).ok_or_else(|| {
        let columns = columns(preset).join(", ");
        format!("no column {name}; a table of this preset has {columns}: choose another --table-preset")
    })
}

fn of(row: &StringRecord, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}

fn row(line: u64, image: &str, label: Label) -> TableRow {
    TableRow { line, image: comparable(image), label, patient: None, split: Split::Train, source: None }
}

fn own(csv: &CsvFile, classes: &ClassNames, with_labels: bool) -> Result<Vec<TableRow>, RowError> {
    let columns = columns(TablePreset::Own);
    let [image, label] = [needed(csv, "image", columns)?, needed(csv, "label", columns)?];
    let [patient, split, source] = ["patient", "split", "source"].map(|name| csv.column(name));
    let mut rows: Vec<TableRow> = Vec::with_capacity(csv.rows.len());
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (line, cells) in &csv.rows {
        let wrong = |reason: String| RowError { line: Some(*line), reason };
        let optional = |column: Option<usize>| {
            column.map(|at| of(cells, at)).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let label = match with_labels {
            true => own_label(of(cells, label), classes).map_err(wrong)?,
            false => Label::Negative,
        };
        let split = match optional(split).as_deref() {
            None | Some("train") => Split::Train,
            Some("val") => Split::Val,
            Some("test") => Split::Test,
            Some(other) => return Err(wrong(format!("unknown split {other:?}; use train, val or test"))),
        };
        let (patient, source) = (optional(patient), optional(source));
        let row = TableRow { patient, split, source, ..row(*line, of(cells, image), label) };
        if row.image.is_empty() {
            return Err(wrong("no image; write its path below the data folder".to_owned()));
        }
        if let Some(first) = seen.insert(row.image.clone(), *line) {
            return Err(wrong(format!("{} is listed in line {first} already; keep one of them", row.image)));
        }
        rows.push(row);
    }
    if rows.iter().any(|row| row.source.is_some()) && rows.iter().any(|row| row.source.is_none()) {
        return Err("some lines name a source and others none; name one in each".to_owned().into());
    }
    Ok(rows)
}

/// A label by the name of its class, or as 0, 1 and -1 (uncertain); empty is uncertain.
fn own_label(text: &str, classes: &ClassNames) -> Result<Label, String> {
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if is(&classes.negative) || is("0") || is("0.0") || is("negative") {
        Ok(Label::Negative)
    } else if is(&classes.positive) || is("1") || is("1.0") || is("positive") {
        Ok(Label::Positive)
    } else if text.is_empty() || is("-1") || is("-1.0") || is("uncertain") {
        Ok(Label::Uncertain)
    } else {
        Err(format!(
            "unknown label {text:?}; use {} or {} (--classes), 0 or 1, or uncertain",
            classes.negative, classes.positive
        ))
    }
}

/// `Finding Labels` are joined by `|`; one row an image.
fn nih(csv: &CsvFile) -> Result<Vec<TableRow>, RowError> {
    let find = |name| column(csv, name, TablePreset::Nih);
    let (image, labels, patient) = (find("Image Index")?, find("Finding Labels")?, find("Patient ID")?);
    let rows = csv.rows.iter().map(|(line, cells)| {
        let findings: Vec<&str> = of(cells, labels).split('|').map(str::trim).collect();
        let label = if findings.contains(&"Pneumonia") {
            Label::Positive
        } else if findings == ["No Finding"] {
            Label::Negative
        } else {
            Label::Neither(OTHER_FINDING)
        };
        // Written as in the names of files.
        let patient = of(cells, patient).parse::<u64>().ok().map(|number| format!("nih:{number:08}"));
        TableRow { patient, ..row(*line, of(cells, image), label) }
    });
    Ok(rows.collect())
}

/// 1, 0, -1 (uncertain) or nothing in the column of a finding; one row an image.
fn chexpert(csv: &CsvFile) -> Result<Vec<TableRow>, RowError> {
    let find = |name| column(csv, name, TablePreset::Chexpert);
    let (image, view) = (find("Path")?, find("Frontal/Lateral")?);
    let (none, pneumonia) = (find("No Finding")?, find("Pneumonia")?);
    let rows = csv.rows.iter().map(|(line, cells)| {
        let value = |column| of(cells, column).parse::<f64>().ok();
        let label = if of(cells, view).eq_ignore_ascii_case("lateral") {
            Label::Neither(LATERAL)
        } else {
            match (value(pneumonia), value(none)) {
                (Some(1.0), _) => Label::Positive,
                (Some(-1.0), _) => Label::Uncertain,
                (Some(_), _) | (None, Some(1.0)) => Label::Negative,
                (None, _) => Label::Neither(OTHER_FINDING),
            }
        };
        row(*line, of(cells, image), label)
    });
    Ok(rows.collect())
}

/// One row for each image and reader; where they differ, the label is uncertain.
fn vindr(csv: &CsvFile) -> Result<Vec<TableRow>, RowError> {
    let find = |name| column(csv, name, TablePreset::Vindr);
    let (image, pneumonia, none) = (find("image_id")?, find("Pneumonia")?, find("No finding")?);
    let label = |cells: &StringRecord| {
        let is_set = |column| of(cells, column).parse::<f64>().is_ok_and(|value| value > 0.0);
        match (is_set(pneumonia), is_set(none)) {
            (true, _) => Label::Positive,
            (false, true) => Label::Negative,
            (false, false) => Label::Neither(OTHER_FINDING),
        }
    };
    Ok(joined(csv, image, label, |first, second| match (first, second) {
        (first, second) if first == second => first,
        // A reader who saw the finding and one who did not.
        (Label::Positive | Label::Uncertain, _) | (_, Label::Positive | Label::Uncertain) => Label::Uncertain,
        (other, _) => {
            if other == Label::Negative {
                second
            } else {
                other
            }
        }
    }))
}

/// One row for each box of an image; the file is called after the patient.
fn rsna(csv: &CsvFile) -> Result<Vec<TableRow>, RowError> {
    let image = column(csv, "patientId", TablePreset::Rsna)?;
    let class = csv.column_in_any_case("class");
    let target = match class {
        Some(class) => class,
        None => column(csv, "Target", TablePreset::Rsna)?,
    };
    let label = |cells: &StringRecord| match of(cells, target) {
        "1" | "Lung Opacity" => Label::Positive,
        "0" | "Normal" => Label::Negative,
        _ => Label::Neither(OTHER_FINDING),
    };
    let rows =
        joined(csv, image, label, |first, second| if second == Label::Positive { second } else { first });
    let named = |row: TableRow| TableRow { patient: Some(format!("rsna:{}", row.image)), ..row };
    Ok(rows.into_iter().map(named).collect())
}

/// One row an image, where the table has several, which `join` makes one of.
fn joined(
    csv: &CsvFile,
    image: usize,
    label: impl Fn(&StringRecord) -> Label,
    join: impl Fn(Label, Label) -> Label,
) -> Vec<TableRow> {
    let mut rows: Vec<TableRow> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (line, cells) in &csv.rows {
        let new = row(*line, of(cells, image), label(cells));
        match places.get(&new.image) {
            Some(at) => rows[*at].label = join(rows[*at].label, new.label),
            None => {
                places.insert(new.image.clone(), rows.len());
                rows.push(new);
            }
        }
    }
    rows
}
