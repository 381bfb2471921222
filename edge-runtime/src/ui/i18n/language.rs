//! The languages that there are.

use serde::Deserialize;

/// A language of the page and the printed report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "sw")]
    Swahili,
    /// Chinese, simplified.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    pub const ALL: [Language; 4] =
        [Language::English, Language::French, Language::Swahili, Language::Chinese];

    /// Its code (ISO 639-1).
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
            Language::Swahili => "sw",
            Language::Chinese => "zh",
        }
    }

    /// Its tag in HTML (BCP 47), which says which of the Chinese scripts is meant.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-Hans",
            other => other.code(),
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::French => "Français",
            Language::Swahili => "Kiswahili",
            Language::Chinese => "中文",
        }
    }

    /// The language of that code.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }

    pub(super) fn file(self) -> &'static str {
        match self {
            Language::English => include_str!("en.toml"),
            Language::French => include_str!("fr.toml"),
            Language::Swahili => include_str!("sw.toml"),
            Language::Chinese => include_str!("zh.toml"),
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        Language::from_code(code).ok_or_else(|| {
            let codes = Language::ALL.map(Language::code).join(", ");
            format!("{code:?} is no language that there is; these are: {codes}")
        })
    }
}
