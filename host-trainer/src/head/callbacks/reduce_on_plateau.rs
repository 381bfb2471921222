//! Reduces the learning rate when a metric no longer improves.

use serde::{Deserialize, Serialize};

use super::Monitor;

/// Multiplies Adam's learning rate by `factor` after `patience` epochs in which the metric did not improve by more
/// than `min_delta`; after that, `cooldown` epochs are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    pub monitor: Monitor,
    /// What the learning rate is multiplied with, above 0 and below 1.
    pub factor: f64,
    /// Passes without a better figure until it is.
    pub patience: usize,
    /// The least improvement, in the unit of the metric.
    pub min_delta: f64,
    /// Passes after a reduction that are not counted.
    pub cooldown: usize,
    /// The learning rate does not go below this.
    pub floor: f64,
}

impl Default for ReduceOnPlateau {
    /// Validation loss; a third after two epochs, one epoch of cooldown, not below 1e-6.
    fn default() -> Self {
        ReduceOnPlateau {
            monitor: Monitor::ValLoss,
            factor: 0.3,
            patience: 2,
            min_delta: 1e-4,
            cooldown: 1,
            floor: 1e-6,
        }
    }
}

/// The state of the counting.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ReduceOnPlateauState {
    best: Option<f64>,
    wait: usize,
    cooldown: usize,
}

impl ReduceOnPlateau {
    /// The learning rate of the next epoch, from the metric and the learning rate of this epoch; `value` is none where
    /// it is not defined, and then nothing changes.
    pub fn after(&self, state: &mut ReduceOnPlateauState, value: Option<f64>, rate: f64) -> f64 {
        let Some(value) = value else { return rate };
        if state.cooldown > 0 {
            state.cooldown -= 1;
            state.wait = 0;
        }
        if self.monitor.improves(value, state.best, self.min_delta) {
            state.best = Some(value);
            state.wait = 0;
        } else if state.cooldown == 0 {
            state.wait += 1;
            if state.wait >= self.patience && rate > self.floor {
                state.cooldown = self.cooldown;
                state.wait = 0;
                return (rate * self.factor).max(self.floor);
            }
        }
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(rule: ReduceOnPlateau, mut rate: f64, losses: &[f64]) -> Vec<f64> {
        let mut state = ReduceOnPlateauState::default();
        losses
            .iter()
            .map(|loss| {
                rate = rule.after(&mut state, Some(*loss), rate);
                rate
            })
            .collect()
    }

    /// By hand, patience 2, cooldown 2, factor one half: the third loss is the second without betterment, so the
    /// rate is halved. Of the two epochs of cooldown the first is not counted; at the second the counter
    /// reaches zero before the figure is looked at, so that pass counts as the first again, as in Keras. The
    /// pass after it is the second: halved again.
    #[test]
    fn patience_and_cooldown() {
        let rule = ReduceOnPlateau { factor: 0.5, cooldown: 2, ..ReduceOnPlateau::default() };
        let halved = trace(rule, 0.8, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
        assert_eq!(halved, [0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2]);
    }

    /// By hand: each fall is .00005, less than the least step of .0001, though the sum of two would do against
    /// the same best: 1.0 → .99995 no, .9999 no (not less than .9999): halved; .9998 betters.
    #[test]
    fn small_steps_do_not_count() {
        let rule = ReduceOnPlateau { factor: 0.5, cooldown: 0, ..ReduceOnPlateau::default() };
        assert_eq!(trace(rule, 1.0, &[1.0, 0.99995, 0.99991, 0.9998, 0.9998]), [1.0, 1.0, 0.5, 0.5, 0.5]);
    }

    #[test]
    fn the_floor_holds() {
        let rule =
            ReduceOnPlateau { factor: 0.1, patience: 1, cooldown: 0, floor: 0.25, ..Default::default() };
        assert_eq!(trace(rule, 1.0, &[1.0, 1.0, 1.0, 1.0]), [1.0, 0.25, 0.25, 0.25]);
    }
}
