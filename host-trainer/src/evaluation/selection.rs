//! Validation scores by hospital and view, and what an operating point is chosen on.

use std::collections::BTreeMap;

use super::{DecisionRules, OperatingPoint, ThresholdRule, calibrated};
use crate::metrics::{Confusion, MetricsError, Rate, Scored, auroc, auroc_interval};
use crate::run::{ChooseOn, GroupFigures, SelectionRecord, ValidationScore, ViewKind, scored};

/// The scores of each hospital in each kind of view.
pub(crate) fn groups(scores: &[ValidationScore]) -> BTreeMap<(String, ViewKind), Vec<ValidationScore>> {
    let mut groups: BTreeMap<_, Vec<ValidationScore>> = BTreeMap::new();
    for score in scores {
        groups.entry((score.source.clone(), score.kind())).or_default().push(score.clone());
    }
    groups
}

/// Figures on calibrated scores by hospital and view.
pub(crate) fn group_figures(calibrated: &[ValidationScore], threshold: f64) -> Vec<GroupFigures> {
    let figures = |((source, view), scores): ((String, ViewKind), Vec<ValidationScore>)| {
        let scores = scored(&scores);
        let counts = Confusion::at(&scores, threshold);
        GroupFigures {
            source,
            view,
            views: scores.len(),
            auroc: auroc(&scores).ok(),
            auroc_interval: auroc_interval(&scores).ok().flatten(),
            sensitivity: Rate::new(counts.tp, counts.tp + counts.fn_),
            specificity: Rate::new(counts.tn, counts.tn + counts.fp),
        }
    };
    groups(calibrated).into_iter().map(figures).collect()
}

/// The scores that an operating point is chosen on; of one hospital, if `source` names it.
pub(crate) fn selection_scores(
    scores: &[ValidationScore],
    choose_on: ChooseOn,
    source: Option<&str>,
) -> Vec<ValidationScore> {
    let counts = |score: &&ValidationScore| {
        choose_on.counts(score.kind()) && source.is_none_or(|source| score.source == source)
    };
    scores.iter().filter(counts).cloned().collect()
}

impl DecisionRules {
    /// Chooses an operating point on uncalibrated validation scores: on all of them together, or with
    /// [`ChooseOn::Worst`] so that the rule of the threshold is met in each hospital and view. Temperature and abstain band
    /// are chosen on all together. Only the scores of `source` count, if it is given.
    ///
    /// # Errors
    /// As [`DecisionRules::choose`].
    pub(crate) fn choose_on(
        &self,
        scores: &[ValidationScore],
        choose_on: ChooseOn,
        source: Option<&str>,
    ) -> anyhow::Result<OperatingPoint> {
        let selected = selection_scores(scores, choose_on, source);
        let mut chosen = self.choose(&scored(&selected))?;
        if choose_on == ChooseOn::Worst {
            let groups: Vec<Vec<Scored>> = groups(&calibrated(&selected, chosen.calibration))
                .into_values()
                .map(|scores| scored(&scores))
                .collect();
            chosen.threshold = in_every_group(self.threshold, &groups)?;
            if let Some(band) = &mut chosen.abstain {
                band.low = band.low.min(chosen.threshold);
                band.high = band.high.max(chosen.threshold);
            }
        }
        Ok(chosen)
    }

    /// What would be chosen on every kind of selection that these scores allow.
    pub(crate) fn selections(
        &self,
        scores: &[ValidationScore],
        source: Option<&str>,
    ) -> Vec<SelectionRecord> {
        let there = |view| scores.iter().any(|score| score.kind() == view);
        let kinds = [
            (ChooseOn::Clean, true),
            (ChooseOn::Corrupted, there(ViewKind::Corrupted)),
            (ChooseOn::Drawn, there(ViewKind::Drawn)),
            (ChooseOn::Worst, true),
        ];
        let record = |choose_on| {
            let chosen = self.choose_on(scores, choose_on, source).ok();
            SelectionRecord {
                choose_on,
                threshold: chosen.as_ref().map(|chosen| chosen.threshold),
                temperature: chosen.map(|chosen| chosen.calibration.temperature()),
            }
        };
        kinds.into_iter().filter(|(_, possible)| *possible).map(|(kind, _)| record(kind)).collect()
    }
}

/// A threshold at which the rule is met in each group; for Youden's index the one at which the lowest index of a group is
/// highest.
fn in_every_group(rule: ThresholdRule, groups: &[Vec<Scored>]) -> Result<f64, MetricsError> {
    let thresholds: Vec<f64> = groups.iter().map(|group| rule.choose(group)).collect::<Result<_, _>>()?;
    let lowest_index = |threshold: f64| {
        let index = |group: &Vec<Scored>| {
            let counts = Confusion::at(group, threshold);
            counts.sensitivity().unwrap_or(0.0) + counts.specificity().unwrap_or(0.0) - 1.0
        };
        groups.iter().map(index).fold(f64::MAX, f64::min)
    };
    let chosen = match rule {
        ThresholdRule::Fixed(value) => Some(value),
        ThresholdRule::Sensitivity(_) => thresholds.into_iter().reduce(f64::min),
        ThresholdRule::Specificity(_) => thresholds.into_iter().reduce(f64::max),
        ThresholdRule::Youden => {
            let mut all: Vec<f64> = groups.iter().flatten().map(|(score, _)| *score).collect();
            all.sort_by(f64::total_cmp);
            let between = all.windows(2).map(|two| f64::midpoint(two[0], two[1]));
            let index = |threshold: &f64| lowest_index(*threshold);
            between.max_by(|a, b| index(a).total_cmp(&index(b)))
        }
    };
    chosen.ok_or(MetricsError::Empty)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn scores(source: &str, draw: Option<u32>, values: &[(f64, bool)]) -> Vec<ValidationScore> {
        let one = |(at, (probability, label)): (usize, &(f64, bool))| ValidationScore {
            path: format!("{source}/{at}.png"),
            sha256: String::new(),
            corruption: None,
            draw,
            source: source.to_owned(),
            label: *label,
            probability: *probability,
        };
        values.iter().enumerate().map(one).collect()
    }

    fn all() -> Vec<ValidationScore> {
        let mut all = scores("a", None, &[(0.1, false), (0.2, false), (0.8, true), (0.9, true)]);
        all.extend(scores("a", Some(0), &[(0.1, false), (0.5, false), (0.4, true), (0.9, true)]));
        all.extend(scores("b", None, &[(0.3, false), (0.6, false), (0.7, true), (0.75, true)]));
        all
    }

    fn rules(rule: &str) -> DecisionRules {
        DecisionRules { threshold: rule.parse().unwrap(), calibrate: false, abstain: None }
    }

    #[test]
    fn the_worst_group_decides() {
        let threshold = |rule: &str, on| rules(rule).choose_on(&all(), on, None).unwrap().threshold;
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        // Every positive of every group: below .4, the next score is .1 in its own group.
        close(threshold("sensitivity>=0.99", ChooseOn::Worst), 0.25);
        // Every negative of every group: that needs most in the drawn ones, above .5, where the next score is .9.
        close(threshold("specificity>=0.99", ChooseOn::Worst), 0.7);
        // Between .6 and .7 the three groups have the indices 1, .5 and 1.
        let youden = threshold("youden", ChooseOn::Worst);
        assert!((0.5..0.75).contains(&youden), "{youden}");
        close(threshold("sensitivity>=0.99", ChooseOn::Clean), 0.65);
    }

    #[test]
    fn one_hospital_decides_alone() {
        let rule = rules("sensitivity>=0.99");
        let threshold = |source| rule.choose_on(&all(), ChooseOn::Clean, Some(source)).unwrap().threshold;
        // Between the highest negative and the lowest positive of each.
        assert!((threshold("a") - 0.5).abs() < 1e-9 && (threshold("b") - 0.65).abs() < 1e-9);
        let drawn = rule.choose_on(&all(), ChooseOn::Worst, Some("a")).unwrap().threshold;
        assert!((drawn - 0.25).abs() < 1e-9, "{drawn}");
    }

    #[test]
    fn figures_are_given_by_hospital_and_view() {
        let figures = group_figures(&all(), 0.65);
        let names: Vec<_> = figures.iter().map(|row| (row.source.as_str(), row.view)).collect();
        assert_eq!(names, [("a", ViewKind::Plain), ("a", ViewKind::Drawn), ("b", ViewKind::Plain)]);
        assert_eq!((figures[1].sensitivity.value, figures[1].auroc), (Some(0.5), Some(0.75)));
    }

    #[test]
    fn selections_are_those_that_the_scores_allow() {
        let kinds: Vec<_> =
            rules("youden").selections(&all(), None).iter().map(|row| row.choose_on).collect();
        assert_eq!(kinds, [ChooseOn::Clean, ChooseOn::Drawn, ChooseOn::Worst]);
    }
}
