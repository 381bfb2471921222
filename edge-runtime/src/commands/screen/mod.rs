//! `screen`: one model, many images, one row each, and a signal each where there are lights.

mod batch_lights;
mod heat_maps;
mod model_source;

pub use model_source::{LoadedModel, ModelSearch, ModelSource};

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use xray_core::decision::DISCLAIMER;
use xray_core::engine::{EngineChoice, EngineOptions};
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::{ReportFormat, printable, screen_paths_with, write_rows};
use xray_decode::{Decoder, View};

use self::batch_lights::BatchLights;
use self::heat_maps::HeatMapWriter;
use super::Outcome;
use crate::decoding::image_to_screen;
use crate::status::Signal;
use crate::ui::lights::SignalOutput;

/// How long a verdict is shown if another image follows.
pub const PAUSE: Duration = Duration::from_millis(1500);

/// What is screened, and how.
#[derive(Debug, Clone)]
pub struct ScreenOptions {
    pub model: ModelSource,
    pub engine: EngineOptions,
    /// X-rays, or folders that hold them at any depth.
    pub paths: Vec<PathBuf>,
    /// Whether they are photographs of films on a light box.
    pub film: bool,
    /// What decodes them.
    pub decoder: Decoder,
    pub format: ReportFormat,
    /// Folder for pictures of the heat maps.
    pub heat_maps: Option<PathBuf>,
    /// How long the lights show a verdict if another image follows.
    pub pause: Duration,
}

impl Default for ScreenOptions {
    /// The model of this machine, one thread, rows for people without a header, no heat maps.
    fn default() -> Self {
        ScreenOptions {
            model: ModelSource::default(),
            engine: EngineChoice::Auto.into(),
            paths: Vec::new(),
            film: false,
            decoder: Decoder::default(),
            format: ReportFormat::Text { header: false },
            heat_maps: None,
            pause: PAUSE,
        }
    }
}

/// Screens every image. Rows go to `out`; the disclaimer, before the first row, and the summary, after the last, go to
/// `notes`. On `lights` every image is shown as busy while it is read, then with its result. At the end the most urgent
/// signal of all images stays, or the fault that ended the screening; the caller decides for how long.
///
/// # Errors
/// If the model cannot be loaded, or `out` is closed before every image was screened.
pub fn run(
    options: &ScreenOptions,
    lights: &dyn SignalOutput,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<Outcome> {
    let batch = BatchLights::new(lights, options.pause);
    lights.show(Signal::Busy);
    let screened = screen(options, &batch, out, notes);
    batch.end(screened.is_ok());
    screened
}

fn screen(
    options: &ScreenOptions,
    batch: &BatchLights<'_>,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<Outcome> {
    let model = options.model.load(options.engine)?;
    let view = if options.film { View::Film } else { View::AsMarked };
    let screener = &model.screener;
    for line in &model.notes {
        note(notes, line);
    }
    for warning in screener.warnings() {
        note(notes, &format!("warning: {warning}"));
    }
    if screener.contract().has_random_backbones() {
        note(notes, RANDOM_WARNING);
    }
    let mut heat_maps = options
        .heat_maps
        .as_ref()
        .map(|folder| HeatMapWriter::open(folder, screener, &options.decoder, view))
        .transpose()?;
    note(notes, DISCLAIMER);
    let mut replaced = None;
    let screen_one =
        |file: &Path| screener.screen_decoded(file, |file| image_to_screen(&options.decoder, file, view));
    let items = batch.busy_while_reading(screen_paths_with(&options.paths, screen_one));
    let counted = items.map_while(|item| match &replaced {
        None => {
            replaced = model.count(&item).err();
            Some(item)
        }
        Some(_) => None,
    });
    let drawn = counted.map(|mut item| {
        heat_maps.iter_mut().for_each(|heat_maps| heat_maps.draw(&mut item));
        item
    });
    let written = write_rows(screener, drawn, options.format, out, |item| batch.show(Signal::of(item)));
    let summary = written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => anyhow::anyhow!("the output was closed before all images were screened"),
        _ => anyhow::Error::new(error).context("the rows could not be written"),
    })?;
    let failed = heat_maps.map_or_else(Vec::new, HeatMapWriter::failed);
    failed.iter().for_each(|reason| note(notes, &format!("warning: no picture: {reason}")));
    note(notes, &summary.to_string());
    match replaced {
        Some(error) => return Err(error),
        None => model.end()?,
    }
    Ok(if summary.is_complete() && failed.is_empty() { Outcome::Complete } else { Outcome::Incomplete })
}

/// A note that cannot be written is no reason to withhold a verdict. It may name a file.
fn note(notes: &mut impl Write, line: &str) {
    let _ = writeln!(notes, "{}", printable(line));
}
