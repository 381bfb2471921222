//! Whether the audit of a run allows its export.

use anyhow::bail;

use super::ExportOptions;
use crate::audit::AuditLimits;
use crate::evaluation::NO_VERDICT;
use crate::pipeline::Event;
use crate::run::RunRecord;

/// What is done with a run whose audit is over a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AuditRequirement {
    /// None: the limits that the run was made with.
    pub limits: Option<AuditLimits>,
    /// Whether the model is written all the same.
    pub allow_failed: bool,
}

/// Refuses a run whose head failed the audit; warns where it is not known.
///
/// # Errors
/// If a figure is over its limit, unless that is allowed.
pub(super) fn check_audit(
    record: &RunRecord,
    options: &ExportOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<()> {
    let run = options.run.display();
    let Some(audit) = &record.audit else {
        observe(Event::Warning(&format!(
            "{run}: this run was not audited, so it is not known whether its model tells the classes by the frame of the \
             image; measure the file with `host-trainer audit --model {}`",
            options.out.display()
        )));
        return Ok(());
    };
    let Some(verdict) = audit.figures.verdict(options.audit.limits.unwrap_or(audit.limits)) else {
        observe(Event::Warning(&format!("{run}: the audit of this run has {NO_VERDICT}")));
        return Ok(());
    };
    if !verdict.is_over() {
        return Ok(());
    }
    let failed = format!(
        "the audit of the run {run} on {} validation images failed: {}",
        audit.images,
        verdict.exceeded()
    );
    if !options.audit.allow_failed {
        bail!(
            "{}: not written: {failed}. Train with exchanged frames (`fit --draws`) on images of several hospitals, or \
             accept it with --allow-failed-audit",
            options.out.display()
        );
    }
    observe(Event::Warning(&failed));
    Ok(())
}
