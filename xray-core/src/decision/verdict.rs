//! The verdict on one image and the rule that makes it.

use super::{CalibratedProbability, Finding, ProbabilityCalibration};
use crate::engine::Probability;
use crate::package::{AbstainBand, VerifiedPackage};
use crate::quality_gate::Admitted;

/// The verdict on one image. It is made from what a model's quality gate admitted only, so an image that was not
/// read or not accepted has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    finding: Finding,
    probability: CalibratedProbability,
    uncalibrated: Probability,
}

impl Verdict {
    /// What was found.
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// The probability that it rests on.
    pub fn probability(&self) -> CalibratedProbability {
        self.probability
    }

    /// What the network gave before calibration, for fitting a calibration and comparing engines.
    pub fn uncalibrated(&self) -> Probability {
        self.uncalibrated
    }
}

/// The rule by which a model's scores become verdicts; it comes with the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRule {
    calibration: ProbabilityCalibration,
    threshold: f64,
    band: Option<AbstainBand>,
}

impl DecisionRule {
    /// The rule in a model's contract.
    pub fn of(package: &VerifiedPackage) -> Self {
        let contract = package.contract();
        DecisionRule {
            calibration: ProbabilityCalibration::of(package),
            threshold: contract.threshold,
            band: contract.abstain,
        }
    }

    /// The verdict on a model's output that was let through.
    pub fn decide(&self, admitted: &Admitted) -> Verdict {
        let uncalibrated = admitted.output().probability();
        let probability = self.calibration.apply(uncalibrated);
        Verdict { finding: self.finding(probability.value()), probability, uncalibrated }
    }

    fn finding(&self, probability: f64) -> Finding {
        if self.band.is_some_and(|band| band.holds(probability)) {
            Finding::Uncertain
        } else if probability >= self.threshold {
            Finding::Suspected
        } else {
            Finding::NoSign
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_band_nothing_is_decided() {
        let band = Some(AbstainBand { low: 0.25, high: 0.75 });
        let rule = DecisionRule { calibration: ProbabilityCalibration::NONE, threshold: 0.5, band };
        let findings = [0.0, 0.2499, 0.25, 0.5, 0.7499, 0.75, 1.0].map(|p| rule.finding(p));
        use Finding::{NoSign, Suspected, Uncertain};
        assert_eq!(findings, [NoSign, NoSign, Uncertain, Uncertain, Uncertain, Suspected, Suspected]);
        let rule = DecisionRule { band: None, ..rule };
        assert_eq!([0.4999, 0.5].map(|p| rule.finding(p)), [NoSign, Suspected]);
    }
}
