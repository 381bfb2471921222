//! Inputs whose reads do not return.

use super::*;
use Signal::{Busy, Fault as FaultLight, NoSign};
use edge_runtime::inputs::ThreadedInput;
use std::sync::mpsc::{Receiver, channel};

/// Gives one picture, and then waits for a word at each poll.
struct HangingInput {
    first: Option<Result<InputEvent, InputError>>,
    words: Receiver<()>,
}

impl Input for HangingInput {
    fn origin(&self) -> Origin {
        Origin::Folder
    }

    fn poll(&mut self, _now: Instant) -> Result<InputEvent, InputError> {
        self.first.take().unwrap_or_else(|| {
            let _ = self.words.recv();
            Ok(InputEvent::Nothing)
        })
    }
}

/// The input hangs as soon as it has given its picture; so does everything that is waited for here, but for this time.
const PATIENCE: Duration = Duration::from_millis(500);

#[test]
fn an_input_that_hangs_is_a_fault_on_the_lights_while_others_go_on() {
    let (word, words) = channel();
    let hanging = HangingInput { first: Some(picture(2)), words };
    let hanging = ThreadedInput::start(Box::new(hanging), "/srv/share", PATIENCE).unwrap();
    let bench = Bench::new();
    // Its first picture comes, then nothing until the time is over.
    let mut script = vec![Ok(InputEvent::Nothing); 20];
    script.push(picture(4));
    script.extend(vec![Ok(InputEvent::Nothing); 2]);
    let cycles = script.len() + 2;
    let seen = bench.run_inputs(vec![Box::new(hanging), bench.scripted(script)], cycles, healthy, knows);
    assert!(seen.fault.is_none(), "{:?}", seen.fault);
    let expected = [("no-sign", Vec::new(), "folder"), ("no-sign", Vec::new(), "stick")];
    assert_eq!(seen.outcomes, expected);
    let signals = seen.signals();
    assert_eq!(signals[..2], [Busy, NoSign]);
    let fault = signals.iter().position(|signal| *signal == FaultLight).expect("a fault");
    let other = signals.iter().rposition(|signal| *signal == NoSign).expect("a result");
    assert!(fault < other, "the fault was there before the picture of the other input: {signals:?}");
    assert_eq!(signals.last(), Some(&FaultLight), "and is there after it: {signals:?}");
    drop(word);
}

#[test]
fn an_input_that_answers_again_is_none_that_hangs() {
    let (word, words) = channel();
    let hanging = HangingInput { first: Some(picture(2)), words };
    let mut input = ThreadedInput::start(Box::new(hanging), "/srv/share", PATIENCE).unwrap();
    let until = |input: &mut ThreadedInput, wanted: fn(&Result<InputEvent, InputError>) -> bool| {
        let end = Instant::now() + Duration::from_secs(60);
        while !wanted(&input.poll(Instant::now())) {
            assert!(Instant::now() < end);
        }
    };
    until(&mut input, |event| matches!(event, Ok(InputEvent::Image(_))));
    until(&mut input, |event| matches!(event, Err(InputError::Silent { .. })));
    drop(word);
    until(&mut input, Result::is_ok);
}
