//! Results of evaluations as plain data: what commands compute, and what the command line and the report show.

mod details;
mod domain_shift;
mod image_set;
mod int8_comparison;
mod int8_comparison_file;
mod model;
mod model_audit;
mod operating_point;
mod paired;
mod quality_gate;
mod selection;
mod threshold_rule;

pub use details::{Abstention, CalibrationFigures, DetailsOptions, EvaluationDetails};
pub(crate) use domain_shift::{domain_shift, split_by_corruption};
pub use image_set::ImageSet;
pub use int8_comparison::{AccuracyBudget, Int8Comparison, ModelScores, VerdictFlip};
pub use int8_comparison_file::{ComparisonFileError, comparison_path};
pub use model::{ModelEvaluation, ScoredImage};
pub use model_audit::{ModelAudit, NO_VERDICT};
pub(crate) use operating_point::calibrated;
pub use operating_point::{DecisionRules, OperatingPoint};
pub use paired::{ComparedModel, Disagreement, PairedComparison};
pub use quality_gate::{ExpectedOutcome, QualityGateRow, QualityGateTable};
pub(crate) use selection::group_figures;
pub use threshold_rule::{AbstainRule, ThresholdRule};
