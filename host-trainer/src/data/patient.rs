//! The patient of an X-ray, by the names of its file and folders or by a pattern.

use std::fmt;
use std::str::FromStr;

use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xray_decode::Identity;

use dicom_dictionary_std::tags;

/// Hex digits of a patient that a DICOM file names.
const DICOM_DIGITS: usize = 16;

/// Whose naming an image follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// The Kermany set, which numbers its patients anew in `test`.
    Kermany,
    /// A set that has one number for each patient.
    Unique,
    /// None that is known.
    Unknown,
}

/// The patient of an image, by the names of public data sets.
///
/// | name | set | patient |
/// | --- | --- | --- |
/// | `person12_bacteria_34.jpeg` | Kermany (doi 10.17632/rscbjbr9sj.2) | `P12` |
/// | `IM-0115-0001.jpeg`, `NORMAL2-IM-0115-0001.jpeg` | Kermany | `N0115` |
/// | `00000013_005.png` | NIH ChestX-ray14 | `nih:00000013` |
/// | a folder `patient00005` | CheXpert | `chexpert:00005` |
/// | a folder `p10000032` | MIMIC-CXR | `mimic:10000032` |
/// | a folder `sub-S03044` | any set in the BIDS layout | `bids:S03044` |
/// | `0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm` | RSNA | `rsna:` and the name |
/// | anything else | | the file itself: `file:` and its path |
///
/// `IM-N` and `NORMAL2-IM-N` may be two numberings, and one number then two children. The names do not say which,
/// so both count as one: keeping two children together costs nothing, but one child in both splits
/// would make validation look better than it is. Digits are kept as written.
///
/// The Kermany numbering starts anew in `test`, so equal names there and in `train` say nothing.
pub fn patient_of(relative: &str) -> String {
    named(relative).1
}

/// As [`patient_of`], with the naming that told it.
pub(crate) fn named(relative: &str) -> (Naming, String) {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    if let Some(number) = digits_between(name, "person", '_') {
        return (Naming::Kermany, format!("P{number}"));
    }
    let plain = name.strip_prefix("NORMAL2-").unwrap_or(name);
    if let Some(number) = digits_between(plain, "IM-", '-') {
        return (Naming::Kermany, format!("N{number}"));
    }
    match folder_patient(relative).or_else(|| file_patient(name)) {
        Some(patient) => (Naming::Unique, patient),
        None => (Naming::Unknown, unknown_patient(relative)),
    }
}

/// The patient of an image that nothing tells one of: the file itself.
pub(crate) fn unknown_patient(relative: &str) -> String {
    format!("file:{relative}")
}

/// The patient that a folder is called after.
fn folder_patient(relative: &str) -> Option<String> {
    let (folders, _) = relative.rsplit_once('/')?;
    folders.split('/').find_map(|folder| {
        let of = |prefix: &str, length: usize| {
            folder.strip_prefix(prefix).filter(|number| number.len() == length && is_number(number))
        };
        let bids = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        of("patient", 5)
            .map(|number| format!("chexpert:{number}"))
            .or_else(|| of("p", 8).map(|number| format!("mimic:{number}")))
            .or_else(|| folder.strip_prefix("sub-").filter(bids).map(|name| format!("bids:{name}")))
    })
}

/// The patient that a file is called after.
fn file_patient(name: &str) -> Option<String> {
    let stem = name.split('.').next().unwrap_or(name);
    if let Some((patient, follow_up)) = stem.split_once('_')
        && patient.len() == 8
        && follow_up.len() == 3
        && is_number(patient)
        && is_number(follow_up)
    {
        return Some(format!("nih:{patient}"));
    }
    let lengths: Vec<usize> = stem.split('-').map(str::len).collect();
    let hex = stem.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (lengths == [8, 4, 4, 4, 12] && hex).then(|| format!("rsna:{stem}"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits, at least one, between `prefix` and `end` at the start of `name`.
fn digits_between<'a>(name: &'a str, prefix: &str, end: char) -> Option<&'a str> {
    let (number, _) = name.strip_prefix(prefix)?.split_once(end)?;
    is_number(number).then_some(number)
}

/// The patient that a DICOM file names, as a part of the SHA-256 of PatientID and its issuer: no name or number of a patient
/// gets into records, splits files or messages.
pub(crate) fn dicom_patient(identity: &Identity) -> Option<String> {
    let id = identity.bytes(tags::PATIENT_ID)?;
    let issuer = identity.bytes(tags::ISSUER_OF_PATIENT_ID).unwrap_or_default();
    let hash = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(id).finalize();
    Some(format!("dicom:{}", &xray_core::hex(&hash)[..DICOM_DIGITS]))
}

/// A regular expression whose only group is the patient, found in the path below the data folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PatientPattern(Regex);

impl PatientPattern {
    /// The patient in a path; none if the pattern is not in it.
    pub fn patient_of(&self, relative: &str) -> Option<String> {
        let found = self.0.captures(relative)?.get(1)?.as_str();
        (!found.is_empty()).then(|| found.to_owned())
    }
}

impl FromStr for PatientPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).map_err(|error| error.to_string())?;
        match regex.captures_len() {
            2 => Ok(PatientPattern(regex)),
            groups => Err(format!(
                "`{text}` has {} groups; put the one part of the name that tells the patient into ( )",
                groups - 1
            )),
        }
    }
}

impl TryFrom<String> for PatientPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PatientPattern> for String {
    fn from(pattern: PatientPattern) -> String {
        pattern.0.as_str().to_owned()
    }
}

impl PartialEq for PatientPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Display for PatientPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_sets_name_their_patients() {
        for (path, patient) in [
            ("train/NORMAL/00000013_005.png", "nih:00000013"),
            ("train/A/patient00005/study1/view1_frontal.jpg", "chexpert:00005"),
            ("p10/p10000032/s50414267/02aa804e.jpg", "mimic:10000032"),
            ("train/A/sub-S03044/ses-E1/a.png", "bids:S03044"),
            ("train/A/0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm", "rsna:0004cfab-14fd-4e49-80ba-63a80b6bddd6"),
        ] {
            assert_eq!(named(path), (Naming::Unique, patient.to_owned()));
        }
        for path in
            ["A/0000013_005.png", "A/00000013_05.png", "A/patient5/a.png", "patient00005.png", "A/p1/x.png"]
        {
            assert_eq!(named(path), (Naming::Unknown, format!("file:{path}")));
        }
        assert_eq!(named("A/IM-0115-0001.jpeg").0, Naming::Kermany);
    }

    #[test]
    fn a_pattern_has_one_group() {
        let pattern: PatientPattern = r"^[^/]+/[^/]+/([A-Z]{2}\d+)-".parse().unwrap();
        assert_eq!(pattern.patient_of("train/NORMAL/AB12-3.png").as_deref(), Some("AB12"));
        assert_eq!(pattern.patient_of("train/NORMAL/x.png"), None);
        for wrong in ["a", "(a)(b)", "("] {
            assert!(wrong.parse::<PatientPattern>().is_err(), "{wrong}");
        }
        let text = serde_json::to_string(&pattern).unwrap();
        assert_eq!(serde_json::from_str::<PatientPattern>(&text).unwrap(), pattern);
    }
}
