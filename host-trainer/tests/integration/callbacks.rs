//! The callbacks held against those of Keras, on figures that tie, wander and better by little.
//! `scripts/oracle/callbacks.py` made the answers.

use host_trainer::head::callbacks::{
    EarlyStopping, EarlyStoppingState, Monitor, ReduceOnPlateau, ReduceOnPlateauState,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answers {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    monitor: Monitor,
    values: Vec<f64>,
    early_stopping: Stopping,
    reduce_on_plateau: Plateau,
    saved: Vec<bool>,
}

#[derive(Deserialize)]
struct Stopping {
    min_delta: f64,
    patience: usize,
    best: Vec<bool>,
}

#[derive(Deserialize)]
struct Plateau {
    factor: f64,
    patience: usize,
    min_delta: f64,
    cooldown: usize,
    min_lr: f64,
    rate: f64,
    rates: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../fixtures/callbacks.json");
    serde_json::from_str::<Answers>(text).unwrap().cases
}

#[test]
fn early_stopping_is_that_of_keras() {
    for case in cases() {
        let Stopping { min_delta, patience, best } = case.early_stopping;
        let rule = EarlyStopping { monitor: case.monitor, min_delta, patience };
        let mut state = EarlyStoppingState::default();
        let mut ours = Vec::new();
        for value in &case.values {
            let outcome = rule.after(&mut state, Some(*value));
            ours.push(outcome.best);
            if outcome.stop {
                break;
            }
        }
        assert_eq!(ours, best, "{rule:?} on {:?}", case.values);
    }
}

#[test]
fn step_sizes_are_those_of_keras() {
    for case in cases() {
        let Plateau { factor, patience, min_delta, cooldown, min_lr, mut rate, rates } =
            case.reduce_on_plateau;
        let monitor = case.monitor;
        let rule = ReduceOnPlateau { monitor, factor, patience, min_delta, cooldown, floor: min_lr };
        let mut state = ReduceOnPlateauState::default();
        for (pass, (value, expected)) in case.values.iter().zip(rates).enumerate() {
            // Keras keeps the step size in 32 bits.
            assert!((rate - expected).abs() <= 1e-6 * expected, "{rule:?}, pass {pass}: {rate}, {expected}");
            rate = rule.after(&mut state, Some(*value), rate);
        }
    }
}

#[test]
fn the_best_is_kept_where_keras_saves_it() {
    for case in cases() {
        let mut best = None;
        let ours: Vec<bool> = case
            .values
            .iter()
            .map(|value| {
                let better = case.monitor.improves(*value, best, 0.0);
                best = if better { Some(*value) } else { best };
                better
            })
            .collect();
        assert_eq!(ours, case.saved, "{:?}", case.values);
    }
}
