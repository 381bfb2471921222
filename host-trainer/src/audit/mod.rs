//! Whether a model tells the classes by something other than the lungs: a marker letter, the border, the arms.
//!
//! Each image is changed so that one kind of evidence is gone or alone is left ([`Transform`]), and the model's area
//! under the ROC curve on the changed images is compared with that on the images as they are ([`Audit`]). After Zech et
//! al. 2018 (doi 10.1371/journal.pmed.1002683) and DeGrave, Janizek and Lee 2021 (doi 10.1038/s42256-021-00338-7).

mod inpaint;
mod partner;
mod result;
mod transform;

#[cfg(test)]
mod tests;

pub use partner::Partners;
pub use result::{Audit, AuditLimits, AuditScores, AuditVerdict, TransformFigures};
pub use transform::{Transform, audit_rng};
