//! `camera`: what a technician tries before the device is left alone with it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use xray_intake::film::{self, Film};
use xray_intake::{self as intake, IntakeProblem};

use super::Outcome;
use crate::config::{Camera, CameraKind, Config};
use crate::sources::camera;

const HELP: &str = "\
Examples:
  edge-runtime camera --formats
  edge-runtime camera --out shot.jpg
  edge-runtime camera --out shot.jpg --cut film.pgm

The shot is written as the device would store it: a camera's JPEG as it is, other formats as a grey PNG. With
`film = true` under [camera] the film on it is looked for, and --cut writes what a model would see of it. Nothing is
screened or recorded.

Exit status: 0 a shot, with its film where one is expected; 3 a shot without a film on it: the reason is said; 1 no shot;
2 wrong usage.";

/// The arguments of `camera`.
#[derive(Args)]
#[command(after_help = HELP)]
pub struct CameraArgs {
    /// The configuration with a [camera]
    #[arg(long, value_name = "FILE.toml", default_value = "/etc/edge-runtime/config.toml")]
    config: PathBuf,
    /// List the formats of a USB camera, and which one would be taken; take no shot
    #[arg(long, conflicts_with_all = ["out", "cut"])]
    formats: bool,
    /// Where the shot is written
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the film that was cut out of it is written, as PGM
    #[arg(long, value_name = "FILE.pgm")]
    cut: Option<PathBuf>,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// What came of a shot.
#[derive(Serialize)]
struct Tried {
    camera: String,
    bytes: usize,
    width: u32,
    height: u32,
    ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    film: Option<Found>,
}

/// What was found on it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    /// Corners from the top left on, clockwise, in pixels, and the size of the film.
    Cut { corners: [[f64; 2]; 4], width: u32, height: u32 },
    /// Why not.
    Refused { code: &'static str, reason: String },
}

/// Lists the formats, or takes a shot.
///
/// # Errors
/// If there is no `[camera]`, no picture, or a file cannot be written.
pub fn run(args: &CameraArgs, out: &mut impl Write) -> Result<Outcome> {
    let config = Config::read(&args.config)?;
    let Some(camera) = config.camera else {
        bail!("{}: there is no [camera]; packaging/config.toml shows one", args.config.display());
    };
    if args.formats {
        return formats(&camera, args.json, out).map(|()| Outcome::Complete);
    }
    shoot(args, &camera, out)
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn formats(camera: &Camera, json: bool, out: &mut impl Write) -> Result<()> {
    if camera.kind == CameraKind::Csi {
        bail!("--formats is for USB cameras; `rpicam-still --list-cameras` lists those on the ribbon cable");
    }
    let uvc = camera::Uvc::new(&camera.device, camera.warm_up, camera.deadline_s);
    let (offers, names) = uvc.offers().with_context(|| camera.device.display().to_string())?;
    let chosen = camera::choose(&offers);
    if json {
        let all: Vec<String> = offers.iter().map(ToString::to_string).collect();
        let chosen = chosen.map(|offer| offer.to_string());
        let object = serde_json::json!({ "formats": names, "readable": all, "chosen": chosen });
        return Ok(writeln!(out, "{object}")?);
    }
    writeln!(out, "formats of {}: {}", camera.device.display(), names.join(", "))?;
    for offer in &offers {
        writeln!(out, "  {offer}{}", if Some(*offer) == chosen { "   <- taken" } else { "" })?;
    }
    if chosen.is_none() {
        writeln!(
            out,
            "none of them can be taken: it needs MJPG, YUYV or GREY, {} pixels or more",
            camera::LEAST_PIXELS
        )?;
    }
    Ok(())
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn formats(_camera: &Camera, _json: bool, _out: &mut impl Write) -> Result<()> {
    bail!("--formats is for USB cameras, which this build does not read")
}

fn shoot(args: &CameraArgs, camera: &Camera, out: &mut impl Write) -> Result<Outcome> {
    let device = camera.device();
    let began = Instant::now();
    if let Err(reason) = device.look() {
        bail!("{}: {reason}", device.name());
    }
    let shot = camera::take(&*device, camera.film).with_context(|| device.name())?;
    let ms = began.elapsed().as_millis();
    if let Some(path) = &args.out {
        write(path, &shot)?;
    }
    // Not as a film, whatever it says of itself.
    let picture = intake::decode_whole_image(&shot).context("the shot cannot be read")?;
    let film = camera.film.then(|| film::find(&picture));
    if let (Some(path), Some(Ok(film))) = (&args.cut, &film) {
        let Film { radiograph, .. } = film;
        let mut file = format!("P5\n{} {}\n255\n", radiograph.width(), radiograph.height()).into_bytes();
        file.extend(radiograph.pixels().grey().iter());
        write(path, &file)?;
    }
    let found = film.map(Found::from);
    let missing = matches!(found, Some(Found::Refused { .. }));
    let tried = Tried {
        camera: device.name(),
        bytes: shot.len(),
        width: picture.width(),
        height: picture.height(),
        ms,
        film: found,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&tried)?)?;
    } else {
        tried.print(out)?;
    }
    Ok(if missing { Outcome::Incomplete } else { Outcome::Complete })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

impl From<Result<Film, IntakeProblem>> for Found {
    fn from(found: Result<Film, IntakeProblem>) -> Self {
        match found {
            Ok(Film { radiograph, corners }) => Found::Cut {
                corners: corners
                    .map(|corner| [corner.x, corner.y].map(|along| (along * 10.0).round() / 10.0)),
                width: radiograph.width(),
                height: radiograph.height(),
            },
            Err(problem) => Found::Refused { code: problem.code(), reason: problem.to_string() },
        }
    }
}

impl Tried {
    fn print(&self, out: &mut impl Write) -> Result<()> {
        let Tried { camera, bytes, width, height, ms, film } = self;
        writeln!(out, "{camera}: {width} × {height} pixels, {bytes} bytes, after {ms} ms")?;
        match film {
            None => {}
            Some(Found::Refused { code, reason }) => writeln!(out, "no film ({code}): {reason}")?,
            Some(Found::Cut { corners, width, height }) => {
                let corners = corners.map(|[x, y]| format!("{x:.1},{y:.1}")).join("  ");
                writeln!(out, "film: {width} × {height} pixels, its corners at {corners}")?;
            }
        }
        Ok(())
    }
}
