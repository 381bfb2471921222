//! The changes of images that the audit makes.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use xray_intake::Radiograph;

use super::inpaint::inpaint;
use crate::data::augment::{MiddleBox, blend};

/// Pixels of a side that the numbers below are given for; other sizes are scaled.
const SIDE: usize = 224;
/// First column, first column behind, first row and first row below the middle.
const MIDDLE: [usize; 4] = [30, 194, 22, 212];
/// Standard deviation of the middle's soft edge.
const SOFTNESS: f64 = 4.0;
/// Side of the corners that are filled in.
const CORNER: usize = 48;
/// Side of the blocks in which pixels are shuffled.
const BLOCK: usize = 16;
/// Level of what is taken away from the frame alone.
const GREY: f32 = 128.0;

/// What is left of an image or exchanged in it. The middle is the box of columns 30 to 194 and rows 22 to 212 of 224,
/// its edge softened by a Gaussian of 4 pixels; the frame is the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transform {
    /// The frame of another image of the same class around the middle.
    FrameOfSameClass,
    /// The frame of an image of the other class around the middle.
    FrameOfOtherClass,
    /// The frame; the middle is grey (128).
    FrameAlone,
    /// The middle; the frame is black.
    MiddleAlone,
    /// Pixels shuffled inside blocks of 16 × 16: what grey levels tell without shapes.
    ShuffledPixels,
    /// The four corners, 48 × 48, filled in from their surroundings: without marker letters.
    CornersInpainted,
}

impl Transform {
    /// All of them, in the order of tables.
    pub const ALL: [Transform; 6] = [
        Transform::FrameOfSameClass,
        Transform::FrameOfOtherClass,
        Transform::FrameAlone,
        Transform::MiddleAlone,
        Transform::ShuffledPixels,
        Transform::CornersInpainted,
    ];

    /// The name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Transform::FrameOfSameClass => "frame-of-same-class",
            Transform::FrameOfOtherClass => "frame-of-other-class",
            Transform::FrameAlone => "frame-alone",
            Transform::MiddleAlone => "middle-alone",
            Transform::ShuffledPixels => "shuffled-pixels",
            Transform::CornersInpainted => "corners-inpainted",
        }
    }

    /// The change of this name.
    pub fn from_name(name: &str) -> Option<Transform> {
        Transform::ALL.into_iter().find(|transform| transform.name() == name)
    }

    /// The change in words.
    pub fn description(self) -> &'static str {
        match self {
            Transform::FrameOfSameClass => "frame of another image of the same class",
            Transform::FrameOfOtherClass => "frame of an image of the other class",
            Transform::FrameAlone => "frame alone, middle grey",
            Transform::MiddleAlone => "middle alone, frame black",
            Transform::ShuffledPixels => "pixels shuffled in blocks of 16",
            Transform::CornersInpainted => "four corners filled in",
        }
    }

    /// The class of the image whose frame is lent to an image of class `label`; none if no frame is.
    pub fn partner_label(self, label: bool) -> Option<bool> {
        match self {
            Transform::FrameOfSameClass => Some(label),
            Transform::FrameOfOtherClass => Some(!label),
            _ => None,
        }
    }

    /// The changed image, grey, of the same size. `partner` lends its frame and has the size of `image`; only the two
    /// exchanges of frames look at it, and without one they give the image as it is.
    pub fn apply(self, image: &Radiograph, partner: Option<&Radiograph>, rng: &mut ChaCha8Rng) -> Radiograph {
        let levels = levels(image);
        let changed = match self {
            Transform::FrameOfSameClass | Transform::FrameOfOtherClass => match partner {
                Some(partner) => blend(&levels, &self::levels(partner), &middle(image)),
                None => levels,
            },
            Transform::FrameAlone => blend(&vec![GREY; levels.len()], &levels, &middle(image)),
            Transform::MiddleAlone => blend(&levels, &vec![0.0; levels.len()], &middle(image)),
            Transform::ShuffledPixels => shuffled(image, rng),
            Transform::CornersInpainted => corners_inpainted(image),
        };
        // A cast from float to u8 cuts off at 0 and 255.
        image.with_levels(|at| (changed[at] + 0.5).floor() as u8)
    }
}

fn levels(image: &Radiograph) -> Vec<f32> {
    image.pixels().grey().iter().map(|level| f32::from(*level)).collect()
}

/// A number of pixels of [`SIDE`], for an image whose side is this long.
fn scaled(pixels: usize, side: usize) -> usize {
    (pixels * side + SIDE / 2) / SIDE
}

/// The part of the middle in each pixel.
fn middle(image: &Radiograph) -> Vec<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let [left, right, top, bottom] = MIDDLE;
    let middle = MiddleBox {
        left: scaled(left, width),
        right: scaled(right, width),
        top: scaled(top, height),
        bottom: scaled(bottom, height),
        softness: SOFTNESS * width as f64 / SIDE as f64,
    };
    middle.weights(width, height)
}

fn shuffled(image: &Radiograph, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut levels = levels(image);
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            let rows = top..(top + BLOCK).min(height);
            let places: Vec<usize> =
                rows.flat_map(|y| (left..(left + BLOCK).min(width)).map(move |x| y * width + x)).collect();
            let mut block: Vec<f32> = places.iter().map(|at| levels[*at]).collect();
            block.shuffle(rng);
            places.iter().zip(block).for_each(|(at, level)| levels[*at] = level);
        }
    }
    levels
}

fn corners_inpainted(image: &Radiograph) -> Vec<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (across, down) = (scaled(CORNER, width), scaled(CORNER, height));
    let region: Vec<bool> = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            (x < across || x + across >= width) && (y < down || y + down >= height)
        })
        .collect();
    let mut levels: Vec<f64> = image.pixels().grey().iter().map(|level| f64::from(*level)).collect();
    inpaint(&mut levels, &region, width);
    levels.into_iter().map(|level| level as f32).collect()
}

/// The generator of one image under one change: the same for the same `seed`, content (`sha256` in hex) and change.
pub fn audit_rng(seed: u64, sha256: &str, transform: Transform) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(b"audit");
    hash.update(seed.to_le_bytes());
    hash.update(transform.name());
    hash.update(sha256);
    ChaCha8Rng::from_seed(hash.finalize().into())
}
