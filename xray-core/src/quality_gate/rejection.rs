//! The reasons for which one image is refused.

use std::fmt;

use super::RejectionReason;

/// An image that the quality gate refuses, with every reason; there is at least one, in the order of
/// [`RejectionReason::ALL`]. It holds no score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    first: RejectionReason,
    others: Vec<RejectionReason>,
}

impl Rejection {
    /// A rejection for these reasons; none if there is none.
    pub fn new(reasons: impl IntoIterator<Item = RejectionReason>) -> Option<Rejection> {
        let mut all: Vec<RejectionReason> = reasons.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut all = all.into_iter();
        let first = all.next()?;
        Some(Rejection { first, others: all.collect() })
    }

    /// The reason that is shown first.
    pub fn first(&self) -> RejectionReason {
        self.first
    }

    /// Every reason.
    pub fn reasons(&self) -> impl Iterator<Item = RejectionReason> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.others.iter().try_for_each(|reason| write!(f, "; {reason}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn reasons_are_told_once_and_in_order() {
        assert_eq!(Rejection::new([]), None);
        let rejection =
            Rejection::new([RejectionReason::Rotated, RejectionReason::Blurred, RejectionReason::Rotated])
                .unwrap();
        assert_eq!(
            rejection.reasons().collect::<Vec<_>>(),
            [RejectionReason::Blurred, RejectionReason::Rotated]
        );
        assert_eq!(
            rejection.to_string(),
            "the picture is not sharp: hold still, set the focus and take it again; the picture lies on its side or is \
             upside down: turn it upright and take it again"
        );
    }
}
