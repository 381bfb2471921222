//! What a model may show in an audit, and whether it does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Audit, SourceTold};

/// What a model may show in an audit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditLimits {
    /// Largest area under the ROC curve on the frame alone, from 0.5 to 1; an area below 0.5 counts as 1 less the area.
    pub max_frame_auroc: f64,
    /// Largest loss of that area when the frame is that of an image of the other class, 0 to 1.
    pub max_other_frame_drop: f64,
}

impl Default for AuditLimits {
    fn default() -> Self {
        AuditLimits { max_frame_auroc: 0.65, max_other_frame_drop: 0.05 }
    }
}

/// A figure that has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditedFigure {
    /// Area under the ROC curve on the frame alone.
    FrameAuroc,
    /// Loss of that area when the frame is that of an image of the other class.
    OtherFrameDrop,
}

/// A figure beside its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LimitCheck {
    /// Which figure.
    pub figure: AuditedFigure,
    /// What was measured.
    pub value: f64,
    /// The most that is allowed.
    pub limit: f64,
    /// Whether the value is not above the limit.
    pub within: bool,
}

impl LimitCheck {
    fn new(figure: AuditedFigure, value: f64, limit: f64) -> Self {
        LimitCheck { figure, value, limit, within: value <= limit }
    }
}

impl fmt::Display for LimitCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LimitCheck { figure, value, limit, within } = self;
        match figure {
            AuditedFigure::FrameAuroc => {
                let little = if *within { " little" } else { "" };
                write!(f, "the frame alone tells the classes{little}: AUROC {value:.3}, ")?;
                write!(f, "at most {limit:.3} is allowed and 0.5 is chance")
            }
            AuditedFigure::OtherFrameDrop => {
                let effect = if *within { "changes little" } else { "misleads the model" };
                write!(f, "the frame of an image of the other class {effect}: AUROC falls by {value:.3}, ")?;
                write!(f, "at most {limit:.3} is allowed")
            }
        }
    }
}

/// Whether a model is within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No figure is above its limit.
    WithinLimits,
    /// At least one is.
    OverLimit,
}

/// Whether a model is within its limits, and by what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditVerdict {
    /// In a word.
    pub verdict: Outcome,
    /// Every figure that has a limit.
    pub checks: Vec<LimitCheck>,
    /// The hospitals and the class in which the score tells the hospital best, where there are several. It has no limit:
    /// patients of two hospitals can differ in how ill they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_told: Option<SourceTold>,
}

impl AuditVerdict {
    /// Whether at least one figure is above its limit.
    pub fn is_over(&self) -> bool {
        self.verdict == Outcome::OverLimit
    }

    /// The figures that are above their limits, in words.
    pub fn exceeded(&self) -> String {
        let over = self.checks.iter().filter(|check| !check.within);
        over.map(LimitCheck::to_string).collect::<Vec<_>>().join("; ")
    }
}

/// What to do with a model that is over a limit.
const REMEDY: &str = "do not use this model on images of another hospital; train with exchanged frames (fit --draws) on images of \
                      several hospitals";

impl fmt::Display for AuditVerdict {
    /// One line for each figure, then what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = self.checks.iter().map(LimitCheck::to_string).collect();
        lines.extend(self.source_told.as_ref().map(SourceTold::to_string));
        if self.is_over() {
            lines.push(REMEDY.to_owned());
        }
        f.write_str(&lines.join("\n"))
    }
}

impl Audit {
    /// Whether the model is within these limits; none if a figure that has a limit is not known.
    pub fn verdict(&self, limits: AuditLimits) -> Option<AuditVerdict> {
        let area = self.frame_auroc()?;
        let checks = vec![
            // Below chance the frame tells the classes, too, the wrong way round.
            LimitCheck::new(AuditedFigure::FrameAuroc, area.max(1.0 - area), limits.max_frame_auroc),
            LimitCheck::new(
                AuditedFigure::OtherFrameDrop,
                self.other_frame_drop()?,
                limits.max_other_frame_drop,
            ),
        ];
        let within = checks.iter().all(|check| check.within);
        let told = self.source_told.iter();
        Some(AuditVerdict {
            verdict: if within { Outcome::WithinLimits } else { Outcome::OverLimit },
            checks,
            source_told: told.max_by(|a, b| a.distance().total_cmp(&b.distance())).cloned(),
        })
    }
}

/// The audit of a trained head on the validation images of its run, without the quality gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Seed of partners and shuffled pixels.
    pub seed: u64,
    /// Validation images that have a score as they are.
    pub images: usize,
    /// The limits that were given for the run.
    pub limits: AuditLimits,
    /// What was found.
    pub figures: Audit,
}

impl AuditRecord {
    /// Whether the head is within the limits of its run; none if a figure is not known.
    pub fn verdict(&self) -> Option<AuditVerdict> {
        self.figures.verdict(self.limits)
    }
}
