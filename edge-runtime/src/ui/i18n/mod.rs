//! Texts in the reader's language: one file a language, the same keys in each. A file that lacks a key or has an unknown
//! one is refused, so that every translation is complete.
//!
//! To add a language: copy `en.toml`, translate the texts in quotes, and add it to [`Language`].

mod language;
mod lights;
mod negotiate;

pub use language::Language;
pub use lights::{LightTexts, PartTexts, RhythmTexts};
pub use negotiate::negotiate;

use std::collections::BTreeMap;

use serde::Deserialize;
use xray_core::decision::Finding;

use crate::status::Signal;

/// A message of two lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What it is.
    pub title: String,
    /// What to do.
    pub advice: String,
}

/// The outcomes of an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the finding of its name")]
pub struct Outcomes {
    pub suspected: Message,
    pub uncertain: Message,
    pub no_sign: Message,
    pub no_result: Message,
}

/// The states of the device when it shows no result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the state of its name")]
pub struct States {
    pub starting: Message,
    pub ready: Message,
    pub busy: Message,
    pub model_found: Message,
    pub model_waiting: Message,
    pub model_installed: Message,
    pub model_refused: Message,
    pub may_be_pulled: Message,
    pub fault: Message,
    pub silent: Message,
    pub lost: Message,
}

/// Texts of the page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the words that stand in en.toml")]
pub struct PageTexts {
    pub status: String,
    pub records: String,
    pub about: String,
    pub language: String,
    pub now: String,
    pub latest: String,
    pub latest_past: String,
    pub none_yet: String,
    pub most_urgent: String,
    pub hidden_by_fault: String,
    pub open: String,
    pub back: String,
    pub print: String,
    pub dicom_image: String,
    pub dicom_report: String,
    pub mark: String,
    pub marked: String,
    pub all: String,
    pub study: String,
    pub study_hint: String,
    pub study_unclear: String,
    pub day: String,
    pub day_unclear: String,
    pub origin: String,
    pub any: String,
    pub search: String,
    pub none_found: String,
    pub older: String,
    pub csv: String,
    pub csv_hint: String,
    pub heat: String,
    pub heat_off: String,
    pub heat_hint: String,
    pub no_heat: String,
    pub no_picture: String,
    pub unreadable_row: String,
    pub store_unreadable: String,
    pub no_model: String,
    pub age_deletion: String,
    pub not_found: String,
    pub refused: String,
    pub too_busy: String,
    pub failed: String,
    pub sign_in: String,
    pub sign_out: String,
    pub token: String,
    pub wrong_token: String,
    pub lights: String,
    pub technician: String,
    pub random: String,
}

/// The names of facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the words that stand in en.toml")]
pub struct FactTexts {
    pub record: String,
    pub recorded: String,
    pub clock_unset: String,
    pub probability: String,
    pub threshold: String,
    pub threshold_hint: String,
    pub abstain: String,
    pub model: String,
    pub model_file: String,
    pub version: String,
    pub engine: String,
    pub self_test: String,
    pub passed: String,
    pub not_checked: String,
    pub origin: String,
    pub content: String,
    pub chain: String,
    pub chain_hint: String,
    pub reported: String,
    pub yes: String,
    pub no: String,
    pub uptime: String,
    pub program: String,
}

/// Texts of the printed report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the words that stand in en.toml")]
pub struct ReportTexts {
    pub title: String,
    pub xray: String,
    pub with_heat: String,
    pub patient: String,
    pub reading: String,
    pub reader: String,
    pub date: String,
    pub signature: String,
}

/// All texts of one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    #[serde(skip)]
    pub language: Language,
    /// Shown with every result.
    pub disclaimer: String,
    /// Outcomes of images.
    pub outcome: Outcomes,
    /// What the device does.
    pub state: States,
    pub page: PageTexts,
    pub light: LightTexts,
    pub fact: FactTexts,
    /// The printed report.
    pub report: ReportTexts,
    /// Where images come from, by [`Origin::code`](crate::records::Origin::code).
    pub origin: BTreeMap<String, String>,
    /// Why there is no result, by its code.
    pub reason: BTreeMap<String, String>,
    /// Why there is no result, for a code that is not known here.
    pub other_reason: String,
}

/// A translation that cannot be read. The files are part of the program, and its tests read them all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the words of {language} cannot be read: {reason}; install the program again")]
pub struct TranslationError {
    language: &'static str,
    reason: String,
}

impl Translation {
    /// The texts of a language.
    ///
    /// # Errors
    /// [`TranslationError`] if its file lacks a text.
    pub fn of(language: Language) -> Result<Translation, TranslationError> {
        let texts: Translation = toml::from_str(language.file())
            .map_err(|error| TranslationError { language: language.code(), reason: error.to_string() })?;
        Ok(Translation { language, ..texts })
    }

    /// What a finding is called.
    pub fn finding(&self, finding: Finding) -> &Message {
        match finding {
            Finding::Suspected => &self.outcome.suspected,
            Finding::Uncertain => &self.outcome.uncertain,
            Finding::NoSign => &self.outcome.no_sign,
        }
    }

    /// What a signal says.
    pub fn signal(&self, signal: Signal) -> &Message {
        match signal {
            Signal::Off => &self.state.starting,
            Signal::Ready => &self.state.ready,
            Signal::MayBePulled => &self.state.may_be_pulled,
            Signal::Busy => &self.state.busy,
            Signal::ModelFound => &self.state.model_found,
            Signal::ModelWaiting => &self.state.model_waiting,
            Signal::ModelInstalled => &self.state.model_installed,
            Signal::ModelRefused => &self.state.model_refused,
            Signal::NoSign => &self.outcome.no_sign,
            Signal::NoResult => &self.outcome.no_result,
            Signal::Uncertain => &self.outcome.uncertain,
            Signal::Suspected => &self.outcome.suspected,
            Signal::Fault => &self.state.fault,
        }
    }

    /// Why there is no result.
    pub fn reason<'a>(&'a self, code: &str) -> &'a str {
        self.reason.get(code).unwrap_or(&self.other_reason)
    }

    /// The text for an origin; the code itself if it has none.
    pub fn origin<'a>(&'a self, code: &'a str) -> &'a str {
        self.origin.get(code).map_or(code, String::as_str)
    }
}

#[cfg(test)]
mod tests;
