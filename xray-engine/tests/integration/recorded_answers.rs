//! Every way to compute a graph against the recorded answers of ONNX Runtime without optimisations
//! (`scripts/oracle/per_channel.py`, `qdq.py`, `inner_tensors.py`).
//!
//! Releases 0.23.5 and 0.23.7 of tract took the first channel's scale for all channels without an error: who moves
//! the pinned version must see the cases with a scale per channel pass.

use std::path::PathBuf;

use xray_engine::{FusedOptions, FusedRunner, FusionReport};
use xray_testkit::cases::{
    Case, Tolerance, assert_agrees, graph_runners, per_channel_cases, quantised_case, small_quantised_cases,
};

fn on_every_runner(case: &Case) {
    let runners = graph_runners();
    let claimed: Vec<_> = runners.iter().filter(|runner| runner.claims(case)).collect();
    assert!(claimed.len() >= 4, "{}: {} runners", case.name, claimed.len());
    claimed.into_iter().for_each(|runner| assert_agrees(case, runner.as_ref()));
}

#[test]
fn scales_per_channel_are_exact() {
    let cases = per_channel_cases();
    assert_eq!(cases.len(), 3);
    cases.iter().for_each(on_every_runner);
}

#[test]
fn small_quantised_nets_agree() {
    small_quantised_cases().iter().for_each(on_every_runner);
}

/// Ten inner tensors of an exported model on eight images, where `inner_tensors.py` wrote them.
#[test]
fn an_exported_model_gives_the_bytes_of_onnx_runtime() {
    let Some(folder) = std::env::var_os("XRAY_INNER").map(PathBuf::from) else {
        eprintln!("SKIPPED: set XRAY_INNER to a folder written by scripts/oracle/inner_tensors.py");
        return;
    };
    let tolerances = [Tolerance::Within(0.01), Tolerance::OneStep { share: 0.001 }];
    let case = quantised_case(&folder, "model", 224, 2944, tolerances);
    assert_eq!(case.tolerances.len(), 12);
    assert!(report(&case).any());
    on_every_runner(&case);
}

fn report(case: &Case) -> FusionReport {
    FusedRunner::load(&case.proto, &FusedOptions::default()).expect("it loads").report().clone()
}

fn count(report: &FusionReport, name: &str) -> usize {
    report.structures.iter().chain(&report.fused).find(|kind| kind.name == name).map_or(0, |kind| kind.count)
}

#[test]
fn every_structure_of_the_small_net_is_fused() {
    let [small, _] = small_quantised_cases();
    let report = report(&small);
    assert_eq!(count(&report, "dense layer"), 7);
    assert_eq!(count(&report, "transition"), 2);
    assert_eq!(count(&report, "inverted residual"), 5);
    assert_eq!((report.unfused.len(), report.regions), (1, 1), "{report}");
}

#[test]
fn what_is_not_recognised_stays_with_tract() {
    let [_, mixed] = small_quantised_cases();
    let report = report(&mixed);
    assert_eq!((report.unfused.len(), report.regions), (2, 2), "{report}");
    assert_eq!(count(&report, "dense layer"), 6);
}
