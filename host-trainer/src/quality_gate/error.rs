//! Why no quality gate could be fitted.

/// Why no quality gate could be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QualityGateError {
    #[error(
        "the quality gate needs {needed} {role} pictures and got {found}; give more images, or export \
         without a quality gate: --no-gate"
    )]
    TooFew {
        role: &'static str,
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    #[error(
        "the features of all X-rays are equal, so that they say nothing; check the weights of the backbones, \
         or export without a quality gate: --no-gate"
    )]
    Degenerate,
}
