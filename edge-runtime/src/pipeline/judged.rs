//! What a stored image comes to, and what that says of the model.

use std::path::Path;

use xray_core::heat_map::HeatMap;
use xray_core::screening::{Screening, ScreeningError};
use xray_intake::IntakeProblem;

use super::{Fault, NoAnswer, Pipeline};
use crate::model_store::Health;
use crate::record::Outcome;

/// What an image came to.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) heat_map: Option<HeatMap>,
    /// The model is lost with it.
    pub(super) lost: Option<NoAnswer>,
    /// What that says of the model; none if it says nothing.
    pub(super) health: Option<Health>,
}

impl Judged {
    pub(super) fn no_result(reason: &str) -> Self {
        Judged { outcome: Outcome::no_result(reason), heat_map: None, lost: None, health: None }
    }

    fn no_results(reasons: Vec<&str>) -> Self {
        Judged { outcome: Outcome::no_results(reasons), heat_map: None, lost: None, health: None }
    }

    fn lost(reason: &str, lost: NoAnswer) -> Self {
        let health = Some(Health::Failed(lost.to_string()));
        Judged { lost: Some(lost), health, ..Judged::no_result(reason) }
    }
}

impl Pipeline<'_> {
    /// What a stored image comes to. An image on which the model fails has
    /// no result, if the model still knows its known answer; else the fault is the device's, and the image is
    /// screened after the repair.
    pub(super) fn judge(&self, image: &Path) -> Result<Judged, Fault> {
        let screened = match self.worker.screen(image) {
            Ok(screened) => screened,
            Err(lost) => return Ok(Judged::lost(lost.code(), lost)),
        };
        match screened {
            Ok(Screening { verdict, heat_map, .. }) => {
                let outcome = Outcome::Verdict(verdict.into());
                Ok(Judged { outcome, heat_map, lost: None, health: Some(Health::Well) })
            }
            Err(ScreeningError::Intake(error))
                if matches!(error.problem, IntakeProblem::Unreadable { .. }) =>
            {
                Err(Fault::Unreadable(error.into()))
            }
            Err(error @ ScreeningError::Engine { .. }) => match self.worker.self_test() {
                Ok(Ok(())) => {
                    let health = Some(Health::Failed(error.to_string()));
                    Ok(Judged { health, ..Judged::no_result(error.code()) })
                }
                Ok(Err(wrong)) => Err(Fault::SelfTest(wrong)),
                Err(lost) => Ok(Judged::lost(error.code(), lost)),
            },
            Err(error) => Ok(Judged::no_results(error.codes())),
        }
    }
}
