//! What the commands do, without arguments and printing: `fit`, `export`, `evaluate`.

mod calibration;
mod evaluate;
mod event;
mod export;
mod fit;

pub use calibration::CalibrationSource;
pub use evaluate::{EvaluationRun, evaluate};
pub use event::Event;
pub use export::{ExportedModel, export_quantised_run, export_run};
pub use fit::{BackboneSource, FitOptions, ThresholdRule, fit};
