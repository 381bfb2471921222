//! Models and inputs that fail.

use super::*;
use Signal::{Busy, Fault as FaultLight, NoResult, NoSign, Ready};

#[test]
fn a_model_that_is_late_or_dies_is_a_fault_and_its_image_is_screened_once_more() {
    let late: ScreenFn = |screener, image| {
        std::thread::sleep(Duration::from_secs(1));
        screener.screen_image(image)
    };
    let dies: ScreenFn = |_, _| panic!("as a test");
    // One that dies may take its time to say why.
    let (short, long) = (Duration::from_millis(300), Bench::new().deadline);
    for (screening, answer, deadline) in [(late, WorkerError::Late, short), (dies, WorkerError::Ended, long)]
    {
        let mut bench = Bench { deadline, ..Bench::new() };
        let seen = bench.run(vec![picture(2), picture(4)], screening);
        assert!(matches!(seen.fault, Some(Fault::Worker(fault)) if fault == answer), "{:?}", seen.fault);
        assert_eq!(seen.signals(), [Busy, NoResult]);
        assert_eq!(seen.outcomes, [], "the fault may pass");
        let refusals = RecordReader::open(&bench.store()).unwrap().refusals().unwrap();
        assert_eq!(refusals[0].code, answer.code());
        bench.deadline = long;
        let after = bench.run(vec![picture(2), picture(4)], healthy);
        assert!(after.fault.is_none());
        assert_eq!(after.outcomes, [("no-sign", Vec::new(), "recovered"), ("no-sign", Vec::new(), "stick")]);
    }
}

#[test]
fn a_model_that_is_late_on_the_same_image_twice_leaves_a_record_without_a_result() {
    let late: ScreenFn = |screener, image| {
        std::thread::sleep(Duration::from_secs(1));
        screener.screen_image(image)
    };
    let mut bench = Bench { deadline: Duration::from_millis(300), ..Bench::new() };
    let code = WorkerError::Late.code();
    for outcomes in [vec![], vec![("no-result", vec![code.to_owned()], "recovered")]] {
        let seen = bench.run(vec![picture(2)], late);
        assert!(matches!(seen.fault, Some(Fault::Worker(WorkerError::Late))), "{:?}", seen.fault);
        assert_eq!(seen.outcomes, outcomes);
    }
    // It does not fail on the same image for ever.
    bench.deadline = Bench::new().deadline;
    let after = bench.run(vec![picture(2), picture(4)], healthy);
    assert!(after.fault.is_none());
    assert_eq!(after.outcomes.len(), 2);
}

#[test]
fn an_image_on_which_the_model_fails_has_no_result_if_the_model_still_knows_its_answer() {
    let seen = Bench::new().run(vec![picture(2), picture(4)], fails);
    assert!(seen.fault.is_none());
    assert_eq!(seen.outcomes[1], ("no-result", vec!["engine-failed".to_owned()], "stick"));
    assert!(!seen.signals().contains(&NoSign));
}

#[test]
fn an_image_on_which_a_broken_model_fails_is_screened_after_the_repair() {
    let bench = Bench::new();
    let broken = bench.run_with(vec![picture(2), picture(4)], fails, knows_not);
    assert!(matches!(broken.fault, Some(Fault::SelfTest(_))), "{:?}", broken.fault);
    assert_eq!(broken.outcomes, []);
    // The stick is gone, the image is not.
    let repaired = bench.run(vec![], healthy);
    assert_eq!(repaired.outcomes, [("no-sign", Vec::new(), "recovered")]);
    assert_eq!(repaired.signals(), [Busy, NoSign, Ready]);
}

#[test]
fn a_source_that_cannot_be_looked_at_is_a_fault_until_it_can() {
    let gone = || Err(InputError::TooMany { folder: "x".into(), limit: 1 });
    let seen = Bench::new().run(vec![picture(2), gone(), gone(), gone(), Ok(InputEvent::Nothing)], healthy);
    assert!(seen.fault.is_none());
    assert_eq!(seen.signals(), [Busy, NoSign, FaultLight, Ready]);
}

#[test]
fn what_cannot_be_read_is_no_result_and_has_no_record() {
    let refusal = InputRefusal { code: "unreadable", reason: "as a test".into() };
    let bench = Bench::new();
    let seen = bench.run(vec![picture(2), Ok(InputEvent::Unreadable(refusal))], healthy);
    assert_eq!(seen.signals(), [Busy, NoSign, Busy, NoResult, Ready]);
    assert_eq!(seen.outcomes.len(), 1);
    let refusals = RecordReader::open(&bench.store()).unwrap().refusals().unwrap();
    let listed: Vec<_> = refusals.iter().map(|refused| (refused.record, refused.code.as_str())).collect();
    assert_eq!(listed, [(1, "unreadable")]);
    let about: Vec<_> = seen.displayed.iter().map(|shown| shown.subject).collect();
    let last = [Subject::Refused("unreadable"), Subject::Refused("unreadable"), Subject::Nothing];
    assert_eq!(about, [&[Subject::Record(1)][..], &last].concat());
}
