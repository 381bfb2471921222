//! What a score means.

/// What a score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The probability is at the threshold or over it.
    Suspected,
    /// The probability lies in the band around the threshold in which the model must not decide. It is neither a
    /// sign of disease nor of health: a person looks at the film.
    Uncertain,
    /// The probability is under the threshold. The film may still show disease that the model cannot see.
    NoSign,
}

impl Finding {
    /// All of them.
    pub const ALL: [Finding; 3] = [Finding::Suspected, Finding::Uncertain, Finding::NoSign];

    /// A fixed word for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            Finding::Suspected => "pneumonia-suspected",
            Finding::Uncertain => "uncertain",
            Finding::NoSign => "no-sign",
        }
    }

    /// The words that people see.
    pub fn words(self) -> &'static str {
        match self {
            Finding::Suspected => "pneumonia suspected",
            Finding::Uncertain => "UNCERTAIN",
            Finding::NoSign => "no sign of pneumonia",
        }
    }
}
