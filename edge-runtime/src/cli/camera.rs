//! `camera`: a test before the device is left alone with its camera.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use xray_core::screening::printable;

use super::{print, print_json};
use crate::commands::Outcome;
use crate::commands::camera::{self, CameraFormats, FilmResult, Shot, ShotFiles};
use crate::inputs::camera::MIN_PIXELS;

const HELP: &str = "\
Examples:
  edge-runtime camera --formats
  edge-runtime camera --out shot.jpg
  edge-runtime camera --out shot.jpg --cut film.pgm

The shot is written as the device would store it: a camera's JPEG as it is, other formats as a grey PNG. With
`film = true` under [camera] the film on it is searched, and --cut writes what a model would see of it. Nothing is
screened or recorded.

Exit status: 0 a shot, with its film where one is expected; 3 a shot without a film on it: the reason is said; 1 no shot;
2 wrong usage.";

/// The arguments of `camera`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct CameraArgs {
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

pub(super) fn run(args: &CameraArgs, out: &mut impl Write) -> Result<Outcome> {
    if args.formats {
        let formats = camera::formats(&args.config)?;
        match args.json {
            true => print_json(out, &formats_json(&formats))?,
            false => print(out, &formats_text(&formats))?,
        }
        return Ok(Outcome::Complete);
    }
    let shot = camera::shoot(&args.config, &ShotFiles { shot: args.out.clone(), film: args.cut.clone() })?;
    match args.json {
        true => print_json(out, &shot)?,
        false => print(out, &shot_text(&shot))?,
    }
    let missing = matches!(shot.film, Some(FilmResult::Refused { .. }));
    Ok(if missing { Outcome::Incomplete } else { Outcome::Complete })
}

fn formats_json(formats: &CameraFormats) -> serde_json::Value {
    let CameraFormats { names, readable, chosen, .. } = formats;
    let chosen = chosen.map(|at| &readable[at]);
    serde_json::json!({ "formats": names, "readable": readable, "chosen": chosen })
}

fn formats_text(formats: &CameraFormats) -> String {
    let CameraFormats { device, names, readable, chosen } = formats;
    let mut text = format!("formats of {device}: {}\n", printable(&names.join(", ")));
    for (at, format) in readable.iter().enumerate() {
        text += &format!("  {format}{}\n", if Some(at) == *chosen { "   <- taken" } else { "" });
    }
    if chosen.is_none() {
        text +=
            &format!("none of them can be taken: it needs MJPG, YUYV or GREY, {MIN_PIXELS} pixels or more\n");
    }
    text
}

fn shot_text(shot: &Shot) -> String {
    let Shot { camera, bytes, width, height, ms, film } = shot;
    let mut text = format!("{camera}: {width} × {height} pixels, {bytes} bytes, after {ms} ms\n");
    match film {
        None => {}
        Some(FilmResult::Refused { code, reason }) => {
            text += &format!("no film ({code}): {}\n", printable(reason))
        }
        Some(FilmResult::Cut { corners, width, height }) => {
            let corners = corners.map(|[x, y]| format!("{x:.1},{y:.1}")).join("  ");
            text += &format!("film: {width} × {height} pixels, its corners at {corners}\n");
        }
    }
    text
}
