//! The limits of an audit, the same for `audit`, `fit`, `evaluate` and `export`.

use clap::Args;

use crate::audit::AuditLimits;

/// The most that a model may show in an audit.
#[derive(Debug, Clone, Copy, Args)]
pub struct AuditLimitArgs {
    /// Largest AUROC on the frame alone, 0.5 to 1 [default: 0.65; of `export` the limit of the run]
    #[arg(long, value_name = "AUROC", value_parser = frame_auroc, help_heading = "Audit")]
    max_frame_auroc: Option<f64>,
    /// Most AUROC that the frame of an image of the other class may cost, 0 to 1 [default: 0.05; of `export` the limit of
    /// the run]
    #[arg(long, value_name = "AUROC", value_parser = drop, help_heading = "Audit")]
    max_other_frame_drop: Option<f64>,
}

impl AuditLimitArgs {
    /// Whether no limit was given.
    pub fn is_empty(self) -> bool {
        self.max_frame_auroc.is_none() && self.max_other_frame_drop.is_none()
    }

    /// The limits that were given, and those of `others` where none was.
    pub fn or(self, others: AuditLimits) -> AuditLimits {
        AuditLimits {
            max_frame_auroc: self.max_frame_auroc.unwrap_or(others.max_frame_auroc),
            max_other_frame_drop: self.max_other_frame_drop.unwrap_or(others.max_other_frame_drop),
        }
    }
}

fn frame_auroc(text: &str) -> Result<f64, String> {
    within(text, 0.5)
}

fn drop(text: &str) -> Result<f64, String> {
    within(text, 0.0)
}

fn within(text: &str, least: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (least..=1.0).contains(number));
    number.ok_or_else(|| format!("`{text}` is not a number from {least} to 1"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        limits: AuditLimitArgs,
    }

    fn limits(options: &[&str]) -> AuditLimitArgs {
        Line::try_parse_from(["audit"].iter().chain(options)).unwrap().limits
    }

    #[test]
    fn limits_that_are_not_given_are_those_of_others() {
        let others = AuditLimits { max_frame_auroc: 0.9, max_other_frame_drop: 0.4 };
        assert!(limits(&[]).is_empty());
        assert_eq!(limits(&[]).or(others), others);
        let given = limits(&["--max-frame-auroc", "0.6"]);
        assert!(!given.is_empty());
        assert_eq!(given.or(others), AuditLimits { max_frame_auroc: 0.6, ..others });
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for options in
            [["--max-frame-auroc", "0.4"], ["--max-frame-auroc", "NaN"], ["--max-other-frame-drop", "1.5"]]
        {
            assert!(Line::try_parse_from(["audit"].into_iter().chain(options)).is_err(), "{options:?}");
        }
    }

    #[test]
    fn the_help_names_the_defaults() {
        let AuditLimits { max_frame_auroc, max_other_frame_drop } = AuditLimits::default();
        assert_eq!((max_frame_auroc, max_other_frame_drop), (0.65, 0.05));
    }
}
