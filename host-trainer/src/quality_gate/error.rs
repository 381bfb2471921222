//! Why no gate could be fitted.

/// Why no gate could be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QualityGateError {
    /// There are too few X-rays to know what they look like.
    #[error(
        "the gate was shown {found} {role} pictures and needs {needed}; give more images, or leave \
         the gate out with --no-gate"
    )]
    TooFew {
        /// What they are for.
        role: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The features do not vary.
    #[error(
        "the features of all X-rays are alike, so nothing can be told from them; look at the weights of the backbones, \
         or leave the gate out with --no-gate"
    )]
    Degenerate,
}
