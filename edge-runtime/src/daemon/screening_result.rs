//! What a stored image comes to, and what that says of the model.

use std::path::Path;

use xray_core::heat_map::HeatMap;
use xray_core::intake::IntakeProblem;
use xray_core::screening::{Screening, ScreeningError};

use super::{Fault, WorkerError, Daemon};
use crate::models::TrialOutcome;
use crate::records::Outcome;

/// What an image came to.
pub(super) struct ScreeningResult {
    pub(super) outcome: Outcome,
    pub(super) heat_map: Option<HeatMap>,
    /// The model is lost with it.
    pub(super) lost: Option<WorkerError>,
    /// What that says of the model; none if it says nothing.
    pub(super) health: Option<TrialOutcome>,
}

impl ScreeningResult {
    pub(super) fn no_result(reason: &str) -> Self {
        ScreeningResult { outcome: Outcome::no_result(reason), heat_map: None, lost: None, health: None }
    }

    fn no_results(reasons: Vec<&str>) -> Self {
        ScreeningResult { outcome: Outcome::no_results(reasons), heat_map: None, lost: None, health: None }
    }

    fn lost(reason: &str, lost: WorkerError) -> Self {
        let health = Some(TrialOutcome::Failed(lost.to_string()));
        ScreeningResult { lost: Some(lost), health, ..ScreeningResult::no_result(reason) }
    }
}

impl Daemon<'_> {
    /// What a stored image comes to. An image on which the model fails has
    /// no result, if the model still knows its known answer; else the fault is the device's, and the image is
    /// screened after the repair.
    pub(super) fn judge(&self, image: &Path) -> Result<ScreeningResult, Fault> {
        let screened = match self.worker.screen(image) {
            Ok(screened) => screened,
            Err(lost) => return Ok(ScreeningResult::lost(lost.code(), lost)),
        };
        match screened {
            Ok(Screening { verdict, heat_map, .. }) => {
                let outcome = Outcome::Verdict(verdict.into());
                Ok(ScreeningResult { outcome, heat_map, lost: None, health: Some(TrialOutcome::Succeeded) })
            }
            Err(ScreeningError::Intake(error))
                if matches!(error.problem, IntakeProblem::Unreadable { .. }) =>
            {
                Err(Fault::Unreadable(error.into()))
            }
            Err(error @ ScreeningError::Engine { .. }) => match self.worker.self_test() {
                Ok(Ok(())) => {
                    let health = Some(TrialOutcome::Failed(error.to_string()));
                    Ok(ScreeningResult { health, ..ScreeningResult::no_result(error.code()) })
                }
                Ok(Err(wrong)) => Err(Fault::SelfTest(wrong)),
                Err(lost) => Ok(ScreeningResult::lost(error.code(), lost)),
            },
            Err(error) => Ok(ScreeningResult::no_results(error.codes())),
        }
    }
}
