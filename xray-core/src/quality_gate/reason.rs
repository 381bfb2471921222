//! Why an image is refused.

use std::fmt;

/// Why an image is refused: a code for machines, and words and advice for the person who holds the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionReason {
    /// The original has fewer pixels than the model looks at.
    TooSmall,
    /// It has colours, which an X-ray has not.
    Coloured,
    /// All of it is nearly one grey.
    Blank,
    /// It lacks detail: out of focus, or moved.
    Blurred,
    /// Black and white are exchanged: bones are dark.
    Inverted,
    /// It lies on its side or is upside down.
    Rotated,
    /// It is not like the X-rays that the model was trained on.
    NotAChestXRay,
}

impl RejectionReason {
    /// All of them, in the order in which they are shown.
    pub const ALL: [RejectionReason; 7] = [
        RejectionReason::TooSmall,
        RejectionReason::Coloured,
        RejectionReason::Blank,
        RejectionReason::Blurred,
        RejectionReason::Inverted,
        RejectionReason::Rotated,
        RejectionReason::NotAChestXRay,
    ];

    /// A fixed word for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            RejectionReason::TooSmall => "too-small",
            RejectionReason::Coloured => "coloured",
            RejectionReason::Blank => "blank",
            RejectionReason::Blurred => "blurred",
            RejectionReason::Inverted => "inverted",
            RejectionReason::Rotated => "rotated",
            RejectionReason::NotAChestXRay => "not-a-chest-x-ray",
        }
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<RejectionReason> {
        RejectionReason::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// What is wrong, in plain words.
    pub fn words(self) -> &'static str {
        match self {
            RejectionReason::TooSmall => "the picture has too few pixels",
            RejectionReason::Coloured => "the picture has colours, an X-ray has none",
            RejectionReason::Blank => "the picture is blank or almost blank",
            RejectionReason::Blurred => "the picture is not sharp",
            RejectionReason::Inverted => "black and white are exchanged",
            RejectionReason::Rotated => "the picture lies on its side or is upside down",
            RejectionReason::NotAChestXRay => "the picture does not look like a chest X-ray",
        }
    }

    /// What to do about it, in plain words.
    pub fn advice(self) -> &'static str {
        match self {
            RejectionReason::TooSmall => "take it again, closer or with more pixels",
            RejectionReason::Coloured => "take the X-ray itself, without colours",
            RejectionReason::Blank => "see that the film is in place and lit, and take it again",
            RejectionReason::Blurred => "hold still, set the focus and take it again",
            RejectionReason::Inverted => "set the picture to white bones and take it again",
            RejectionReason::Rotated => "turn it upright and take it again",
            RejectionReason::NotAChestXRay => {
                "see that it is a chest X-ray from the front, the whole chest, and take it again"
            }
        }
    }
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.words(), self.advice())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_differ_and_are_read_back() {
        let codes: BTreeSet<_> = RejectionReason::ALL.map(RejectionReason::code).into();
        assert_eq!(codes.len(), RejectionReason::ALL.len());
        for reason in RejectionReason::ALL {
            assert_eq!(RejectionReason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(RejectionReason::from_code("healthy"), None);
    }
}
