//! The result of a stored image, and what it says of the model.

use std::path::Path;

use tracing::warn;
use xray_core::heat_map::HeatMap;
use xray_core::screening::ScreeningError;
use xray_decode::View;

use super::fault::Fault;
use super::worker::{Worker, WorkerError};
use crate::decoding::{ImageDecoder, image_to_screen};
use crate::models::TrialOutcome;
use crate::records::Outcome;

/// The code of a file that could not be read, or for which no decoder could be started: a fault of the device.
const UNREADABLE: &str = "unreadable";

pub(super) struct ScreeningResult {
    pub(super) outcome: Outcome,
    pub(super) heat_map: Option<HeatMap>,
    /// Set if the worker gives no more answers.
    pub(super) lost: Option<WorkerError>,
    /// What counts in a trial of the model; none for an image that says nothing about it.
    pub(super) trial: Option<TrialOutcome>,
    /// Whether the failure may pass, so that the image is not recorded, but screened once more at the next start.
    pub(super) again: bool,
    /// Whether intake refused the bytes, so that nobody can look at them.
    pub(super) refused: bool,
}

impl ScreeningResult {
    pub(super) fn no_result(reason: &str) -> Self {
        ScreeningResult::no_results(vec![reason])
    }

    fn no_results(reasons: Vec<&str>) -> Self {
        let outcome = Outcome::no_results(reasons);
        ScreeningResult { outcome, heat_map: None, lost: None, trial: None, again: false, refused: false }
    }

    fn lost(reason: &str, lost: WorkerError) -> Self {
        let trial = Some(TrialOutcome::Failed(lost.to_string()));
        ScreeningResult { lost: Some(lost), trial, ..ScreeningResult::no_result(reason) }
    }
}

/// Screens a stored image. One that cannot be decoded says nothing about the model. One on which the model fails has no
/// result, if the model still gives its known answer; else the fault is the device's, and the image is screened after the
/// repair.
pub(super) fn screen_stored(
    decoder: &ImageDecoder,
    worker: &Worker,
    file: &Path,
) -> Result<ScreeningResult, Fault> {
    let _turn = decoder.lock().take();
    let image = match image_to_screen(decoder.decoder(), file, View::AsMarked) {
        Ok(image) => image,
        Err(error) if error.code() == UNREADABLE => return Err(Fault::Unreadable(error)),
        Err(error) => {
            warn!(code = error.code(), "no image: {error}");
            return Ok(ScreeningResult { refused: true, ..ScreeningResult::no_result(error.code()) });
        }
    };
    let screened = match worker.screen(image) {
        Ok(screened) => screened,
        Err(lost) => return Ok(ScreeningResult::lost(lost.code(), lost)),
    };
    let error = match screened {
        Ok(screening) => {
            let outcome = Outcome::Verdict(screening.verdict.into());
            let trial = Some(TrialOutcome::Succeeded);
            return Ok(ScreeningResult {
                outcome,
                heat_map: screening.heat_map,
                lost: None,
                trial,
                again: false,
                refused: false,
            });
        }
        Err(error) => error.of(file),
    };
    match error {
        ScreeningError::Engine { .. } => match worker.self_test() {
            Ok(Ok(())) => {
                let trial = Some(TrialOutcome::Failed(error.to_string()));
                Ok(ScreeningResult { trial, ..ScreeningResult::no_result(error.code()) })
            }
            Ok(Err(wrong)) => Err(Fault::SelfTest(wrong)),
            Err(lost) => Ok(ScreeningResult::lost(error.code(), lost)),
        },
        error => Ok(ScreeningResult::no_results(error.codes())),
    }
}
