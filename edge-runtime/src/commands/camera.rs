//! `camera`: the formats of a camera, and one shot as the device would store it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use xray_core::files;
use xray_decode::{DecodeError, DecodedImage, Decoder, Request, View};

use crate::config::{CameraConfig, Config};
use crate::inputs::camera;

/// The formats of a USB camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraFormats {
    /// Path of the camera.
    pub device: String,
    /// Names of all formats.
    pub names: Vec<String>,
    /// Formats and sizes that this program can read.
    pub readable: Vec<String>,
    /// Index of the one that would be taken.
    pub chosen: Option<usize>,
}

/// Where a shot is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShotFiles {
    /// The shot itself.
    pub shot: Option<PathBuf>,
    /// The film that was cut out of it, as PGM.
    pub film: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Shot {
    pub camera: String,
    pub bytes: usize,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// How long it took.
    pub ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub film: Option<FilmResult>,
}

/// Whether a film was found on a shot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FilmResult {
    /// Corners from the top left on, clockwise, in pixels, and the size of the film.
    Cut { corners: [[f64; 2]; 4], width: u32, height: u32 },
    /// Why not.
    Refused { code: &'static str, reason: String },
}

/// Lists the formats of the camera of a configuration.
///
/// # Errors
/// If there is no `[camera]`, or it has no such list.
pub fn formats(config: &Path) -> Result<CameraFormats> {
    formats_of(&configured(config)?)
}

fn configured(file: &Path) -> Result<CameraConfig> {
    match Config::read(file)?.camera {
        Some(camera) => Ok(camera),
        None => bail!("{}: there is no [camera]; packaging/config.toml shows one", file.display()),
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn formats_of(camera: &CameraConfig) -> Result<CameraFormats> {
    if camera.kind == crate::config::CameraKind::Csi {
        bail!("--formats is for USB cameras; `rpicam-still --list-cameras` lists those on the ribbon cable");
    }
    let uvc = camera::Uvc::new(&camera.device, camera.warm_up, camera.deadline_s);
    let device = camera.device.display().to_string();
    let (all, names) = uvc.formats().with_context(|| device.clone())?;
    let taken = camera::choose_format(&all);
    let chosen = all.iter().position(|format| Some(*format) == taken);
    let readable = all.iter().map(ToString::to_string).collect();
    Ok(CameraFormats { device, names, readable, chosen })
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn formats_of(_camera: &CameraConfig) -> Result<CameraFormats> {
    bail!("--formats is for USB cameras, which this build does not read")
}

/// Takes a shot and writes what `to` names.
///
/// # Errors
/// If there is no `[camera]`, no picture, or a file cannot be written.
pub fn shoot(config: &Path, to: &ShotFiles) -> Result<Shot> {
    let camera = configured(config)?;
    let device = camera.device();
    let began = Instant::now();
    if let Err(reason) = device.check() {
        bail!("{}: {reason}", device.name());
    }
    let shot = camera::take(&*device, camera.film).with_context(|| device.name())?;
    let ms = began.elapsed().as_millis();
    if let Some(path) = &to.shot {
        write(path, &shot)?;
    }
    // Not as a film, although it may be marked as one.
    let decoder = Decoder::default();
    let picture = decoder.decode_bytes(&shot, View::Whole).context("the shot cannot be read")?;
    let find_film = || decoder.read(&shot, Request { view: View::Film, ..Request::default() });
    let film = camera.film.then(find_film).transpose().context("the shot cannot be read")?;
    let film = film.map(|answer| answer.image);
    if let (Some(path), Some(Ok(DecodedImage { radiograph, .. }))) = (&to.film, &film) {
        let mut file = format!("P5\n{} {}\n255\n", radiograph.width(), radiograph.height()).into_bytes();
        file.extend(radiograph.pixels().grey().iter());
        write(path, &file)?;
    }
    Ok(Shot {
        camera: device.name(),
        bytes: shot.len(),
        width: picture.width(),
        height: picture.height(),
        ms,
        film: film.map(FilmResult::from),
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    files::write_atomic(path, bytes, files::PUBLIC)
        .with_context(|| format!("{}: cannot be written; check the folder and its space", path.display()))
}

impl From<Result<DecodedImage, DecodeError>> for FilmResult {
    fn from(found: Result<DecodedImage, DecodeError>) -> Self {
        match found {
            Ok(DecodedImage { radiograph, corners }) => FilmResult::Cut {
                corners: corners
                    .unwrap_or_default()
                    .map(|corner| corner.map(|along| (along * 10.0).round() / 10.0)),
                width: radiograph.width(),
                height: radiograph.height(),
            },
            Err(problem) => FilmResult::Refused { code: problem.code(), reason: problem.to_string() },
        }
    }
}
