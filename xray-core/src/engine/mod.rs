//! From a tensor to a score.

mod choice;
pub mod fuse;
mod fused;
pub(crate) mod kernels;
mod threads;
mod tract;

pub use choice::{EngineChoice, EngineOptions, LoadedEngine, known_answer, load, self_test};
pub use fused::FusedEngine;
pub use threads::big_cores;
pub use tract::TractEngine;

use crate::heat_map::{HeatMap, HeatMapError};
use crate::preprocess::InputTensor;

/// A probability of the positive label as the network gave it, 0..1; not calibrated.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    fn new(value: f32) -> Result<Self, EngineError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Probability(f64::from(value)))
        } else {
            Err(EngineError::NotAProbability { value: value.to_string() })
        }
    }

    /// The number, 0..1.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// What a model says of one image. Made by an [`Engine`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    probability: Probability,
    features: Vec<f32>,
    heat_map: Option<HeatMap>,
}

impl Output {
    /// Probability of the positive label.
    pub fn probability(&self) -> Probability {
        self.probability
    }

    /// The pooled features of the backbones, joined in the order that the contract names them.
    pub fn features(&self) -> &[f32] {
        &self.features
    }

    /// Where in the picture the score comes from; none if the model has no such output.
    pub fn heat_map(&self) -> Option<&HeatMap> {
        self.heat_map.as_ref()
    }

    /// As [`Output::heat_map`], without a copy.
    pub fn into_heat_map(self) -> Option<HeatMap> {
        self.heat_map
    }
}

/// Something that runs one model.
pub trait Engine: Send + Sync {
    /// Runs the model on one image.
    ///
    /// # Errors
    /// [`EngineError`] if the tensor does not fit, the run fails, or what comes out is no probability.
    fn run(&self, input: &InputTensor) -> Result<Output, EngineError>;

    /// A name for reports, such as `tract`.
    fn name(&self) -> &'static str;
}

/// Why a model could not be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine refused the graph.
    #[error("model {file}: the engine could not load its graph: {reason}; export it again with this release")]
    Load {
        /// The model file.
        file: String,
        /// The engine's word.
        reason: String,
    },
    /// The run failed.
    #[error("the model failed on this image: {reason}; run the device's self-test, then report it")]
    Run {
        /// The engine's word.
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
        /// The system's word.
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
