//! From a tensor to a score: a verified package on a runner of `xray_engine`.

mod choice;
mod error;
mod fused;
mod known_answer;
mod output;
mod self_test;
mod tract;

pub use choice::{EngineChoice, EngineOptions, LoadedEngine, load};
pub use error::EngineError;
pub use fused::FusedEngine;
pub use known_answer::known_answer;
pub use output::{Output, Probability};
pub use self_test::self_test;
pub use tract::TractEngine;
pub use xray_engine::big_cores;

use crate::preprocess::InputTensor;

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
