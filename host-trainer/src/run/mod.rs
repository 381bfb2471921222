//! The folder that a `fit` leaves behind: enough to export the run, to evaluate it and to repeat it.

mod held_out;
mod record;
mod store;
mod tensorboard;

pub use held_out::{FoldsRecord, HeldOutFigures, LeftOutSource, Spread};
pub(crate) use record::scored;
pub use record::{
    AbstainRecord, BackboneHistory, BackboneTrainingRecord, BackboneUse, BaseUse, ChooseOn,
    CorruptionFigures, DataRecord, DomainShiftRecord, GroupFigures, Int8Use, RUN_SCHEMA, RunRecord,
    SelectionRecord, Timings, ValidationScore, Versions, ViewKind,
};
pub use store::{RunDir, RunError, RunFiles};
