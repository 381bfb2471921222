//! What a data set holds beside good images: said in one line each, with a count and the first names.

use std::fmt;

use serde::Serialize;
use xray_core::screening::printable;

/// How many names a line gives.
const NAMED: usize = 3;

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Links that were not followed.
    Links,
    /// What operating systems and storage devices leave behind.
    Clutter,
    /// Images of folders beside the two classes.
    OtherClass,
    /// Split or class folders whose names differ in case.
    NameCase,
    /// `--classes` names known classes in the wrong order.
    ClassOrder,
    /// Names that differ in case only.
    CaseTwins,
    /// Images that no name or file says the patient of.
    NoPatient,
    /// Images that are lateral views by their names.
    Lateral,
    /// Rows of a table that are left out.
    TableRows,
    /// The same image in both classes.
    Contradiction,
    /// The same image of two patients on one side.
    OtherPatient,
    /// Images of one grey level.
    Blank,
    /// Images that use less than a quarter of the grey levels.
    QuarterRange,
    /// Images of two grey levels.
    TwoLevels,
    /// The format tells the class.
    FormatTellsClass,
    /// The number of pixels tells the class.
    SizeTellsClass,
    /// The number of bits tells the class.
    BitDepthTellsClass,
}

/// One line on a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataNote {
    pub kind: NoteKind,
    /// Files, folders, rows or images that it is about.
    pub count: usize,
    /// The first names among them.
    pub first: Vec<String>,
    /// What it is, and what to do; without count and names.
    pub text: String,
}

impl DataNote {
    /// A note on these names; none if there are none.
    pub fn of(
        kind: NoteKind,
        names: impl IntoIterator<Item = String>,
        text: impl Into<String>,
    ) -> Option<DataNote> {
        let mut names = names.into_iter();
        let first: Vec<String> = names.by_ref().take(NAMED).collect();
        let count = first.len() + names.count();
        (count > 0).then(|| DataNote { kind, count, first, text: text.into() })
    }

    /// The same in a data set of several hospitals.
    #[must_use]
    pub fn of_source(mut self, source: &str) -> DataNote {
        for name in &mut self.first {
            *name = format!("{source}/{name}");
        }
        self
    }
}

/// On one line, whatever a file is called.
impl fmt::Display for DataNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataNote { kind, count, first, text } = self;
        write!(f, "{count} {text}: {}", printable(&first.join(", ")))?;
        let tells_class = matches!(
            kind,
            NoteKind::FormatTellsClass | NoteKind::SizeTellsClass | NoteKind::BitDepthTellsClass
        );
        // What tells the classes is named for each class, not for each image.
        if *count > first.len() && !tells_class { write!(f, ", ...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_with_its_count() {
        let names = ["a", "b\nc", "d", "e"].map(str::to_owned);
        let note = DataNote::of(NoteKind::Links, names, "links were not followed").unwrap();
        assert_eq!(note.count, 4);
        assert_eq!(note.to_string().lines().count(), 1, "{note}");
        assert!(note.to_string().starts_with("4 links were not followed: a, "), "{note}");
        assert!(note.to_string().ends_with(", d, ..."), "{note}");
        assert_eq!(DataNote::of(NoteKind::Links, [], ""), None);
        assert_eq!(note.of_source("x").first[0], "x/a");
    }
}
