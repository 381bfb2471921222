//! JPEG, PNG and PGM.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::dicom;
use super::limits::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE};
use super::radiograph::{Pixels, Radiograph, check_size};
use super::{IntakeError, IntakeProblem, film, jpeg, other_formats, pgm, png, span};

/// Reads one file, as it is.
///
/// # Errors
/// [`IntakeError`] names the file; [`IntakeProblem::FileTooLarge`] over [`MAX_FILE_BYTES`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, IntakeError> {
    read_bounded(path).map_err(|problem| IntakeError::new(path, problem))
}

/// Reads and decodes one file. Its name does not matter, its content does.
///
/// # Errors
/// [`IntakeError`] names the file and the problem.
pub fn read_file(path: &Path) -> Result<Radiograph, IntakeError> {
    read_bounded(path).and_then(|bytes| decode(&bytes)).map_err(|problem| IntakeError::new(path, problem))
}

/// Opens a regular file of at most [`MAX_FILE_BYTES`]. It can still grow, so what reads it must be bounded as well.
///
/// # Errors
/// [`IntakeProblem::Unreadable`] if it cannot be opened or is no regular file; [`IntakeProblem::FileTooLarge`].
pub fn open_bounded(path: &Path) -> Result<File, IntakeProblem> {
    let unreadable = |error: std::io::Error| IntakeProblem::Unreadable { reason: error.to_string() };
    let file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(IntakeProblem::Unreadable { reason: "not a regular file".to_owned() });
    }
    if meta.len() > MAX_FILE_BYTES {
        return Err(IntakeProblem::FileTooLarge { bytes: meta.len() });
    }
    Ok(file)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, IntakeProblem> {
    let unreadable = |error: std::io::Error| IntakeProblem::Unreadable { reason: error.to_string() };
    let file = open_bounded(path)?;
    let length = file.metadata().map_err(unreadable)?.len().min(MAX_FILE_BYTES);
    // The size can grow between the look and the read: the read itself is bounded too.
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Decodes the bytes of a JPEG, PNG, PGM or DICOM file; grey or colour, 8 or 16 bit. Sixteen bits are brought to eight
/// by `round(v / 257)`; an alpha channel is dropped. Of a file that says that it shows a film on a light box, as shots of
/// the device's camera do ([`film::is_marked`]), the film is given.
///
/// # Errors
/// [`IntakeProblem`]; the size in the header is checked before any pixel is decoded.
pub fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    if film::is_marked(bytes) { decode_film_photograph(bytes) } else { decode_whole_image(bytes) }
}

/// Decodes a photograph of a film on a light box and cuts the film out ([`film::find`]).
///
/// # Errors
/// As [`decode`], and [`IntakeProblem::Film`].
pub fn decode_film_photograph(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    Ok(film::find(&decode_whole_image(bytes)?)?.radiograph)
}

/// As [`decode`], but gives the whole picture whatever it says that it shows.
///
/// # Errors
/// As [`decode`].
pub fn decode_whole_image(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    if bytes.is_empty() {
        return Err(IntakeProblem::Empty);
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(IntakeProblem::FileTooLarge { bytes: bytes.len() as u64 });
    }
    if dicom::is_dicom(bytes) {
        return dicom::decode(bytes);
    }
    let picture = if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg::decode(bytes)
    } else if bytes.starts_with(png::SIGNATURE) {
        png::decode(bytes)
    } else if pgm::is_pgm(bytes) {
        pgm::decode(bytes)
    } else {
        match image::guess_format(bytes) {
            Ok(ImageFormat::Pnm) => decode_netpbm(bytes),
            _ if dicom::is_without_preamble(bytes) => return dicom::decode(bytes),
            _ => Err(other_formats::problem_of(bytes)),
        }
    }?;
    span::check(&picture.pixels().grey())?;
    Ok(picture)
}

/// The other formats of Netpbm: bits and colours.
fn decode_netpbm(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let problem = |error: image::ImageError| describe("Netpbm picture", &error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Pnm);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    // Sixteen-bit RGBA is the widest pixel that a decoder can give.
    limits.max_alloc = Some(MAX_PIXELS * 8);
    // The size is checked below with an error that names it; the decoder's own limits stay behind it. Its header is text
    // alone and takes no memory.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(problem)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    decoder.set_limits(limits).map_err(problem)?;
    let grey =
        matches!(decoder.color_type(), ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16);
    let decoded = DynamicImage::from_decoder(decoder).map_err(problem)?;
    let pixels = if grey {
        Pixels::Grey(decoded.into_luma8().into_raw())
    } else {
        Pixels::Rgb(decoded.into_rgb8().into_raw())
    };
    Radiograph::new(width, height, pixels)
}

fn describe(format: &'static str, error: &image::ImageError) -> IntakeProblem {
    let ends_early = |io: &std::io::Error| io.kind() == std::io::ErrorKind::UnexpectedEof;
    // An `ImageError` that wraps an I/O error does not name it as its source, but that error's source.
    let mut cut = matches!(error, image::ImageError::IoError(io) if ends_early(io));
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        cut |= inner.downcast_ref::<std::io::Error>().is_some_and(ends_early);
        cause = inner.source();
    }
    if cut {
        return IntakeProblem::Truncated;
    }
    IntakeProblem::Damaged { format, reason: error.to_string() }
}
