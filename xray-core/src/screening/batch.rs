//! Many images, one after another. What cannot be read is reported and does not stop the rest.

use std::path::{Path, PathBuf};

use super::{Screener, Screening, ScreeningError};
use crate::decision::Finding;
use xray_intake::{self as intake, ListingError};

/// Why there is no result for a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoResult {
    /// The path gives no file to read.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// The file has no verdict.
    #[error(transparent)]
    Screening(#[from] ScreeningError),
}

impl NoResult {
    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            NoResult::Listing(error) => error.code(),
            NoResult::Screening(error) => error.code(),
        }
    }

    /// Every reason, as fixed words for machines; the first is [`NoResult::code`].
    pub fn codes(&self) -> Vec<&'static str> {
        match self {
            NoResult::Listing(error) => vec![error.code()],
            NoResult::Screening(error) => error.codes(),
        }
    }
}

/// What became of one path.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreenedPath {
    /// The image, or the path that gave none.
    pub file: PathBuf,
    /// The verdict, or why there is none.
    pub outcome: Result<Screening, NoResult>,
    /// Where its heat map was drawn, if it was.
    pub picture: Option<PathBuf>,
}

/// Screens every file that `paths` stand for, in the order given and sorted inside a folder; each when the
/// iterator is asked for it. The folders are listed first, so the number of items is known.
pub fn screen_paths<'a>(
    screener: &'a Screener,
    paths: &[PathBuf],
) -> impl ExactSizeIterator<Item = ScreenedPath> + use<'a> {
    screen_paths_with(paths, |file| screener.screen(file))
}

/// As [`screen_paths`], each file screened by `screen`.
pub fn screen_paths_with<S: FnMut(&Path) -> Result<Screening, ScreeningError>>(
    paths: &[PathBuf],
    mut screen: S,
) -> impl ExactSizeIterator<Item = ScreenedPath> + use<S> {
    let listed: Vec<_> = paths.iter().flat_map(|path| intake::list_all(path)).collect();
    listed.into_iter().map(move |entry| match entry {
        Ok(file) => ScreenedPath { outcome: screen(&file).map_err(NoResult::from), file, picture: None },
        Err(error) => {
            ScreenedPath { file: Path::to_owned(error.path()), outcome: Err(error.into()), picture: None }
        }
    })
}

/// How many images came to what end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Images with the finding [`Finding::Suspected`].
    pub suspected: usize,
    /// Images with the finding [`Finding::Uncertain`].
    pub uncertain: usize,
    /// Images with the finding [`Finding::NoSign`].
    pub no_sign: usize,
    /// Paths without a result.
    pub no_result: usize,
}

impl Summary {
    /// Counts one more.
    pub fn count(&mut self, item: &ScreenedPath) {
        match &item.outcome {
            Ok(screening) => match screening.verdict.finding() {
                Finding::Suspected => self.suspected += 1,
                Finding::Uncertain => self.uncertain += 1,
                Finding::NoSign => self.no_sign += 1,
            },
            Err(_) => self.no_result += 1,
        }
    }

    /// Images that were read.
    pub fn read(&self) -> usize {
        self.suspected + self.uncertain + self.no_sign
    }

    /// Whether every path gave a result.
    pub fn is_complete(&self) -> bool {
        self.no_result == 0
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} read: {} suspected, ", self.read(), self.suspected)?;
        // Most models have no abstain band.
        if self.uncertain > 0 {
            write!(f, "{} uncertain, ", self.uncertain)?;
        }
        write!(f, "{} no sign; {} no result", self.no_sign, self.no_result)
    }
}
