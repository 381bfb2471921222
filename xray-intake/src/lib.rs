//! Bytes of unknown origin to a decoded image within limits.
//!
//! JPEG, PNG, PGM and DICOM are read, by content, whatever a file is called. [`decode`] checks the size in the header before
//! it decodes a pixel; what is damaged or cut off is refused, never filled in. A photograph of a film on a light box gives
//! the film, cut out and straightened ([`film`]).
//!
//! ```
//! use xray_intake::{Pixels, decode};
//!
//! // A PGM file: its header, then one byte a pixel.
//! let mut bytes = b"P5 64 64 255\n".to_vec();
//! bytes.extend([128; 64 * 64]);
//!
//! let image = decode(&bytes)?;
//! assert_eq!((image.width(), image.height()), (64, 64));
//! assert_eq!(image.pixels(), &Pixels::Grey(vec![128; 64 * 64]));
//! # Ok::<(), xray_intake::IntakeProblem>(())
//! ```

#![forbid(unsafe_code)]

mod dicom;
mod error;
pub mod film;
mod jpeg;
mod limits;
mod listing;
mod orientation;
mod other_formats;
mod pgm;
mod png;
mod printable;
mod radiograph;
mod raster;
mod sixteen_bits;
mod span;
mod ybr;

pub use dicom::{DicomIdentity, DicomProblem, dicom_identity};
pub use error::{IntakeError, IntakeProblem};
pub use limits::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, MIN_SIDE};
pub use listing::{ListingError, list_all, list_images};
pub use printable::{printable, printable_json};
pub use radiograph::{Pixels, Radiograph};
pub use raster::{decode, decode_film_photograph, decode_whole_image, open_bounded, read_bytes, read_file};
