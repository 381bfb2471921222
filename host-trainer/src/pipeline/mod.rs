//! What the commands do, without arguments and printing: `fit`, `export`, `evaluate`.

mod evaluate;
mod event;
mod export;
mod fit;

pub use evaluate::{EvaluationRun, evaluate};
pub use event::Event;
pub use export::{ExportedModel, export_run};
pub use fit::{BackboneSource, FitOptions, ThresholdRule, fit};
