//! What a run of `fit` leaves behind, enough to export it, to judge it and to make it again.

mod record;
mod store;

pub use record::{
    AbstainRecord, BackboneUse, BaseUse, ChooseOn, DataRecord, Int8Use, KindFigures, RUN_SCHEMA, RunRecord,
    ShiftRecord, Timings, ValidationScore, Versions,
};
pub use store::{RunDir, RunError};
