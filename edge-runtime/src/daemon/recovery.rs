//! Images that an earlier run did not get done with, because it was ended. One that ends the program each time it is
//! screened must not keep the device from working for ever.

use std::time::Duration;

use tracing::error;

use super::result::ScreeningResult;
use super::{Fault, Daemon};
use crate::records::{Hash256, Origin};
use crate::inputs::InputRefusal;

/// How often an image is begun with. Not once: a power cut is not the image's fault, and seldom comes three times in a
/// row within the second that one image takes.
const MOST_TRIES: u32 = 3;

impl Daemon<'_> {
    /// Screens what an interrupted run stored and did not record.
    ///
    /// # Errors
    /// [`Fault`] if the device cannot go on.
    pub fn recover(&mut self) -> Result<(), Fault> {
        let (pending, damaged) = self.store.unrecorded()?;
        for path in damaged {
            let path = path.display();
            let reason = format!("{path}: an image is not what it was; it is kept and not screened");
            self.refuse(Origin::Recovered, &InputRefusal { code: "damaged", reason })?;
        }
        for content in pending {
            let bytes = std::fs::metadata(self.store.image(&content)).map_or(0, |meta| meta.len());
            self.busy();
            self.screen(Origin::Recovered, content, bytes, Duration::ZERO)?;
            self.publisher.turn_finished(std::time::Instant::now());
        }
        Ok(())
    }

    /// What a stored image comes to; no result if the program ended each time before.
    pub(super) fn attempt(&mut self, content: &Hash256) -> Result<ScreeningResult, Fault> {
        let time = self.retry_until_space(|store| store.begin(content))?;
        if time > MOST_TRIES {
            error!(%content, "the program ended {MOST_TRIES} times while it screened this image; it is left");
            self.store.done()?;
            return Ok(ScreeningResult::no_result("ended-the-program"));
        }
        let result = self.judge(&self.store.image(content));
        self.store.done()?;
        result
    }
}
