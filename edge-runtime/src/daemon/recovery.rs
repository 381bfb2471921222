//! Images whose screening ended the program. One that does so each time must not keep the device from working for ever.

use std::path::Path;

use tracing::error;

use super::disk_full::StoreRetry;
use super::fault::Fault;
use super::presenter::Presenter;
use super::screening_result::{ScreeningResult, screen_stored};
use super::worker::Worker;
use crate::decoding::ImageDecoder;
use crate::inputs::InputRefusal;
use crate::records::{ENDED_THE_PROGRAM, Hash256, ended_on_an_image};

/// How often the screening of an image is started. Not once: a power cut is not the image's fault, and seldom comes
/// three times in a row within the second that one image takes.
const MAX_ATTEMPTS: u32 = 3;
/// How often an image is screened on which the model gave no answer: the fault may have been that of the device.
const MAX_LOST_ATTEMPTS: u32 = 2;

/// Whether a start that ended as this store says counts against a model on trial: not if it ended on an image, which may be
/// the image's fault. The last attempt at an image counts, so that a model that fails on every image has its last start at
/// some time.
pub fn start_is_excused(store: &Path) -> bool {
    ended_on_an_image(store).is_some_and(|attempts| attempts < MAX_ATTEMPTS)
}

/// The result of a stored image; no result if the program ended in every attempt before.
pub(super) fn screen(
    store: &mut StoreRetry,
    presenter: &mut Presenter<'_>,
    decoder: &ImageDecoder,
    worker: &Worker,
    image_id: &Hash256,
) -> Result<ScreeningResult, Fault> {
    let attempt = store.retry_until_space(presenter, |store| store.begin(image_id))?;
    if attempt > MAX_ATTEMPTS {
        error!(content = %image_id, "the program ended {MAX_ATTEMPTS} times while it screened this image; it is left");
        store.inner().done()?;
        return Ok(ScreeningResult::no_result(ENDED_THE_PROGRAM));
    }
    let result = screen_stored(decoder, worker, &store.image(image_id));
    match result {
        // Not done: the next start knows that this was the first attempt.
        Ok(result) if result.lost.is_some() && attempt < MAX_LOST_ATTEMPTS => {
            Ok(ScreeningResult { again: true, ..result })
        }
        result => {
            store.inner().done()?;
            result
        }
    }
}

/// What is recorded of a stored image whose bytes have changed.
pub(super) fn damaged(image: &Path) -> InputRefusal {
    let image = image.display();
    let reason = format!("{image}: an image is not what it was; it is kept and not screened");
    InputRefusal { code: "damaged", reason }
}
