//! The pictures that a quality gate is measured on: changes that it must accept, and pictures that it must refuse.

use rand::{Rng, RngExt};
use xray_intake::{IntakeProblem, Radiograph};

use crate::contact_sheet::{Lettering, burn_in};
use crate::data::corrupt::{CorruptError, Corruption, Kind};
use crate::data::ood::OodPicture;
use crate::data::{WrongOrientation, mirrored};

/// A change of an X-ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PictureChange {
    None,
    /// Left and right exchanged.
    Mirrored,
    /// Letters burnt into the picture.
    Letters,
    /// A change of the corruption suite with its severity.
    Corrupted(Kind, usize),
    WrongOrientation(WrongOrientation),
    /// Rotated by 90 degrees and inverted.
    RotatedInverted,
    /// The strongest blur of the suite, this number of times.
    Blurred(usize),
}

impl PictureChange {
    /// Changes that a quality gate must accept: a person can still read the X-ray. The whole suite, medium and strong.
    pub fn tolerated() -> Vec<PictureChange> {
        let suite = [2, 3]
            .into_iter()
            .flat_map(|severity| Kind::ALL.map(|kind| PictureChange::Corrupted(kind, severity)));
        [PictureChange::None, PictureChange::Mirrored, PictureChange::Letters]
            .into_iter()
            .chain(suite)
            .collect()
    }

    /// Changes that a quality gate must refuse.
    pub const REFUSED: [PictureChange; 6] = [
        PictureChange::WrongOrientation(WrongOrientation::Rotated90),
        PictureChange::WrongOrientation(WrongOrientation::Rotated180),
        PictureChange::WrongOrientation(WrongOrientation::Rotated270),
        PictureChange::WrongOrientation(WrongOrientation::Inverted),
        PictureChange::RotatedInverted,
        PictureChange::Blurred(8),
    ];

    /// The name in the table.
    pub fn name(self) -> String {
        match self {
            PictureChange::None => "as it is".to_owned(),
            PictureChange::Mirrored => "mirrored".to_owned(),
            PictureChange::Letters => "letters burnt in".to_owned(),
            PictureChange::Corrupted(kind, severity) => format!("{}-{severity}", kind.name()),
            PictureChange::WrongOrientation(orientation) => orientation.name().to_owned(),
            PictureChange::RotatedInverted => "turned-90 and inverted".to_owned(),
            PictureChange::Blurred(_) => "out of focus".to_owned(),
        }
    }

    /// The changed picture. `small` has the model's input size.
    ///
    /// # Errors
    /// [`CorruptError`] from the JPEG encoder.
    pub fn apply(
        self,
        small: &Radiograph,
        sha256: &str,
        rng: &mut impl Rng,
    ) -> Result<Radiograph, CorruptError> {
        Ok(match self {
            PictureChange::None => small.clone(),
            PictureChange::Mirrored => mirrored(small),
            PictureChange::Letters => with_letters(small, rng),
            PictureChange::Corrupted(kind, severity) => corrupted(small, kind, severity, sha256)?,
            PictureChange::WrongOrientation(orientation) => orientation.apply(small),
            PictureChange::RotatedInverted => {
                WrongOrientation::Rotated90.apply(&WrongOrientation::Inverted.apply(small))
            }
            PictureChange::Blurred(times) => {
                let mut picture = small.clone();
                for _ in 0..times {
                    picture = corrupted(&picture, Kind::Blur, 3, sha256)?;
                }
                picture
            }
        })
    }
}

fn corrupted(
    picture: &Radiograph,
    kind: Kind,
    severity: usize,
    sha256: &str,
) -> Result<Radiograph, CorruptError> {
    match Corruption::new(kind, severity) {
        Some(corruption) => corruption.apply(picture, &mut corruption.rng(sha256)),
        None => Ok(picture.clone()),
    }
}

/// A side marker in a corner, and sometimes a line below.
fn with_letters(picture: &Radiograph, rng: &mut impl Rng) -> Radiograph {
    let (width, height) = (picture.width(), picture.height());
    let scale = (width / 112).max(1);
    let left = if rng.random() { 8 } else { width - 8 - 8 * scale };
    let marker = if rng.random() { "L" } else { "R" };
    let marked = burn_in(picture, &Lettering { left, top: 10, scale, text: marker });
    if rng.random() {
        let line = Lettering { left: 8, top: height - 16, scale: 1, text: "12345 AP PORT 04Y" };
        burn_in(&marked, &line)
    } else {
        marked
    }
}

/// Pictures drawn for measuring, beside those of [`OodPicture`] with another seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrawnPicture {
    /// One grey level, with noise of at most two levels.
    Blank,
    /// A chessboard.
    Board,
    /// Concentric rings.
    Rings,
    /// Vertical bars, like a bar code.
    Bars,
    /// A kind that quality gates are fitted on.
    Fitted(OodPicture),
}

impl DrawnPicture {
    pub fn all() -> Vec<DrawnPicture> {
        let others = [DrawnPicture::Blank, DrawnPicture::Board, DrawnPicture::Rings, DrawnPicture::Bars];
        others.into_iter().chain(OodPicture::ALL.map(DrawnPicture::Fitted)).collect()
    }

    /// The name in the table.
    pub fn name(self) -> String {
        match self {
            DrawnPicture::Blank => "blank".to_owned(),
            DrawnPicture::Board => "chessboard".to_owned(),
            DrawnPicture::Rings => "rings".to_owned(),
            DrawnPicture::Bars => "bars".to_owned(),
            DrawnPicture::Fitted(kind) => format!("{} (drawn)", kind.name()),
        }
    }

    /// The picture with this number.
    ///
    /// # Errors
    /// As [`OodPicture::draw`].
    pub fn draw(self, size: usize, number: u64, rng: &mut impl Rng) -> Result<Radiograph, IntakeProblem> {
        let (low, high) = (rng.random_range(0..100u8), rng.random_range(150..=255u8));
        let step = rng.random_range(4..=size / 4);
        let middle = [(); 2].map(|()| rng.random_range(0..size) as f64);
        let level = |bright: bool| if bright { high } else { low };
        let levels: Vec<u8> = match self {
            DrawnPicture::Fitted(kind) => return kind.draw(size, MEASURED_SEED, number),
            DrawnPicture::Blank => {
                (0..size * size).map(|_| low.saturating_add(rng.random_range(0..=2))).collect()
            }
            DrawnPicture::Board => (0..size * size)
                .map(|at| level((at % size / step + at / size / step).is_multiple_of(2)))
                .collect(),
            DrawnPicture::Rings => {
                let ring = |at: usize| {
                    let radius = ((at % size) as f64 - middle[0]).hypot((at / size) as f64 - middle[1]);
                    level(((radius / step as f64) as usize).is_multiple_of(2))
                };
                (0..size * size).map(ring).collect()
            }
            DrawnPicture::Bars => {
                let columns: Vec<bool> = (0..size.div_ceil(3)).map(|_| rng.random()).collect();
                (0..size * size).map(|at| level(columns[at % size / 3])).collect()
            }
        };
        Radiograph::from_grey(size as u32, size as u32, levels)
    }
}

/// Seed of the drawn pictures that quality gates are measured on; they are fitted on pictures of another seed.
const MEASURED_SEED: u64 = 2;
