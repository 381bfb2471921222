//! Recognising pictures by their first bytes, and reading untrusted files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use xray_intake::MAX_FILE_BYTES;

use super::{InputRefusal, Progress, dicom_media};

/// How many first bytes are read: a DICOM file says within them what it holds.
const ENOUGH: usize = 1024;
/// Bytes of one read. Even a stick of the oldest kind gives them within a second.
const PART_BYTES: usize = 256 * 1024;

/// Endings of picture files.
const SUFFIXES: [&str; 12] =
    ["jpg", "jpeg", "png", "pgm", "pnm", "dcm", "dicom", "tif", "tiff", "bmp", "webp", "jp2"];

/// A kind of picture. Those that cannot be screened get a record that says so: a film that is ignored silently looks
/// like one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "names of formats")]
pub enum Picture {
    Jpeg,
    Png,
    Pnm,
    Dicom,
    Tiff,
    Bmp,
    Gif,
    WebP,
    Jpeg2000,
    Heif,
}

impl Picture {
    /// The kind that a file with these first bytes is of.
    pub fn recognise(first: &[u8]) -> Option<Picture> {
        let at = |offset: usize, mark: &[u8]| first.get(offset..).is_some_and(|rest| rest.starts_with(mark));
        Some(match first {
            _ if at(0, b"\xff\xd8\xff") => Picture::Jpeg,
            _ if at(0, b"\x89PNG\r\n\x1a\n") => Picture::Png,
            [b'P', b'1'..=b'6', b' ' | b'\t' | b'\r' | b'\n', ..] => Picture::Pnm,
            _ if at(128, b"DICM") || dicom_media::begins_without_preamble(first) => Picture::Dicom,
            _ if at(0, b"II*\0") || at(0, b"MM\0*") => Picture::Tiff,
            // The four bytes behind the size are reserved and zero: two letters alone would also be a text.
            _ if at(0, b"BM") && at(6, &[0; 4]) => Picture::Bmp,
            _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Picture::Gif,
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Picture::WebP,
            _ if at(0, b"\0\0\0\x0cjP  \r\n\x87\n") || at(0, b"\xff\x4f\xff\x51") => Picture::Jpeg2000,
            _ if [&b"heic"[..], b"heix", b"mif1", b"avif"]
                .iter()
                .any(|brand| at(4, b"ftyp") && at(8, brand)) =>
            {
                Picture::Heif
            }
            _ => return None,
        })
    }
}

/// Opens a regular file for reading. A link is not followed, and a pipe does not make the program wait.
pub(super) fn open(path: &Path) -> io::Result<(File, u64)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, meta.len()))
}

/// Whether a file may be an X-ray: a picture by its first bytes, or what was one by its name. A damaged file system
/// gives files back empty or full of zeros; such a film must not be ignored as if it were a text.
pub(super) fn may_be_image(path: &Path) -> io::Result<bool> {
    let mut first = Vec::with_capacity(ENOUGH);
    open(path)?.0.take(ENOUGH as u64).read_to_end(&mut first)?;
    // Files on DICOM media have names without a suffix.
    let nameless = path.extension().is_none();
    Ok(match Picture::recognise(&first) {
        Some(Picture::Dicom) => !dicom_media::holds_no_picture(&first),
        Some(_) => true,
        None => is_called_a_picture(path) || (nameless && first.iter().all(|byte| *byte == 0)),
    })
}

fn is_called_a_picture(path: &Path) -> bool {
    let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_ascii_lowercase());
    suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix.as_str()))
}

/// Why a file was not read.
pub(super) enum ReadFailure {
    /// The operating system's error: the medium may be gone.
    Io(io::Error),
    /// It will not be read.
    Refused(InputRefusal),
}

/// Reads a file whole, and says after each part that it gets on.
pub(super) fn read(path: &Path, progress: &Progress) -> Result<Vec<u8>, ReadFailure> {
    let (mut file, length) = open(path).map_err(ReadFailure::Io)?;
    if length > MAX_FILE_BYTES {
        return Err(ReadFailure::Refused(too_large(length)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadFailure::Io(error)),
        }
        progress.mark();
        // It can grow between the look and the read.
        if bytes.len() as u64 > length {
            break;
        }
    }
    if bytes.len() as u64 != length {
        return Err(ReadFailure::Io(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{} bytes could be read of {length}", bytes.len()),
        )));
    }
    Ok(bytes)
}

fn too_large(bytes: u64) -> InputRefusal {
    let reason = format!("a file has {bytes} bytes, the limit is {MAX_FILE_BYTES}; export it smaller");
    InputRefusal { code: "file-too-large", reason }
}

/// A file that could not be read, without its name.
pub(super) fn unreadable(error: &io::Error) -> InputRefusal {
    let reason = format!("a file could not be read: {error}; copy it again, or try another medium");
    InputRefusal { code: "unreadable", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_content() {
        let dicom = [&[0; 128][..], b"DICM"].concat();
        // First bytes as their standards give them.
        for (bytes, picture) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some(Picture::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(Picture::Png)),
            (b"P5 64 64 255\n", Some(Picture::Pnm)),
            (b"P2\n# made by hand\n", Some(Picture::Pnm)),
            (&dicom, Some(Picture::Dicom)),
            (b"II*\0\x08\0\0\0", Some(Picture::Tiff)),
            (b"MM\0*\0\0\0\x08", Some(Picture::Tiff)),
            (b"BM\x46\0\0\0\0\0\0\0\x36", Some(Picture::Bmp)),
            (b"GIF89a", Some(Picture::Gif)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(Picture::WebP)),
            (b"\0\0\0\x0cjP  \r\n\x87\n", Some(Picture::Jpeg2000)),
            (b"\0\0\0\x18ftypheic", Some(Picture::Heif)),
            (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", Some(Picture::Dicom)),
            (b"\x08\0\0\0\x04\0\0\0", Some(Picture::Dicom)),
            (b"\x02\0\0\0UL\x04\0", Some(Picture::Dicom)),
            (b"\x08\0\x05\x01CS", None),
            (b"", None),
            (b"\xff\xd8", None),
            (b"P5", None),
            (b"P52 is a bus", None),
            (b"BMW drives here", None),
            (b"Dear colleague", None),
            // What a Mac leaves beside each file on a stick.
            (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", None),
            (&dicom[1..], None),
        ] {
            assert_eq!(Picture::recognise(bytes), picture, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_called_a_picture_is_not_passed_over_when_it_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes, may_be) in [
            ("chest.JPG", &b""[..], true),
            ("chest.dcm", &[0; 4096], true),
            ("chest.png", b"<html>", true),
            ("IM0001", &[0; 4096], true),
            ("IM0002", b"", true),
            ("README", b"Dear colleague", false),
            ("letter.txt", b"", false),
            ("viewer.exe", &[0; 4096], false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(may_be_image(&path).expect("read"), may_be, "{name}");
        }
    }

    #[test]
    fn links_pipes_and_folders_are_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), b"abc").expect("written");
        std::os::unix::fs::symlink(at("file"), at("link")).expect("linked");
        let pipe = std::process::Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo");
        assert!(pipe.success());
        let read = |path: &Path| read(path, &Progress::default());
        assert!(matches!(read(&at("file")), Ok(bytes) if bytes == b"abc"));
        for name in ["link", "pipe", "", "gone"] {
            assert!(matches!(read(&at(name)), Err(ReadFailure::Io(_))), "{name}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vast");
        let file = File::create(&path).expect("created");
        file.set_len(MAX_FILE_BYTES + 1).expect("sparse");
        let Err(ReadFailure::Refused(refusal)) = read(&path, &Progress::default()) else {
            panic!("not refused")
        };
        assert_eq!(refusal.code, "file-too-large");
    }
}
