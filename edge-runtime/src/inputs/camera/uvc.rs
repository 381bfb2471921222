//! USB cameras (UVC), and whatever else Linux shows as a V4L2 capture device that gives whole frames.
//!
//! # Why linuxvideo
//! Of the crates for V4L2, read on 2026-11-25: `v4l` 0.14 generates its bindings with bindgen, which needs libclang at
//! build time, and a cross-build has none. `rscam` 0.5 needs none, but believes the driver's count of bytes and reads
//! beyond its buffer if that is wrong, tells no row length, and has no descriptor to wait on with a timeout.
//! `linuxvideo` 0.3 has the kernel's structures written out, bounds every frame by its buffer, and lends its
//! descriptor. It panics where a driver breaks the rules; so it runs in the thread of the shot, which may end. It does
//! not compile for 32-bit systems, where USB cameras are therefore refused at the configuration.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use linuxvideo::format::{FrameSizes, PixFormat, PixelFormat};
use linuxvideo::stream::ReadStream;
use linuxvideo::{BufType, CapabilityFlags, Device as Video};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::format_choice::{CameraFormat, PixelCoding, choose_format};
use super::{CameraDevice, Frame, MAX_FRAME_BYTES, PixelLayout, ShotError};

/// Formats and sizes that are checked at; a camera has some dozens.
const MAX_FORMATS: usize = 512;

/// A USB camera.
#[derive(Debug, Clone)]
pub struct Uvc {
    path: PathBuf,
    /// Frames that go by before one is taken: exposure and focus settle meanwhile.
    warm_up: u32,
    deadline: Duration,
}

impl Uvc {
    /// The camera at a path such as `/dev/video0`. `warm_up` frames are dropped before the one that is taken; all of
    /// that may take as long as `deadline`.
    pub fn new(path: &Path, warm_up: u32, deadline: Duration) -> Self {
        Uvc { path: path.to_owned(), warm_up, deadline }
    }

    /// The formats and sizes that can be read, and the names of all formats.
    ///
    /// # Errors
    /// [`ShotError::Failed`]
    pub fn formats(&self) -> Result<(Vec<CameraFormat>, Vec<String>), ShotError> {
        formats(&self.open()?)
    }

    fn open(&self) -> Result<Video, ShotError> {
        let opening = |error: &dyn ToString| ShotError::failed("being opened", &error.to_string());
        let video = Video::open(&self.path).map_err(|error| opening(&error))?;
        let abilities = video.capabilities().map_err(|error| opening(&error))?.device_capabilities();
        if !abilities.contains(CapabilityFlags::VIDEO_CAPTURE | CapabilityFlags::STREAMING) {
            return Err(opening(&"it gives no pictures; another /dev/video… of the same camera may"));
        }
        Ok(video)
    }
}

fn formats(video: &Video) -> Result<(Vec<CameraFormat>, Vec<String>), ShotError> {
    let asking = |error: io::Error| ShotError::failed("being asked for its formats", &error);
    let (mut all, mut names) = (Vec::new(), Vec::new());
    for format in video.formats(BufType::VIDEO_CAPTURE).take(64) {
        let pixels = format.map_err(asking)?.pixel_format();
        let letters = pixels.as_fourcc();
        names.push(letters.escape_ascii().to_string());
        let Some(coding) = PixelCoding::from_letters(letters) else { continue };
        let mut add = |width, height| all.push(CameraFormat { coding, letters, width, height });
        match video.frame_sizes(pixels).map_err(asking)? {
            FrameSizes::Discrete(sizes) => {
                sizes.iter().take(MAX_FORMATS).for_each(|size| add(size.width(), size.height()));
            }
            FrameSizes::Stepwise(sizes) | FrameSizes::Continuous(sizes) => {
                // Any size in between: those that cameras have.
                for (width, height) in [(640, 480), (1280, 960), (1600, 1200), (2048, 1536), (2592, 1944)] {
                    if width <= sizes.max_width() && height <= sizes.max_height() {
                        add(width, height);
                    }
                }
            }
        }
    }
    all.truncate(MAX_FORMATS);
    Ok((all, names))
}

impl CameraDevice for Uvc {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn check(&self) -> Result<(), String> {
        match std::fs::metadata(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}; plug it in, or correct `device` under `[camera]`")),
        }
    }

    fn shoot(&self) -> Result<Frame, ShotError> {
        let until = Instant::now() + self.deadline;
        let video = self.open()?;
        let (all, names) = formats(&video)?;
        let format = choose_format(&all).ok_or_else(|| ShotError::Format { offered: names.join(", ") })?;
        let wanted = PixFormat::new(format.width, format.height, PixelFormat::from_fourcc(format.letters));
        let starting = |error: io::Error| ShotError::failed("starting", &error);
        let capture = video.video_capture(wanted).map_err(starting)?;
        let given = DriverFormat::of(capture.format())?;
        let mut stream = capture.into_stream().map_err(starting)?;
        for _ in 0..self.warm_up {
            wait(&stream, until)?;
            stream.dequeue(|_| Ok(())).map_err(|error| ShotError::failed("warming up", &error))?;
        }
        loop {
            wait(&stream, until)?;
            // A frame that the driver itself calls damaged is dropped, as one that is empty.
            let taken =
                stream.dequeue(|view| Ok((!view.is_error() && !view.is_empty()).then(|| view.to_vec())));
            match taken.map_err(|error| ShotError::failed("taking a picture", &error))? {
                Some(bytes) if bytes.len() > MAX_FRAME_BYTES => {
                    return Err(ShotError::Damaged { reason: format!("{} bytes", bytes.len()) });
                }
                Some(bytes) => return Ok(given.frame(bytes)),
                None => {}
            }
        }
    }
}

/// Waits until there is a frame.
fn wait(stream: &ReadStream, until: Instant) -> Result<(), ShotError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ShotError::Late);
        }
        let timeout =
            Timespec::try_from(left).map_err(|error| ShotError::failed("being waited for", &error))?;
        let mut fds = [PollFd::new(stream, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Err(ShotError::Late),
            // Also if it was unplugged: taking the frame says so.
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(ShotError::failed("being waited for", &error)),
        }
    }
}

/// What the driver says that its frames are, which need not be what was asked for.
struct DriverFormat {
    coding: PixelCoding,
    width: u32,
    height: u32,
    stride: usize,
}

impl DriverFormat {
    fn of(format: &PixFormat) -> Result<DriverFormat, ShotError> {
        let letters = format.pixel_format().as_fourcc();
        let coding = PixelCoding::from_letters(letters)
            .ok_or_else(|| ShotError::Format { offered: letters.escape_ascii().to_string() })?;
        let stride = usize::try_from(format.bytes_per_line()).unwrap_or(usize::MAX);
        Ok(DriverFormat { coding, width: format.width(), height: format.height(), stride })
    }

    fn frame(&self, bytes: Vec<u8>) -> Frame {
        let layout = match self.coding {
            PixelCoding::Mjpeg => return Frame::Jpeg(bytes),
            PixelCoding::Yuyv => PixelLayout::Yuyv,
            PixelCoding::Grey => PixelLayout::Grey,
        };
        Frame::Raw { layout, width: self.width, height: self.height, stride: self.stride, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_camera_is_said() {
        let of = |path: &str| Uvc::new(Path::new(path), 1, Duration::from_millis(100));
        assert!(of("/dev/no-such-camera").check().expect_err("gone").contains("plug it in"));
        for path in ["/dev/no-such-camera", "/dev/null", "/dev"] {
            let error = of(path).shoot().expect_err(path);
            assert!(matches!(error, ShotError::Failed { doing: "being opened", .. }), "{error}");
            assert_eq!(error.code(), "camera-failed");
        }
    }
}
