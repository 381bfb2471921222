//! Refuses images that should have no score: is it a chest X-ray at all, upright, not inverted, not blank, sharp, large
//! enough?
//!
//! ```text
//! Radiograph  ─ImageStatistics::of→ ImageStatistics ┐
//! InputTensor ─Engine::run→ Output ─────────────────┴─QualityGate::admit→ Admitted, or Rejection with its reasons
//! ```
//!
//! A verdict is made from an [`Admitted`] output only, so an image that is refused has no score anywhere. Two things are
//! checked: numbers about the pixels ([`ImageStatistics`]), and, where the model brings a [`FeatureSpace`], whether its
//! features are like those of the training images.

mod feature_space;
pub mod image_statistics;
mod limits;
mod reason;
mod rejection;

pub use feature_space::{FeatureSpace, Position, Projection};
pub use image_statistics::ImageStatistics;
pub use limits::ANALYSED_SIDE;
pub use reason::RejectionReason;
pub use rejection::Rejection;

use crate::engine::Output;
use crate::package::VerifiedPackage;

/// The output of a model for an image that may have a verdict. Made by [`QualityGate::admit`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    output: Output,
}

impl Admitted {
    /// The output of the model.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// As [`Admitted::output`], without a copy.
    pub fn into_output(self) -> Output {
        self.output
    }
}

/// Refuses images that should have no score.
#[derive(Debug, Clone)]
pub struct QualityGate {
    input: usize,
    feature_space: Option<FeatureSpace>,
}

impl QualityGate {
    /// The gate of a model.
    pub fn of(package: &VerifiedPackage) -> QualityGate {
        QualityGate { input: package.contract().preprocessing.size, feature_space: FeatureSpace::of(package) }
    }

    /// What people must know about it, such as that it checks less than it should; none if there is nothing.
    pub fn warning(&self) -> Option<&'static str> {
        self.feature_space.is_none().then_some(
            "this model knows no X-rays: pictures are refused by image statistics only (size, colours, blank, blurred, grain), \
             not if they are turned, inverted or of something else; export it again with this release",
        )
    }

    /// Admits the output for an image, if the image may have a verdict.
    ///
    /// # Errors
    /// [`Rejection`] with every reason why it may not; the output is gone then.
    pub fn admit(&self, statistics: &ImageStatistics, output: Output) -> Result<Admitted, Rejection> {
        match Rejection::new(self.rejection_reasons(statistics, output.features())) {
            Some(rejection) => Err(rejection),
            None => Ok(Admitted { output }),
        }
    }

    fn rejection_reasons(&self, statistics: &ImageStatistics, features: &[f32]) -> Vec<RejectionReason> {
        let mut reasons = limits::rejection_reasons(statistics, self.input);
        // Features of a blank or blurred image lie anywhere; what is wrong with it is said already.
        if reasons.contains(&RejectionReason::Blank) || reasons.contains(&RejectionReason::Blurred) {
            return reasons;
        }
        if let Some(space) = &self.feature_space {
            reasons.extend(space.rejection_reason(features));
        }
        reasons
    }
}
