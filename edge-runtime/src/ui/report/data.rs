//! The data of a report.

use xray_decode::{Answer, DecodedImage, Decoder, Identity, Request, View};
use xray_intake::Radiograph;

use crate::records::{Record, RecordReader, RecordStoreError};
use crate::status::ModelFacts;
use crate::ui::picture::{self, PictureError};

/// A record, and its image if it can be shown.
pub struct ReportData {
    pub record: Record,
    /// What an X-ray that came as a DICOM file says of patient and study; empty for one that did not.
    pub identity: Identity,
    /// The image that was screened.
    pub image: Result<Radiograph, PictureError>,
    /// The heat map as a PNG that is laid over the whole image, if there is one.
    pub heat: Option<Vec<u8>>,
    /// The model that screened it; none if it was not found.
    pub model: Option<ModelFacts>,
}

impl ReportData {
    /// All of a record, its image decoded by `decoder`. `model` counts only if it is the one that screened.
    ///
    /// # Errors
    /// What the store says. That there is no image to show is no error: the report says so.
    pub fn of(
        reader: &RecordReader,
        decoder: &Decoder,
        record: Record,
        model: Option<ModelFacts>,
    ) -> Result<ReportData, RecordStoreError> {
        let (identity, image) = match picture::stored(reader, &record) {
            Err(PictureError::Store(error)) => return Err(error),
            Err(other) => (Identity::default(), Err(other)),
            Ok(bytes) => read(decoder, &bytes),
        };
        let heat = match &image {
            Ok(image) => picture::heat(reader, &record, image).unwrap_or(None),
            Err(_) => None,
        };
        let model = model.filter(|model| model.hash == record.entry.model);
        Ok(ReportData { record, identity, image, heat, model })
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

fn read(decoder: &Decoder, bytes: &[u8]) -> (Identity, Result<Radiograph, PictureError>) {
    match decoder.read(bytes, Request { view: View::AsMarked, identity: true }) {
        Err(error) => (Identity::default(), Err(error.into())),
        Ok(Answer { identity, image, .. }) => {
            let radiograph = image.map(|DecodedImage { radiograph, .. }| radiograph);
            (identity, radiograph.map_err(PictureError::Image))
        }
    }
}
