//! Images whose screening ended the program. One that does so each time must not keep the device from working for ever.

use std::path::Path;

use tracing::error;

use super::disk_full::StoreRetry;
use super::fault::Fault;
use super::presenter::Presenter;
use super::screening_result::{ScreeningResult, screen_stored};
use super::worker::Worker;
use crate::inputs::InputRefusal;
use crate::records::Hash256;

/// How often the screening of an image is started. Not once: a power cut is not the image's fault, and seldom comes
/// three times in a row within the second that one image takes.
const MAX_ATTEMPTS: u32 = 3;

/// The result of a stored image; no result if the program ended in every attempt before.
pub(super) fn screen(
    store: &mut StoreRetry,
    presenter: &mut Presenter<'_>,
    worker: &Worker,
    image_id: &Hash256,
) -> Result<ScreeningResult, Fault> {
    let attempt = store.retry_until_space(presenter, |store| store.begin(image_id))?;
    if attempt > MAX_ATTEMPTS {
        error!(content = %image_id, "the program ended {MAX_ATTEMPTS} times while it screened this image; it is left");
        store.inner().done()?;
        return Ok(ScreeningResult::no_result("ended-the-program"));
    }
    let result = screen_stored(worker, &store.image(image_id));
    store.inner().done()?;
    result
}

/// What is recorded of a stored image whose bytes have changed.
pub(super) fn damaged(image: &Path) -> InputRefusal {
    let image = image.display();
    let reason = format!("{image}: an image is not what it was; it is kept and not screened");
    InputRefusal { code: "damaged", reason }
}
