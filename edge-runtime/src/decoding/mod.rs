//! Images for this program. Each is decoded in a process of its own ([`xray_decode`]): nothing that a file does to a decoder
//! reaches the records, the lights, the keys or the page. A test below checks that nothing here decodes in this process.

mod lock;

use std::path::Path;
use std::time::Duration;

use xray_core::screening::ScreeningError;
use xray_decode::{DecodeError, Decoder, View};
use xray_intake::Radiograph;

pub use lock::DecodeLock;

/// How long a picture for the page may take.
const PICTURE_DEADLINE: Duration = Duration::from_secs(10);

/// The decoder of this program, one image at a time.
#[derive(Debug, Default)]
pub struct ImageDecoder {
    decoder: Decoder,
    lock: DecodeLock,
}

impl ImageDecoder {
    pub fn new(decoder: Decoder) -> Self {
        ImageDecoder { decoder, lock: DecodeLock::default() }
    }

    /// What decodes, whatever else is being decoded.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// What decodes for the page: within its deadline, and stopped at once when an image comes to be screened.
    pub fn for_page(&self) -> Decoder {
        self.decoder.within(PICTURE_DEADLINE).giving_way(self.lock.wanted())
    }

    /// To be held while an image is decoded and used.
    pub fn lock(&self) -> &DecodeLock {
        &self.lock
    }
}

/// The image of a file, to be screened.
///
/// # Errors
/// [`ScreeningError::Decoder`].
pub fn image_to_screen(decoder: &Decoder, file: &Path, view: View) -> Result<Radiograph, ScreeningError> {
    decoder.decode_file(file, view).map_err(|error| screening_error(file, &error))
}

fn screening_error(file: &Path, error: &DecodeError) -> ScreeningError {
    ScreeningError::Decoder {
        file: file.display().to_string(),
        code: error.code(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
