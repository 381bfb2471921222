//! What a report is about.

use xray_intake::Radiograph;

use crate::outputs::live::ModelFacts;
use crate::outputs::picture::{self, Unshown};
use crate::record::{Reader, Record, StoreError};

/// A record, and its image as far as it can be shown.
pub struct Case {
    /// The record.
    pub record: Record,
    /// The bytes that were screened.
    pub source: Result<Vec<u8>, Unshown>,
    /// The image in them.
    pub image: Result<Radiograph, Unshown>,
    /// The heat map as a PNG that is laid over the whole image, if there is one.
    pub heat: Option<Vec<u8>>,
    /// What is known of the model that screened it; none if it is not at hand.
    pub model: Option<ModelFacts>,
}

impl Case {
    /// All of a record. `model` counts only if it is the one that screened.
    ///
    /// # Errors
    /// What the store says. That there is no image to show is no error: the report says so.
    pub fn of(reader: &Reader, record: Record, model: Option<ModelFacts>) -> Result<Case, StoreError> {
        let source = match picture::stored(reader, &record) {
            Err(Unshown::Store(error)) => return Err(error),
            other => other,
        };
        let image = source.as_ref().map_err(Clone::clone).and_then(|bytes| picture::decode(bytes));
        let heat = match &image {
            Ok(image) => picture::heat(reader, &record, image).unwrap_or(None),
            Err(_) => None,
        };
        let model = model.filter(|model| model.hash == record.entry.model);
        Ok(Case { record, source, image, heat, model })
    }

    /// Whether the model's weights were drawn at random, so that its result means nothing.
    pub fn is_a_test(&self) -> bool {
        self.model.as_ref().is_some_and(|model| model.random)
    }

    /// Between which two its model must not decide.
    pub fn abstain(&self) -> Option<(f64, f64)> {
        self.model.as_ref().and_then(|model| model.abstain)
    }
}
