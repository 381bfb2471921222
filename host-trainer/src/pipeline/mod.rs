//! What the commands do, without arguments and printing: `fit`, `export`, `evaluate`.

mod base;
mod calibration;
mod comparison;
mod contract;
mod evaluate;
mod event;
mod export;
mod fine_tune;
mod fit;
mod head_fit;
mod known_answer;
mod leaks;
mod preview;
mod shards;
mod source;

pub use calibration::CalibrationSource;
pub use comparison::{Budget, Comparison, Flip};
pub use evaluate::{EvaluationRun, evaluate};
pub use event::Event;
pub use export::{ExportedModel, HeadOn, Quantisation, export_quantised_run, export_run};
pub use fit::{FitOptions, ThresholdRule, fit};
pub use preview::{Change, PreviewOptions, preview};
pub use shards::{ShardRecord, features};
pub use source::{BackboneSource, FeatureSource};
