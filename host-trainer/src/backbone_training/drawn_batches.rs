//! Draws the images of the next steps while a step is computed.

use std::sync::mpsc::sync_channel;
use std::thread;

use xray_core::preprocess::InputTensor;

use super::image_store::ImageStore;
use super::order::Shown;
use super::{BackboneJob, BackboneTrainingError};

/// Batches that may be ready before they are used.
const AHEAD: usize = 2;

/// Gives `step` the batches in their order, drawn. The first error, of a draw or of `step`, ends it.
pub(super) fn for_each_drawn<E: From<BackboneTrainingError>>(
    job: &BackboneJob<'_>,
    store: &ImageStore<'_>,
    batches: &[Vec<Shown>],
    mut step: impl FnMut(&[Shown], Vec<InputTensor>) -> Result<(), E>,
) -> Result<(), E> {
    let (hardening, seed) = (&job.recipe.hardening, job.images.draw_seed);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            for batch in batches {
                let drawn = store.drawn(batch, hardening, seed);
                let failed = drawn.is_err();
                // Without a receiver nobody wants more.
                if sender.send(drawn).is_err() || failed {
                    return;
                }
            }
        });
        for (batch, drawn) in batches.iter().zip(receiver) {
            step(batch, drawn?)?;
        }
        Ok(())
    })
}
