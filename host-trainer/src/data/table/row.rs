//! One image of a table.

use super::Split;

/// What a table says that an image shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Negative,
    Positive,
    /// The table itself is not sure.
    Uncertain,
    /// Neither of the two classes, and why it is left out.
    Neither(&'static str),
}

/// One image of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRow {
    /// The line that names it first, from 1.
    pub line: u64,
    /// Path or name, with `/` between folders and letters composed.
    pub image: String,
    pub label: Label,
    pub patient: Option<String>,
    pub split: Split,
    /// The hospital, where the table has several.
    pub source: Option<String>,
}

/// What is wrong in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowError {
    /// From 1; none if it is about the whole file.
    pub line: Option<u64>,
    pub reason: String,
}

impl From<String> for RowError {
    fn from(reason: String) -> Self {
        RowError { line: None, reason }
    }
}
