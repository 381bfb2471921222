//! The folder that a `fit` leaves behind: enough to export the run, to evaluate it and to repeat it.

mod record;
mod store;

pub(crate) use record::scored;
pub use record::{
    AbstainRecord, BackboneHistory, BackboneTrainingRecord, BackboneUse, BaseUse, ChooseOn,
    CorruptionFigures, DataRecord, DomainShiftRecord, GroupFigures, Int8Use, RUN_SCHEMA, RunRecord,
    SelectionRecord, Timings, ValidationScore, Versions, ViewKind,
};
pub use store::{RunDir, RunError, RunFiles};
