//! `screen --heat-maps`: each image with its heat map over it, as a PNG file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xray_core::files;
use xray_core::heat_map::{HeatMap, overlay_png};
use xray_core::screening::{ScreenedPath, Screener};
use xray_core::sha256_hex;
use xray_decode::{Decoder, View};
use xray_intake::read_bytes;

/// Draws into one folder.
pub struct HeatMapWriter<'a> {
    folder: &'a Path,
    decoder: &'a Decoder,
    view: View,
    /// What could not be drawn, and why.
    failed: Vec<String>,
}

impl<'a> HeatMapWriter<'a> {
    /// Makes the folder if need be.
    ///
    /// # Errors
    /// If the model gives no heat maps, or the folder cannot be made.
    pub fn open(folder: &'a Path, screener: &Screener, decoder: &'a Decoder, view: View) -> Result<Self> {
        ensure!(
            screener.has_heat_map(),
            "this model gives no heat maps: it was exported by an earlier release; export its run again, or leave \
             --heat-maps out"
        );
        std::fs::create_dir_all(folder).with_context(|| {
            format!("{}: the folder cannot be made; check its permissions", folder.display())
        })?;
        Ok(HeatMapWriter { folder, decoder, view, failed: Vec::new() })
    }

    /// Draws the heat map of `item`, if it has one, and notes the file in it. A picture that cannot be drawn is no
    /// reason to withhold a verdict.
    pub fn draw(&mut self, item: &mut ScreenedPath) {
        let Some(map) = item.outcome.as_ref().ok().and_then(|screening| screening.heat_map.as_ref()) else {
            return;
        };
        match self.picture(&item.file, map) {
            Ok(picture) => item.picture = Some(picture),
            Err(error) => self.failed.push(format!("{error:#}")),
        }
    }

    /// What could not be drawn, and why.
    pub fn failed(self) -> Vec<String> {
        self.failed
    }

    /// The image is read once more: screening keeps no pixels. Its name is the hash of what is drawn.
    fn picture(&self, file: &Path, map: &HeatMap) -> Result<PathBuf> {
        let bytes = read_bytes(file)?;
        let image = self
            .decoder
            .decode_bytes(&bytes, self.view)
            .with_context(|| format!("{}: read again", file.display()))?;
        let picture = self.folder.join(format!("{}.png", sha256_hex(&bytes)));
        files::write_atomic(&picture, &overlay_png(&image, map)?, files::PUBLIC)
            .with_context(|| format!("{}: the picture cannot be written", picture.display()))?;
        Ok(picture)
    }
}
