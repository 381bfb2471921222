//! Why an image is not judged.

use std::fmt;

/// Why an image is not judged: what is wrong with it, as a code for machines and in words for who holds the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
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

impl Reason {
    /// All of them, in the order in which they are told.
    pub const ALL: [Reason; 7] = [
        Reason::TooSmall,
        Reason::Coloured,
        Reason::Blank,
        Reason::Blurred,
        Reason::Inverted,
        Reason::Rotated,
        Reason::NotAChestXRay,
    ];

    /// A fixed word for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            Reason::TooSmall => "too-small",
            Reason::Coloured => "coloured",
            Reason::Blank => "blank",
            Reason::Blurred => "blurred",
            Reason::Inverted => "inverted",
            Reason::Rotated => "rotated",
            Reason::NotAChestXRay => "not-a-chest-x-ray",
        }
    }

    /// The reason of that word.
    pub fn from_code(code: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// What is wrong, in plain words.
    pub fn words(self) -> &'static str {
        match self {
            Reason::TooSmall => "the picture has too few pixels",
            Reason::Coloured => "the picture has colours, an X-ray has none",
            Reason::Blank => "the picture is blank or almost blank",
            Reason::Blurred => "the picture is not sharp",
            Reason::Inverted => "black and white are exchanged",
            Reason::Rotated => "the picture lies on its side or is upside down",
            Reason::NotAChestXRay => "the picture does not look like a chest X-ray",
        }
    }

    /// What to do about it, in plain words.
    pub fn advice(self) -> &'static str {
        match self {
            Reason::TooSmall => "take it again, closer or with more pixels",
            Reason::Coloured => "take the X-ray itself, without colours",
            Reason::Blank => "see that the film is in place and lit, and take it again",
            Reason::Blurred => "hold still, set the focus and take it again",
            Reason::Inverted => "set the picture to white bones and take it again",
            Reason::Rotated => "turn it upright and take it again",
            Reason::NotAChestXRay => {
                "see that it is a chest X-ray from the front, the whole chest, and take it again"
            }
        }
    }
}

impl fmt::Display for Reason {
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
        let codes: BTreeSet<_> = Reason::ALL.map(Reason::code).into();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("healthy"), None);
    }
}
