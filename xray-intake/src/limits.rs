//! The one place for the bounds that hold before anything is decoded.

/// Largest file that is read, in bytes (64 MiB). A 16-bit PNG of a 20-megapixel detector stays below it.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Largest width or height, in pixels.
pub const MAX_SIDE: u32 = 12_000;

/// Largest width × height, in pixels. Large-format detectors give 10 to 20 megapixels; at 16-bit RGB this
/// bound keeps the decoder below 240 MB.
pub const MAX_PIXELS: u64 = 40_000_000;

/// Largest width × height × components of a JPEG 2000 image. Its decoder keeps several floats a sample.
pub(super) const MAX_JPEG_2000_SAMPLES: u64 = 20_000_000;

/// Largest width × height × components of a JPEG whose coefficients are all kept until its end, two bytes each:
/// progressive ones, and those of four components.
pub(super) const MAX_JPEG_COEFFICIENTS: u64 = 80_000_000;

/// Smallest width or height, in pixels. Below it an image holds no lung texture that a model could read.
pub const MIN_SIDE: u32 = 64;
