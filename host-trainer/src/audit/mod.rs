//! Whether a model tells the classes by something other than the lungs: a marker letter, the border, the arms.
//!
//! Each image is changed so that one kind of evidence is gone or alone is left ([`Transform`]), and the model's area
//! under the ROC curve on the changed images is compared with that on the images as they are ([`Audit`]). Where images are
//! of several hospitals, it is also asked whether the score tells the hospital within a class ([`SourceTold`]). After Zech
//! et al. 2018 (doi 10.1371/journal.pmed.1002683) and DeGrave, Janizek and Lee 2021 (doi 10.1038/s42256-021-00338-7).

mod inpaint;
mod partner;
mod result;
mod scores;
mod source_told;
mod transform;
mod verdict;

#[cfg(test)]
mod tests;

pub use partner::Partners;
pub use result::{Audit, SourceAudit, TransformFigures};
pub use scores::AuditScores;
pub use source_told::SourceTold;
pub use transform::{Transform, audit_rng};
pub use verdict::{AuditLimits, AuditRecord, AuditVerdict, AuditedFigure, LimitCheck, Outcome};

/// The seed of an audit where nothing else is said.
pub const AUDIT_SEED: u64 = 1;
