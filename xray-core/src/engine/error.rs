//! Why a model could not be loaded or run.

use xray_engine::GraphError;

use crate::heat_map::HeatMapError;
use crate::package::VerifiedPackage;

/// Why a model could not be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine refused the graph.
    #[error("model {file}: the engine could not load its graph: {reason}; export it again with this release")]
    Load {
        /// The model file.
        file: String,
        /// The engine's message.
        reason: String,
    },
    /// The run failed.
    #[error("the model failed on this image: {reason}; run the device's self-test, then report it")]
    Run {
        /// The engine's message.
        reason: String,
    },
    /// The tensor has another size than the model takes.
    #[error(
        "the model takes images of {expected} pixels a side, not {found}; prepare them with its contract"
    )]
    InputSize {
        /// Side that the model takes, in pixels.
        expected: usize,
        /// Side of the tensor, in pixels.
        found: usize,
    },
    /// The system gives no more threads.
    #[error("{count} threads could not be started: {reason}; ask for fewer with `--threads`")]
    Threads {
        /// How many were asked for.
        count: usize,
        /// The system's message.
        reason: String,
    },
    /// The answer to the test pattern is not the one in the package.
    #[error(
        "model {file}: the {engine} engine's answer to the test pattern is off by {difference}; install the model again, and if it stays, do not screen on this machine"
    )]
    KnownAnswer {
        /// The model file.
        file: String,
        /// Name of the engine.
        engine: &'static str,
        /// How far it is off.
        difference: String,
    },
    /// The engine that a device takes and tract's own operators give different answers to the test pattern.
    #[error(
        "model {file}: the engines disagree on the test pattern by {difference}; report it with the model"
    )]
    Disagree {
        /// The model file.
        file: String,
        /// How far they are apart.
        difference: String,
    },
    /// What came out is not within 0..1.
    #[error("the model gave {value}, which is no probability; the file may be damaged: install it again")]
    NotAProbability {
        /// What came out.
        value: String,
    },
    /// What came out beside the probability is no heat map.
    #[error("the model gave a wrong heat map: {0}; the file may be damaged: install it again")]
    NotAHeatMap(HeatMapError),
}

impl EngineError {
    /// What the engine said when it loaded or ran `package`.
    pub(super) fn of(package: &VerifiedPackage, error: GraphError) -> Self {
        match error {
            GraphError::Load { reason } => {
                EngineError::Load { file: package.path().display().to_string(), reason }
            }
            GraphError::Run { reason } => EngineError::Run { reason },
            GraphError::Threads { count, reason } => EngineError::Threads { count, reason },
        }
    }
}
