//! The result of a stored image, and what it says of the model.

use std::path::Path;

use xray_core::heat_map::HeatMap;
use xray_core::screening::{Screening, ScreeningError};
use xray_intake::IntakeProblem;

use super::fault::Fault;
use super::worker::{Worker, WorkerError};
use crate::models::TrialOutcome;
use crate::records::Outcome;

pub(super) struct ScreeningResult {
    pub(super) outcome: Outcome,
    pub(super) heat_map: Option<HeatMap>,
    /// Set if the worker gives no more answers.
    pub(super) lost: Option<WorkerError>,
    /// What counts in a trial of the model; none for an image that says nothing about it.
    pub(super) trial: Option<TrialOutcome>,
}

impl ScreeningResult {
    pub(super) fn no_result(reason: &str) -> Self {
        ScreeningResult::no_results(vec![reason])
    }

    fn no_results(reasons: Vec<&str>) -> Self {
        let outcome = Outcome::no_results(reasons);
        ScreeningResult { outcome, heat_map: None, lost: None, trial: None }
    }

    fn lost(reason: &str, lost: WorkerError) -> Self {
        let trial = Some(TrialOutcome::Failed(lost.to_string()));
        ScreeningResult { lost: Some(lost), trial, ..ScreeningResult::no_result(reason) }
    }
}

/// Screens a stored image. An image on which the model fails has no result, if the model still gives its known answer;
/// else the fault is the device's, and the image is screened after the repair.
pub(super) fn screen_stored(worker: &Worker, image: &Path) -> Result<ScreeningResult, Fault> {
    let screened = match worker.screen(image) {
        Ok(screened) => screened,
        Err(lost) => return Ok(ScreeningResult::lost(lost.code(), lost)),
    };
    match screened {
        Ok(Screening { verdict, heat_map, .. }) => {
            let outcome = Outcome::Verdict(verdict.into());
            Ok(ScreeningResult { outcome, heat_map, lost: None, trial: Some(TrialOutcome::Succeeded) })
        }
        Err(ScreeningError::Intake(error)) if matches!(error.problem, IntakeProblem::Unreadable { .. }) => {
            Err(Fault::Unreadable(error.into()))
        }
        Err(error @ ScreeningError::Engine { .. }) => match worker.self_test() {
            Ok(Ok(())) => {
                let trial = Some(TrialOutcome::Failed(error.to_string()));
                Ok(ScreeningResult { trial, ..ScreeningResult::no_result(error.code()) })
            }
            Ok(Err(wrong)) => Err(Fault::SelfTest(wrong)),
            Err(lost) => Ok(ScreeningResult::lost(error.code(), lost)),
        },
        Err(error) => Ok(ScreeningResult::no_results(error.codes())),
    }
}
