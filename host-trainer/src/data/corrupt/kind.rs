//! The kinds of changes in the corruption suite.

/// What is changed; the table in [`super`] says by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    ContrastLow,
    ContrastHigh,
    GammaDark,
    GammaBright,
    Noise,
    Blur,
    Jpeg,
    Crop,
    Scale,
    Borders,
    Sharpen,
    Reduced,
    Stretch,
    Rotation,
    Shading,
    Local,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Kind; 16] = [
        Kind::ContrastLow,
        Kind::ContrastHigh,
        Kind::GammaDark,
        Kind::GammaBright,
        Kind::Noise,
        Kind::Blur,
        Kind::Jpeg,
        Kind::Crop,
        Kind::Scale,
        Kind::Borders,
        Kind::Sharpen,
        Kind::Reduced,
        Kind::Stretch,
        Kind::Rotation,
        Kind::Shading,
        Kind::Local,
    ];

    /// The name in tables, files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ContrastLow => "contrast-low",
            Kind::ContrastHigh => "contrast-high",
            Kind::GammaDark => "gamma-dark",
            Kind::GammaBright => "gamma-bright",
            Kind::Noise => "noise",
            Kind::Blur => "blur",
            Kind::Jpeg => "jpeg",
            Kind::Crop => "crop",
            Kind::Scale => "scale",
            Kind::Borders => "borders",
            Kind::Sharpen => "sharpen",
            Kind::Reduced => "reduced",
            Kind::Stretch => "stretch",
            Kind::Rotation => "turn",
            Kind::Shading => "shading",
            Kind::Local => "local",
        }
    }

    /// The numbers of the three severities.
    pub(super) fn amounts(self) -> [f64; 3] {
        match self {
            Kind::ContrastLow => [0.75, 0.55, 0.4],
            Kind::ContrastHigh => [1.25, 1.5, 1.8],
            Kind::GammaDark => [1.25, 1.6, 2.0],
            Kind::GammaBright => [1.0 / 1.25, 1.0 / 1.6, 1.0 / 2.0],
            Kind::Noise => [4.0, 8.0, 14.0],
            Kind::Blur => [0.6, 1.0, 1.6],
            Kind::Jpeg => [40.0, 20.0, 10.0],
            Kind::Crop => [0.94, 0.88, 0.8],
            Kind::Scale => [0.94, 0.86, 0.75],
            Kind::Borders => [0.04, 0.08, 0.14],
            Kind::Sharpen => [0.6, 1.2, 2.0],
            Kind::Reduced => [1.5, 2.0, 3.0],
            Kind::Stretch => [1.06, 1.12, 1.2],
            Kind::Rotation => [4.0, 8.0, 14.0],
            Kind::Shading => [0.12, 0.25, 0.4],
            Kind::Local => [1.5, 2.5, 4.0],
        }
    }
}
