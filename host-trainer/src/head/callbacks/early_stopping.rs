//! Stops when a metric no longer improves.

use serde::{Deserialize, Serialize};

use super::Monitor;

/// Stops the training after `patience` epochs in which the metric did not improve by more than `min_delta`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    pub monitor: Monitor,
    /// The least improvement, in the unit of the metric.
    pub min_delta: f64,
    /// Epochs without an improvement until the training stops.
    pub patience: usize,
}

impl Default for EarlyStopping {
    /// Validation accuracy, one point, six epochs.
    fn default() -> Self {
        EarlyStopping { monitor: Monitor::ValAccuracy, min_delta: 0.01, patience: 6 }
    }
}

/// The state of the counting.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EarlyStoppingState {
    best: Option<f64>,
    wait: usize,
}

/// The effect of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The metric is the best so far: with `restore best`, these weights are kept.
    pub best: bool,
    pub stop: bool,
}

impl EarlyStopping {
    /// Takes the metric of an epoch; nothing changes if `value` is not defined.
    pub fn after(&self, state: &mut EarlyStoppingState, value: Option<f64>) -> Outcome {
        let Some(value) = value else { return Outcome { best: false, stop: false } };
        if self.monitor.improves(value, state.best, self.min_delta) {
            *state = EarlyStoppingState { best: Some(value), wait: 0 };
            return Outcome { best: true, stop: false };
        }
        state.wait += 1;
        Outcome { best: false, stop: state.wait >= self.patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(rule: EarlyStopping, values: &[f64]) -> Vec<(bool, bool)> {
        let mut state = EarlyStoppingState::default();
        values
            .iter()
            .map(|value| rule.after(&mut state, Some(*value)))
            .map(|outcome| (outcome.best, outcome.stop))
            .collect()
    }

    /// By hand: .80 is first; .805 and .81 are not more than .01 above it (.81 is equal to .80 + .01 but for
    /// rounding, which is why the trace does not use it); .82 is; then three epochs without.
    #[test]
    fn accuracy_must_rise_by_more_than_the_least_step() {
        let rule = EarlyStopping { patience: 3, ..EarlyStopping::default() };
        let no = (false, false);
        assert_eq!(
            trace(rule, &[0.80, 0.805, 0.809, 0.82, 0.825, 0.829, 0.70]),
            [(true, false), no, no, (true, false), no, no, (false, true)]
        );
    }

    /// By hand: a loss improves by falling; three epochs above .5 - .0 end it at the fifth.
    #[test]
    fn a_loss_must_fall() {
        let rule = EarlyStopping { monitor: Monitor::ValLoss, min_delta: 0.0, patience: 3 };
        let no = (false, false);
        assert_eq!(
            trace(rule, &[0.6, 0.5, 0.5, 0.55, 0.51]),
            [(true, false), (true, false), no, no, (false, true)]
        );
    }

    #[test]
    fn a_figure_that_is_not_defined_changes_nothing() {
        let rule = EarlyStopping { patience: 1, ..EarlyStopping::default() };
        let mut state = EarlyStoppingState::default();
        rule.after(&mut state, Some(0.9));
        let before = state;
        assert_eq!(rule.after(&mut state, None), Outcome { best: false, stop: false });
        assert_eq!(state, before);
    }
}
