//! The options of augmentation, for every command that has them.

use clap::Args;

use crate::data::augment::{AugmentError, Augmentation, Fill, Preset};

/// How training images are varied: a preset, and single numbers that replace its own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Augmentation")]
pub struct AugmentArgs {
    /// Which changes training images get; the options below replace single numbers of the preset
    #[arg(long, value_enum, value_name = "PRESET")]
    augment: Option<Preset>,
    /// Exchange left and right of half of the images at random; the heart is then on the wrong side
    #[arg(long, value_name = "true|false")]
    flip: Option<bool>,
    /// Enlarge by 1 ± this; 0 to 0.5
    #[arg(long, value_name = "PART")]
    zoom: Option<f64>,
    /// Make wider or narrower by a factor between 1 and 1 + this, at the same area; 0 to 0.5
    #[arg(long, value_name = "PART")]
    stretch: Option<f64>,
    /// Slant by up to this angle; 0 to 45
    #[arg(long, value_name = "DEGREES")]
    shear: Option<f64>,
    /// Rotate by up to this angle; 0 to 180
    #[arg(long, value_name = "DEGREES")]
    rotation: Option<f64>,
    /// Move by up to this part of width and height; 0 to 0.5
    #[arg(long, value_name = "PART")]
    shift: Option<f64>,
    /// Brighten or darken by up to this part of the range; 0 to 1
    #[arg(long, value_name = "PART")]
    brightness: Option<f64>,
    /// Change the contrast by 1 ± this; 0 to 1
    #[arg(long, value_name = "PART")]
    contrast: Option<f64>,
    /// Raise levels to a power between 1/this and this; 1 to 4
    #[arg(long, value_name = "FACTOR")]
    gamma: Option<f64>,
    /// Blur half of the images at random by up to this many pixels; 0 to 4
    #[arg(long, value_name = "PIXELS")]
    blur: Option<f64>,
    /// Sharpen the others by up to this; 0 to 4
    #[arg(long, value_name = "PART")]
    sharpen: Option<f64>,
    /// Add noise of up to this many levels; 0 to 32
    #[arg(long, value_name = "LEVELS")]
    noise: Option<f64>,
    /// Paint dark bars over left and right border, up to this part of the width; 0 to 0.25
    #[arg(long, value_name = "PART")]
    borders: Option<f64>,
    /// What fills the area that a moved image does not cover: `edge` repeats its border, a number is a grey level
    #[arg(long, value_name = "edge|0..255")]
    fill: Option<Fill>,
}

impl AugmentArgs {
    pub fn names_a_preset(&self) -> bool {
        self.augment.is_some()
    }

    /// The augmentation that the options describe; `default` if no preset is named.
    ///
    /// # Errors
    /// [`AugmentError`] names a number that is out of its range.
    pub fn augmentation(&self, default: Preset) -> Result<Augmentation, AugmentError> {
        let preset = self.augment.unwrap_or(default).augmentation();
        let augmentation = Augmentation {
            flip: self.flip.unwrap_or(preset.flip),
            zoom: self.zoom.unwrap_or(preset.zoom),
            stretch: self.stretch.unwrap_or(preset.stretch),
            shear: self.shear.unwrap_or(preset.shear),
            rotation: self.rotation.unwrap_or(preset.rotation),
            shift: self.shift.unwrap_or(preset.shift),
            brightness: self.brightness.unwrap_or(preset.brightness),
            contrast: self.contrast.unwrap_or(preset.contrast),
            gamma: self.gamma.unwrap_or(preset.gamma),
            blur: self.blur.unwrap_or(preset.blur),
            sharpen: self.sharpen.unwrap_or(preset.sharpen),
            noise: self.noise.unwrap_or(preset.noise),
            borders: self.borders.unwrap_or(preset.borders),
            fill: self.fill.unwrap_or(preset.fill),
        };
        augmentation.check()?;
        Ok(augmentation)
    }
}
