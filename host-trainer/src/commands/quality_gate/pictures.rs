//! What a gate is measured on: changes that it must bear, and pictures that it must refuse.

use rand::{Rng, RngExt};
use xray_core::intake::{IntakeProblem, Radiograph};

use crate::data::corrupt::{CorruptError, Corruption, Kind};
use crate::data::strange::Strange;
use crate::data::{Turn, mirrored};

/// What is done to an X-ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Left and right exchanged.
    Mirrored,
    /// Letters burnt in.
    Letters,
    /// One of the corruption suite.
    Corrupted(Kind, usize),
    /// Lying wrongly.
    Turned(Turn),
    /// Turned by a quarter, black and white exchanged.
    TurnedInverted,
    /// Out of focus: the strongest blur of the suite, so many times.
    Blurred(usize),
}

impl Change {
    /// Those that a gate must bear: what a person could still read. The whole suite, medium and strong.
    pub fn borne() -> Vec<Change> {
        let suite =
            [2, 3].into_iter().flat_map(|severity| Kind::ALL.map(|kind| Change::Corrupted(kind, severity)));
        [Change::None, Change::Mirrored, Change::Letters].into_iter().chain(suite).collect()
    }

    /// Those that a gate must refuse.
    pub const REFUSED: [Change; 6] = [
        Change::Turned(Turn::Quarter),
        Change::Turned(Turn::Half),
        Change::Turned(Turn::ThreeQuarters),
        Change::Turned(Turn::Inverted),
        Change::TurnedInverted,
        Change::Blurred(8),
    ];

    /// Its name in the table.
    pub fn name(self) -> String {
        match self {
            Change::None => "as it is".to_owned(),
            Change::Mirrored => "mirrored".to_owned(),
            Change::Letters => "letters burnt in".to_owned(),
            Change::Corrupted(kind, severity) => format!("{}-{severity}", kind.name()),
            Change::Turned(turn) => turn.name().to_owned(),
            Change::TurnedInverted => "turned-90 and inverted".to_owned(),
            Change::Blurred(_) => "out of focus".to_owned(),
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
            Change::None => small.clone(),
            Change::Mirrored => mirrored(small),
            Change::Letters => with_letters(small, rng),
            Change::Corrupted(kind, severity) => corrupted(small, kind, severity, sha256)?,
            Change::Turned(turn) => turn.apply(small),
            Change::TurnedInverted => Turn::Quarter.apply(&Turn::Inverted.apply(small)),
            Change::Blurred(times) => {
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
    let marked = crate::sheet::burnt_in(picture, (left, 10), scale, marker);
    if rng.random() {
        crate::sheet::burnt_in(&marked, (8, height - 16), 1, "12345 AP PORT 04Y")
    } else {
        marked
    }
}

/// Pictures drawn for measuring, beside those of [`Strange`] with another seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// One level, with at most two levels of grain.
    Blank,
    /// A chessboard.
    Board,
    /// Rings around a place.
    Rings,
    /// Upright bars, as on a package.
    Bars,
    /// A kind that gates are fitted on.
    Fitted(Strange),
}

impl Drawn {
    /// All of them.
    pub fn all() -> Vec<Drawn> {
        let others = [Drawn::Blank, Drawn::Board, Drawn::Rings, Drawn::Bars];
        others.into_iter().chain(Strange::ALL.map(Drawn::Fitted)).collect()
    }

    /// Its name in the table.
    pub fn name(self) -> String {
        match self {
            Drawn::Blank => "blank".to_owned(),
            Drawn::Board => "chessboard".to_owned(),
            Drawn::Rings => "rings".to_owned(),
            Drawn::Bars => "bars".to_owned(),
            Drawn::Fitted(kind) => format!("{} (drawn)", kind.name()),
        }
    }

    /// The picture of this number.
    ///
    /// # Errors
    /// As [`Strange::draw`].
    pub fn draw(self, size: usize, number: u64, rng: &mut impl Rng) -> Result<Radiograph, IntakeProblem> {
        let (low, high) = (rng.random_range(0..100u8), rng.random_range(150..=255u8));
        let step = rng.random_range(4..=size / 4);
        let middle = [(); 2].map(|()| rng.random_range(0..size) as f64);
        let level = |bright: bool| if bright { high } else { low };
        let levels: Vec<u8> = match self {
            Drawn::Fitted(kind) => return kind.draw(size, MEASURED_SEED, number),
            Drawn::Blank => (0..size * size).map(|_| low.saturating_add(rng.random_range(0..=2))).collect(),
            Drawn::Board => (0..size * size)
                .map(|at| level((at % size / step + at / size / step).is_multiple_of(2)))
                .collect(),
            Drawn::Rings => {
                let ring = |at: usize| {
                    let radius = ((at % size) as f64 - middle[0]).hypot((at / size) as f64 - middle[1]);
                    level(((radius / step as f64) as usize).is_multiple_of(2))
                };
                (0..size * size).map(ring).collect()
            }
            Drawn::Bars => {
                let columns: Vec<bool> = (0..size.div_ceil(3)).map(|_| rng.random()).collect();
                (0..size * size).map(|at| level(columns[at % size / 3])).collect()
            }
        };
        Radiograph::from_grey(size as u32, size as u32, levels)
    }
}

/// Seed of the drawn pictures that gates are measured on; they are fitted on others.
const MEASURED_SEED: u64 = 2;
