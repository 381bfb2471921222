//! What the commands do, without arguments and printing: `fit`, `export`, `evaluate`.

mod base;
mod calibration;
mod comparison;
mod contract;
mod evaluate;
mod event;
mod export;
mod fit;
mod head_fit;

pub use calibration::CalibrationSource;
pub use comparison::{Budget, Comparison, Flip};
pub use evaluate::{EvaluationRun, evaluate};
pub use event::Event;
pub use export::{ExportedModel, HeadOn, Quantisation, export_quantised_run, export_run};
pub use fit::{BackboneSource, FitOptions, ThresholdRule, fit};
