//! A table of the device's records with the readings of a clinician.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use xray_core::decision::ProbabilityCalibration;

use super::LocalScore;
use crate::data::ClassNames;

/// Why a table of readings cannot be used. Names of files in it are not repeated: they may hold names of patients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadingsError {
    #[error("{}: cannot be read: {reason}; give a CSV file with a header", .file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error(
        "{}: no column {column}; the first line must name `content` or `file`, `probability` or `logit`, and `reading`",
        .file.display()
    )]
    NoColumn { file: PathBuf, column: &'static str },
    #[error("{}, line {line}: {reason}", .file.display())]
    Line { file: PathBuf, line: u64, reason: String },
    #[error(
        "{}: no line has a probability of the model {model} and a reading ({unread} without a reading, {no_result} \
         without a result, {other_model} of another model); fill the column `reading`, or give the model that the device ran",
        .file.display()
    )]
    Nothing { file: PathBuf, model: String, unread: usize, no_result: usize, other_model: usize },
}

/// What a table of readings gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    pub scores: Vec<LocalScore>,
    /// Lines without a reading.
    pub unread: usize,
    /// Lines with a reading of an image that has no result.
    pub no_result: usize,
    /// Lines of records that another model made.
    pub other_model: usize,
}

/// The model that made the records.
#[derive(Debug, Clone, Copy)]
pub struct RecordingModel<'a> {
    /// SHA-256 (hex) of its file.
    pub sha256: &'a str,
    /// The probabilities of a record were calibrated with it.
    pub temperature: f64,
    pub classes: &'a ClassNames,
}

/// Columns by their place.
struct Columns {
    id: usize,
    score: Score,
    reading: usize,
    model: Option<usize>,
}

enum Score {
    /// Calibrated by the model, as in a record.
    Probability(usize),
    /// Before probability calibration.
    Logit(usize),
}

/// Reads a CSV file with the columns `content` (image ID) or `file`, `probability` (calibrated, as a record has it) or
/// `logit` (before calibration), and `reading`: a class of the model, yes or no, 1 or 0. With a column `model`, lines of
/// other models are left out. Other columns are passed over.
///
/// # Errors
/// [`ReadingsError`] names the line.
pub fn read_readings(file: &Path, model: RecordingModel<'_>) -> Result<Readings, ReadingsError> {
    let unreadable =
        |error: csv::Error| ReadingsError::Unreadable { file: file.to_owned(), reason: error.to_string() };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(unreadable)?;
    let columns = Columns::of(reader.headers().map_err(unreadable)?, file)?;
    let inverse = inverse_calibration(model.temperature);
    let mut readings = Readings { scores: Vec::new(), unread: 0, no_result: 0, other_model: 0 };
    let mut seen = BTreeSet::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |reason: String| ReadingsError::Line { file: file.to_owned(), line, reason };
        let cell = |at: usize| row.get(at).unwrap_or("");
        if columns.model.is_some_and(|at| !cell(at).eq_ignore_ascii_case(model.sha256)) {
            readings.other_model += 1;
            continue;
        }
        let reading = cell(columns.reading);
        if reading.is_empty() {
            readings.unread += 1;
            continue;
        }
        let label = label_of(reading, model.classes).ok_or_else(|| {
            let ClassNames { negative, positive } = model.classes;
            wrong(format!(
                "the reading is none of {negative}, {positive}, no, yes, 0 and 1; write one of these, or nothing"
            ))
        })?;
        let Some(uncalibrated) = columns.score.of(&row, inverse).map_err(&wrong)? else {
            readings.no_result += 1;
            continue;
        };
        let id = cell(columns.id);
        if id.is_empty() {
            return Err(wrong("it does not name an image; fill the column `content` or `file`".to_owned()));
        }
        if !seen.insert(id.to_owned()) {
            return Err(wrong("this image is listed twice; keep one of the lines".to_owned()));
        }
        readings.scores.push(LocalScore { id: id.to_owned(), patient: id.to_owned(), label, uncalibrated });
    }
    if readings.scores.is_empty() {
        let Readings { unread, no_result, other_model, .. } = readings;
        let (file, model) = (file.to_owned(), model.sha256.to_owned());
        return Err(ReadingsError::Nothing { file, model, unread, no_result, other_model });
    }
    Ok(readings)
}

/// What undoes a calibration: its temperature is one over the other.
fn inverse_calibration(temperature: f64) -> ProbabilityCalibration {
    ProbabilityCalibration::new(1.0 / temperature).unwrap_or(ProbabilityCalibration::NONE)
}

impl Columns {
    fn of(header: &StringRecord, file: &Path) -> Result<Columns, ReadingsError> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let missing = |column| ReadingsError::NoColumn { file: file.to_owned(), column };
        let id = place("content").or_else(|| place("file")).ok_or_else(|| missing("content or file"))?;
        let probability = place("probability").map(Score::Probability);
        let score = place("logit")
            .map(Score::Logit)
            .or(probability)
            .ok_or_else(|| missing("probability or logit"))?;
        let reading = place("reading").ok_or_else(|| missing("reading"))?;
        Ok(Columns { id, score, reading, model: place("model") })
    }
}

impl Score {
    /// The probability before calibration; none where the cell is empty.
    fn of(&self, row: &StringRecord, inverse: ProbabilityCalibration) -> Result<Option<f64>, String> {
        let number = |at: usize| match row.get(at).unwrap_or("") {
            "" => Ok(None),
            text => text.parse::<f64>().map(Some).map_err(|_| format!("`{text}` is no number")),
        };
        match *self {
            Score::Probability(at) => match number(at)? {
                Some(p) if !(0.0..=1.0).contains(&p) => {
                    Err(format!("{p} is no probability from 0 to 1; give it as the device wrote it"))
                }
                p => Ok(p.map(|p| inverse.apply_to(p))),
            },
            Score::Logit(at) => match number(at)? {
                Some(logit) if !logit.is_finite() => Err(format!("{logit} is no logit")),
                logit => Ok(logit.map(|logit| 1.0 / (1.0 + (-logit).exp()))),
            },
        }
    }
}

fn label_of(text: &str, classes: &ClassNames) -> Option<bool> {
    let is = |names: [&str; 3]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    match (is([&classes.negative, "no", "0"]), is([&classes.positive, "yes", "1"])) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(text: &str, temperature: f64) -> Result<Readings, ReadingsError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("readings.csv");
        std::fs::write(&file, text).unwrap();
        let classes = ClassNames::default();
        read_readings(&file, RecordingModel { sha256: "ab", temperature, classes: &classes })
    }

    #[test]
    fn records_with_readings_are_read() {
        let text = "sequence,outcome,probability,content,model,reading\n\
            1,no-sign,0.2,c1,ab,no\n\
            2,pneumonia-suspected,0.8,c2,AB,PNEUMONIA\n\
            3,no-result,,c3,ab,yes\n\
            4,no-sign,0.1,c4,ab,\n\
            5,no-sign,0.1,c5,cd,no\n";
        let found = read(text, 2.0).unwrap();
        assert_eq!((found.unread, found.no_result, found.other_model), (1, 1, 1));
        let ids: Vec<_> = found.scores.iter().map(|score| (score.id.as_str(), score.label)).collect();
        assert_eq!(ids, [("c1", false), ("c2", true)]);
        // Calibrated at T = 2: the logit was ln 4 and is 2 ln 4 = ln 16 before.
        assert!((found.scores[1].uncalibrated - 16.0 / 17.0).abs() < 1e-12);
        assert!((found.scores[0].uncalibrated - 1.0 / 17.0).abs() < 1e-12);
    }

    #[test]
    fn logits_need_no_temperature() {
        let found = read("file,logit,reading\na.png,0,0\nb.png,1.0986122886681098,1\n", 2.0).unwrap();
        let p: Vec<f64> = found.scores.iter().map(|score| score.uncalibrated).collect();
        assert!((p[0] - 0.5).abs() < 1e-12 && (p[1] - 0.75).abs() < 1e-12, "{p:?}");
    }

    #[test]
    fn what_is_wrong_is_said_without_names_of_files() {
        for (text, expected) in [
            ("probability,reading\n0.1,no\n", "no column content or file"),
            ("content,reading\na,no\n", "no column probability or logit"),
            ("content,probability\na,0.1\n", "no column reading"),
            ("content,probability,reading\na,0.1,perhaps\n", "line 2: the reading is none of NORMAL"),
            ("content,probability,reading\na,1.1,no\n", "line 2: 1.1 is no probability"),
            ("content,probability,reading\na,x,no\n", "line 2: `x` is no number"),
            ("content,logit,reading\na,inf,no\n", "line 2: inf is no logit"),
            (
                "content,probability,reading\nsmith,0.1,no\nsmith,0.1,no\n",
                "line 3: this image is listed twice",
            ),
            ("content,probability,reading\n,0.1,no\n", "line 2: it does not name an image"),
            ("content,probability,reading,model\na,0.1,no,cd\n", "1 of another model"),
            ("content,probability,reading\na,0.1\n", "cannot be read"),
        ] {
            let error = read(text, 1.0).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}, expected {expected}");
            assert!(!error.contains("smith"), "{error}");
        }
    }
}
