//! The inputs of the device, and which of them cannot be read.

use std::time::Instant;

use tracing::{error, info};

use super::presenter::Presenter;
use crate::inputs::{Input, InputError, InputEvent, MediaState};
use crate::records::Origin;

pub(super) struct InputSet {
    inputs: Vec<Box<dyn Input>>,
    /// The error of each input that cannot be read.
    errors: Vec<Option<InputError>>,
}

impl InputSet {
    pub(super) fn new(inputs: Vec<Box<dyn Input>>) -> Self {
        let errors = vec![None; inputs.len()];
        InputSet { inputs, errors }
    }

    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    pub(super) fn origin(&self, at: usize) -> Origin {
        self.inputs[at].origin()
    }

    /// Polls one input. An error is logged and published when it is new, and counts as nothing.
    pub(super) fn poll(&mut self, at: usize, presenter: &mut Presenter<'_>) -> InputEvent {
        let polled = self.inputs[at].poll(Instant::now());
        self.note_error(at, polled.as_ref().err().cloned(), presenter);
        polled.unwrap_or(InputEvent::Nothing)
    }

    /// Intake refused the last image of an input.
    pub(super) fn refused(&mut self, at: usize) {
        self.inputs[at].refused();
    }

    fn note_error(&mut self, at: usize, error: Option<InputError>, presenter: &mut Presenter<'_>) {
        if self.errors[at] == error {
            return;
        }
        match &error {
            Some(error) => error!("{error}"),
            None => info!(origin = self.inputs[at].origin().code(), "can be looked at again"),
        }
        self.errors[at] = error;
        presenter.publish_error(self.errors.iter().flatten().next().map(ToString::to_string));
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors.iter().any(Option::is_some)
    }

    /// Offers a press of the button to each input; whether one took it.
    pub(super) fn press(&mut self) -> bool {
        self.inputs.iter_mut().any(|input| input.press())
    }

    /// The state of all media together.
    pub(super) fn media_state(&self) -> MediaState {
        self.inputs.iter().map(|input| input.media_state()).max().unwrap_or(MediaState::Absent)
    }
}
