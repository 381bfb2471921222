//! What DICOM files say of their X-rays beside the picture, for groups that get figures of their own.

use std::path::Path;

use dicom_dictionary_std::tags;
use xray_decode::Identity;

use super::DataError;
use super::header::dicom_identity;

/// What a DICOM file says of its X-ray. No name, no number and no birth date of a patient is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DicomFacts {
    /// `PA`, `AP`, ...; PS3.3, C.8.7.10.
    pub view: Option<String>,
    /// `M`, `F` or `O`.
    pub sex: Option<String>,
    /// Whole years: PatientAge, or from the dates of birth and study.
    pub age: Option<u32>,
    /// `YYYY`.
    pub study_year: Option<String>,
}

/// Which fact makes the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DicomGroup {
    View,
    Sex,
    Age,
    StudyYear,
}

impl DicomFacts {
    /// Those of a file; none if it is no DICOM file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of_file(path: &Path) -> Result<Option<DicomFacts>, DataError> {
        Ok(dicom_identity(path)?.as_ref().map(DicomFacts::of))
    }

    fn of(identity: &Identity) -> DicomFacts {
        let word = |tag| {
            let text = identity.text(tag)?;
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            (plain && text.len() <= 16).then_some(text)
        };
        let date = |tag| date(&identity.text(tag)?);
        let study = date(tags::STUDY_DATE);
        let age = identity.text(tags::PATIENT_AGE).and_then(|text| years(&text));
        DicomFacts {
            view: word(tags::VIEW_POSITION),
            sex: word(tags::PATIENT_SEX),
            age: age.or_else(|| years_between(date(tags::PATIENT_BIRTH_DATE)?, study?)),
            study_year: study.map(|(year, _)| format!("{year:04}")),
        }
    }

    /// The group that the file belongs to.
    pub fn group(&self, by: DicomGroup) -> Option<String> {
        match by {
            DicomGroup::View => self.view.clone(),
            DicomGroup::Sex => self.sex.clone(),
            DicomGroup::StudyYear => self.study_year.clone(),
            DicomGroup::Age => self.age.map(|age| age_group(age).to_owned()),
        }
    }
}

/// Infants, the ages of the public set of children, older children, adults and the old.
fn age_group(years: u32) -> &'static str {
    match years {
        0 => "below 1 year",
        1..=5 => "1 to 5 years",
        6..=17 => "6 to 17 years",
        18..=64 => "18 to 64 years",
        _ => "65 years and older",
    }
}

/// Whole years of an age string: three digits and `D`, `W`, `M` or `Y` (PS3.5, 6.2).
fn years(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at_checked(3)?;
    let number = number.parse::<u32>().ok()?;
    match unit {
        "D" => Some(number / 365),
        "W" => Some(number / 52),
        "M" => Some(number / 12),
        "Y" => Some(number),
        _ => None,
    }
}

/// Year, and month and day as one number, of `YYYYMMDD`.
fn date(text: &str) -> Option<(u32, u32)> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Some((text[..4].parse().ok()?, text[4..].parse().ok()?)))?
}

fn years_between(birth: (u32, u32), study: (u32, u32)) -> Option<u32> {
    let before_birthday = u32::from(study.1 < birth.1);
    study.0.checked_sub(birth.0)?.checked_sub(before_birthday).filter(|years| *years < 130)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_whole_years() {
        for (text, age) in [
            ("004Y", Some(4)),
            ("018M", Some(1)),
            ("011M", Some(0)),
            ("060W", Some(1)),
            ("400D", Some(1)),
            ("4Y", None),
            ("004", None),
            ("-04Y", None),
        ] {
            assert_eq!(years(text), age, "{text}");
        }
        assert_eq!(years_between((2019, 630), (2024, 629)), Some(4));
        assert_eq!(years_between((2019, 630), (2024, 630)), Some(5));
        assert_eq!(years_between((2024, 101), (2023, 101)), None);
        assert_eq!(date("20240229"), Some((2024, 229)));
        assert_eq!(date("2024.02.29"), None);
        let facts = DicomFacts { age: Some(5), ..DicomFacts::default() };
        assert_eq!(facts.group(DicomGroup::Age).as_deref(), Some("1 to 5 years"));
        assert_eq!(facts.group(DicomGroup::View), None);
    }
}
