//! The standard patterns, and whatever a board file may put in their place: the same rules hold of both, by what is
//! played and not by what is written.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::gpio::Simulator;
use crate::ui::lights::panel::tests::simulated_on;
use crate::ui::lights::{BoardError, BoardFile};

pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Twice as long as the slowest blink that is taken.
const WATCHED: Duration = Duration::from_secs(12);

/// What a board shows of a signal in its first seconds: when, and which LEDs.
fn played(board: &BoardFile, signal: Signal) -> Vec<(Duration, [bool; 3])> {
    let (mut panel, recording) = simulated_on(board.board.clone(), Simulator::default());
    let (mut now, mut lit, mut seen) = (Duration::ZERO, [false; 3], Vec::new());
    loop {
        let (levels, wait) = board.patterns.of(signal).at(now);
        panel.drive(levels);
        for (part, high) in recording.take() {
            if let Some(led) = LEDS.iter().position(|led| *led == part) {
                lit[led] = high;
            }
        }
        if seen.last().is_none_or(|(_, before)| *before != lit) {
            seen.push((now, lit));
        }
        match wait {
            Some(wait) if now + wait < WATCHED => now += wait,
            _ => return seen,
        }
    }
}

fn assert_the_rules_hold(board: &BoardFile) {
    let shown = Signal::ALL.map(|signal| (signal, played(board, signal)));
    for (signal, seen) in &shown {
        let at_once = seen[0].1 != [false; 3];
        assert_eq!(at_once, *signal != Signal::Off, "{signal}");
        let colours = |led: usize| seen.iter().any(|(_, lit)| lit[led]);
        assert_eq!(colours(2), *signal == Signal::NoSign, "{signal} and green");
        if *signal == Signal::NoSign {
            assert!(!colours(0) && !colours(1), "{signal} lights more than green");
        }
        let ends = seen.iter().skip(1).map(|(at, _)| *at).chain([WATCHED]);
        for ((from, lit), to) in seen.iter().zip(ends) {
            let dark = *lit == [false; 3] && *signal != Signal::Off;
            assert!(!dark || to - *from <= ms(3000), "{signal} is dark from {from:?} to {to:?}");
        }
        for (other, seen_of_other) in shown.iter().filter(|(other, _)| other != signal) {
            assert_ne!(seen, seen_of_other, "{signal} looks like {other}");
        }
    }
}

#[test]
fn the_rules_hold_of_the_standard_patterns() {
    assert_the_rules_hold(&BoardFile::find("sim").expect("sim"));
    for signal in Signal::ALL.into_iter().filter(|signal| *signal != Signal::Off) {
        assert_eq!(Patterns::default().check(signal), Ok(()), "{signal}");
    }
}

fn board(patterns: &str) -> Result<BoardFile, BoardError> {
    BoardFile::parse("x.toml", &format!("{}\n{patterns}", include_str!("../../../../boards/sim.toml")))
}

#[test]
fn a_signal_that_is_named_has_its_own_pattern_and_the_others_keep_theirs() {
    let text = "[patterns.suspected]\nred = { on = 200, off = 1000 }\nbuzzer = { times = 5, on = 50 }\n\
                [patterns.no_result]\nyellow = 'on'\n";
    let board = board(text).expect("a board");
    let of = |signal| board.patterns.of(signal).to_string();
    assert_eq!(of(Signal::Suspected), "red blinks (0.2 s on, 1 s off), buzzer 5 × 0.05 s");
    assert_eq!(of(Signal::NoResult), "yellow on");
    let others = Signal::ALL.into_iter().filter(|s| ![Signal::Suspected, Signal::NoResult].contains(s));
    for signal in others {
        assert_eq!(board.patterns.of(signal), Pattern::standard(signal), "{signal}");
    }
    assert_the_rules_hold(&board);
}

/// A pattern that was another signal's is free once that one has another.
#[test]
fn two_signals_may_change_places() {
    let text = "[patterns.busy]\nyellow = { on = 1000, off = 1000 }\n\
                [patterns.may_be_pulled]\nyellow = { on = 125, off = 125 }\n";
    assert_the_rules_hold(&board(text).expect("a board"));
}

#[test]
fn the_example_in_the_board_file_is_a_board() {
    let (_, shown) = include_str!("../../../../boards/sim.toml").split_once("\n#\n").expect("an example");
    let text: String =
        shown.lines().map(|line| line.trim_start_matches(['#', ' ']).to_owned() + "\n").collect();
    let board = board(&text).expect("a board");
    assert_the_rules_hold(&board);
    assert_ne!(board.patterns, Patterns::default());
}

#[test]
fn what_breaks_a_rule_is_refused_with_file_signal_and_what_to_do() {
    for (text, words) in [
        ("[patterns.off]\nred = 'on'", "[patterns.off]: where nothing is shown all is dark; take it out"),
        (
            "[patterns.fault]\ngreen = 'on'",
            "[patterns.fault]: green means no sign of pneumonia and nothing else",
        ),
        (
            "[patterns.no_result]\nyellow = 'on'\ngreen = { on = 100, off = 3000 }",
            "[patterns.no_result]: green means no sign",
        ),
        (
            "[patterns.no_sign]\ngreen = 'on'\nyellow = 'on'",
            "[patterns.no_sign]: it lights yellow; it must light green",
        ),
        ("[patterns.no_sign]\nbuzzer = { times = 1, on = 100 }", "[patterns.no_sign]: no LED lights"),
        ("[patterns.fault]", "[patterns.fault]: no LED lights, as if the device had no power"),
        ("[patterns.busy]\nred = 'off'", "[patterns.busy]: no LED lights"),
        (
            "[patterns.ready]\nyellow = 'on'",
            "[patterns.ready]: the LEDs look as for no_result; use other LEDs",
        ),
        // Other times than those of `suspected`, and not distinguished from them by eye.
        (
            "[patterns.busy]\nred = { on = 600, off = 400 }\nbuzzer = { times = 9, on = 900 }",
            "[patterns.busy]: the LEDs look as for suspected; use other LEDs, or let a time differ by half",
        ),
        ("[patterns.fault]\nred = { times = 3, on = 100 }", "[patterns.fault]: red would go out for good"),
        (
            "[patterns.fault]\nred = { on = 99, off = 300 }",
            "[patterns.fault]: red has a time of 99 ms; give 100 to 3000",
        ),
        ("[patterns.fault]\nred = { on = 300, off = 3001 }", "red has a time of 3001 ms; give 100 to 3000"),
        ("[patterns.fault]\nred = { on = 4294967295, off = 4294967295 }", "red has a time of 4294967295 ms"),
        (
            "[patterns.fault]\nred = 'on'\nbuzzer = { times = 3, on = 49 }",
            "buzzer has a time of 49 ms; give 50 to 3000",
        ),
        (
            "[patterns.fault]\nred = 'on'\nbuzzer = { times = 0, on = 50 }",
            "[patterns.fault]: 0 beeps; give 1 to 10",
        ),
        ("[patterns.fault]\nred = 'on'\nbuzzer = { times = 11, on = 50 }", "[patterns.fault]: 11 beeps"),
        ("[patterns.fault]\nred = 'on'\nbuzzer = 'on'", "[patterns.fault]: the buzzer would not stop"),
        (
            "[patterns.fault]\nred = 'on'\nbuzzer = { on = 50, off = 50 }",
            "[patterns.fault]: the buzzer would not stop",
        ),
    ] {
        let error = board(text).expect_err(text);
        assert!(matches!(error, BoardError::Pattern { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.starts_with("x.toml: [patterns.") && said.contains(words), "{said}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_its_line() {
    for (text, words) in [
        ("[patterns.suspect]\nred = 'on'", "`suspect` is no signal; they are ready, may_be_pulled, busy"),
        ("[patterns.fault]\nblue = 'on'", "blue"),
        ("[patterns.fault]\nred = 'blink'", "a rhythm is \"on\", \"off\", { on = 700, off = 300 }"),
        ("[patterns.fault]\nred = { on = 700 }", "a rhythm is \"on\""),
        ("[patterns.fault]\nred = { on = 700, off = 300, times = 3 }", "a rhythm is \"on\""),
        ("[patterns.fault]\nred = { on = -1, off = 300 }", "a rhythm is \"on\""),
        ("[patterns.fault]\nred = { on = 0.5, off = 300 }", "a rhythm is \"on\""),
        ("[patterns.fault]\nred = true", "a rhythm is \"on\""),
    ] {
        let said = board(text).expect_err(text).to_string();
        assert!(said.starts_with("x.toml: not a board file: ") && said.contains(words), "{said}");
        assert!(said.contains(": line "), "{said}");
    }
}

/// Times of which some are out of bounds.
fn time() -> impl Strategy<Value = u32> {
    prop_oneof![8 => prop::sample::select(vec![100, 150, 300, 600, 1200, 2400, 3000]), 2 => 50..=3100u32]
}

fn rhythm() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("'off'".to_owned()),
        3 => Just("'on'".to_owned()),
        9 => (time(), time()).prop_map(|(on, off)| format!("{{ on = {on}, off = {off} }}")),
        1 => (0..12u32, time()).prop_map(|(times, on)| format!("{{ times = {times}, on = {on} }}")),
    ]
}

/// A signal and its lines, which mostly light what that signal may light.
fn own_pattern() -> impl Strategy<Value = (Signal, String)> {
    prop::sample::select(Signal::ALL.to_vec()).prop_flat_map(|signal| {
        let (green, others) = if signal == Signal::NoSign { (0.95, 0.05) } else { (0.05, 0.8) };
        let part = |name: &'static str, often: f64| {
            prop::option::weighted(often, rhythm().prop_map(move |rhythm| format!("{name} = {rhythm}\n")))
        };
        let beeps =
            (1..11u32, time()).prop_map(|(times, on)| format!("buzzer = {{ times = {times}, on = {on} }}\n"));
        (part("red", others), part("yellow", others), part("green", green), prop::option::of(beeps)).prop_map(
            move |(red, yellow, green, buzzer)| {
                (signal, [red, yellow, green, buzzer].into_iter().flatten().collect())
            },
        )
    })
}

proptest! {
    /// Of the files that are tried at least every fifth must be taken, or proptest says that too many are rejected.
    #[test]
    fn whatever_board_file_is_taken_keeps_the_rules(own in prop::collection::vec(own_pattern(), 1..4)) {
        let own: BTreeMap<_, _> = own.into_iter().collect();
        let text: String =
            own.iter().map(|(signal, parts)| format!("[patterns.{}]\n{parts}", signal.key())).collect();
        match board(&text) {
            Ok(board) => assert_the_rules_hold(&board),
            Err(BoardError::Pattern { .. }) => prop_assume!(false),
            Err(other) => prop_assert!(false, "{other}\n{text}"),
        }
    }
}
