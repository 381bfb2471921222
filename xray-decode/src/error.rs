//! Why a child gave no image.

use std::time::Duration;

use xray_intake::IntakeProblem;

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The file was refused.
    #[error("{words}")]
    Refused {
        /// [`IntakeProblem::code`].
        code: &'static str,
        /// What the problem says.
        words: String,
    },
    /// The child did not end well, so that the file is taken for a damaged one.
    #[error("the image is damaged, or made to do harm: {0}; export it again from where it was made")]
    Stopped(StopReason),
    /// It was stopped for an image that is more urgent ([`Decoder::giving_way`](crate::Decoder::giving_way)). That says
    /// nothing about the file.
    #[error("another image is being read first; open this again in a few seconds")]
    GaveWay,
    /// No child could be started, or it was ended from outside. That says nothing about the file.
    #[error(
        "no decoder could be started: {reason}; start the program again, and see whether the device has memory left"
    )]
    Unavailable {
        /// What the operating system says.
        reason: String,
    },
}

/// Why a child was stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// It asked for more memory than it may have.
    #[error("its decoder was stopped because it asked for more memory than {} MB", .limit / 1_000_000)]
    Memory {
        /// What it may have, in bytes.
        limit: u64,
    },
    /// It was not ready in time.
    #[error("its decoder was stopped because it took longer than {} s", .deadline.as_secs_f32())]
    Time {
        /// How long it may take.
        deadline: Duration,
    },
    /// It ended by a fault.
    #[error("its decoder crashed ({how})")]
    Crash {
        /// The signal, or the exit status.
        how: String,
    },
    /// Its answer breaks the rules.
    #[error("its decoder gave an answer that is none ({what})")]
    Answer {
        /// Which rule.
        what: &'static str,
    },
}

impl DecodeError {
    /// A fixed word for machines, the same in every release; one of [`IntakeProblem::code`].
    pub fn code(&self) -> &'static str {
        match self {
            DecodeError::Refused { code, .. } => code,
            DecodeError::Stopped(_) => "damaged",
            DecodeError::GaveWay | DecodeError::Unavailable { .. } => "unreadable",
        }
    }
}

impl From<IntakeProblem> for DecodeError {
    fn from(problem: IntakeProblem) -> Self {
        DecodeError::Refused { code: problem.code(), words: problem.to_string() }
    }
}
