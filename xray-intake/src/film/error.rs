//! Why no film could be cut out of a photograph.

/// Why a photograph of a film on a light box gives no radiograph. Each is a reason to take another one, with the
/// words for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FilmProblem {
    /// No dark rectangle within a bright one.
    #[error(
        "no film on a light box was found; put one film on the lit box so that the box shows bright on all four \
         sides of it, and take the picture again"
    )]
    NotFound,
    /// Something dark on the light box reaches its edge or that of the picture.
    #[error(
        "the film is cut off: it does not lie wholly on the light box or not wholly in the picture; move it or step \
         back until the box shows bright on all four sides, and take the picture again"
    )]
    CutOff,
    /// The film fills less than [`SMALLEST_SHARE`](super::SMALLEST_SHARE) of the picture, or has too few pixels.
    #[error("the film is too small in the picture; go nearer until it fills half of it")]
    TooSmall,
    /// More than one film.
    #[error("there is more than one film; leave one on the light box")]
    Several,
    /// A part of the film is as bright as the bare light box.
    #[error(
        "a part of the film is as bright as the light box: a lamp or window mirrors in it, or the picture is \
         overexposed; darken the room, and take the picture again"
    )]
    Glare,
    /// The edges of the film are not sharp.
    #[error("the picture is blurred; hold the camera still, let it focus, and take the picture again")]
    Blurred,
}

impl FilmProblem {
    /// All of them. A program that shows codes to people needs a text for each.
    pub const ALL: [FilmProblem; 6] = [
        FilmProblem::NotFound,
        FilmProblem::CutOff,
        FilmProblem::TooSmall,
        FilmProblem::Several,
        FilmProblem::Glare,
        FilmProblem::Blurred,
    ];

    /// A fixed word for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            FilmProblem::NotFound => "film-not-found",
            FilmProblem::CutOff => "film-cut-off",
            FilmProblem::TooSmall => "film-too-small",
            FilmProblem::Several => "several-films",
            FilmProblem::Glare => "film-glare",
            FilmProblem::Blurred => "film-blurred",
        }
    }
}
