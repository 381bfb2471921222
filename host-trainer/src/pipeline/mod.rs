//! What the commands do, without arguments and printing: `fit`, `export`, `evaluate`, `compare`.

mod base;
mod calibration;
mod comparison;
mod contract;
mod detail;
mod evaluate;
mod event;
mod export;
mod fine_tune;
mod fit;
mod gate;
mod head_fit;
mod int8_body;
mod judged_set;
mod leaks;
mod mirror;
mod operating_point;
mod paired;
mod preview;
mod shards;
mod shift;
mod source;

pub use calibration::{CALIBRATION_IMAGES, RunImages};
pub use comparison::{Budget, Comparison, ComparisonError, Flip, comparison_path};
pub use detail::{Abstention, CalibrationFigures, Detail, DetailOptions};
pub use evaluate::{EvaluationRun, JudgedImage, evaluate};
pub use event::{Event, Trained};
pub use export::{ExportJob, ExportedModel, HeadOn, Quantisation, export_quantised_run, export_run};
pub use fit::{FitOptions, fit};
pub use gate::{GateRow, GateTable, GateWish, MeasureOptions, Wanted, measure_gate};
pub use judged_set::JudgedSet;
pub use operating_point::{AbstainRule, DecisionRules, OperatingPoint, ThresholdRule};
pub use paired::{ComparedModel, Disagreement, PairedComparison, compare_models};
pub use preview::{Change, PreviewOptions, preview};
pub use shards::{ShardRecord, features};
pub use source::{BackboneSource, FeatureSource, FeaturesBy};
