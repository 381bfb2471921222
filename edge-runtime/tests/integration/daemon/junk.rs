//! Files that are no images: what they cost, and what is kept of them.

use super::*;
use Signal::{Busy, NoResult, NoSign};
use edge_runtime::records::Hash256;

/// Of which no two are alike.
fn junk(at: u32) -> Vec<u8> {
    let mut bytes = vec![0; 60_000];
    bytes[..4].copy_from_slice(&at.to_le_bytes());
    bytes
}

#[test]
fn junk_is_recorded_and_not_kept_but_for_the_newest_few() {
    let bench = Bench::new();
    let script = (0..20).map(|at| image(&junk(at), true)).chain([picture(2)]).collect();
    let seen = bench.run(script, healthy);
    assert!(seen.fault.is_none());
    assert_eq!(seen.outcomes.len(), 21);
    let unknown = ("no-result", vec!["unknown-format".to_owned()], "stick");
    assert!(seen.outcomes[..20].iter().all(|outcome| *outcome == unknown), "{:?}", seen.outcomes);
    let kept = |bytes: &[u8]| {
        let name = Hash256::of(bytes).to_string();
        bench.store().join("images").join(&name[..2]).join(name).exists()
    };
    let there: Vec<_> = (0..20).filter(|at| kept(&junk(*at))).collect();
    assert_eq!(there, (4..20).collect::<Vec<_>>(), "sixteen, for support");
    assert!(kept(&device::picture(2)));
}

#[test]
fn junk_in_a_backlog_is_one_signal_and_costs_no_time_of_the_lights() {
    let at_least = Duration::from_secs(30);
    let bench = Bench { hold: at_least, ..Bench::new() };
    let script = (0..10).map(|at| image(&junk(at), true)).collect();
    let began = Instant::now();
    let seen = bench.run(script, healthy);
    assert!(began.elapsed() < at_least, "{:?}", began.elapsed());
    assert_eq!(seen.outcomes.len(), 10);
    assert_eq!(seen.signals(), [Busy, NoResult]);
    let last = seen.displayed.last().expect("shown").subject;
    assert_eq!(last, Subject::Record(10), "the page shows the newest");
}

#[test]
fn a_verdict_behind_junk_waits_until_the_junk_was_seen() {
    let bench = Bench { hold: Duration::from_secs(1), ..Bench::new() };
    let began = Instant::now();
    let seen = bench.run(vec![image(&junk(1), true), image(&junk(2), true), picture(2)], healthy);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(seen.signals()[..3], [Busy, NoResult, NoSign]);
    assert_eq!(seen.outcomes.len(), 3);
}

/// The input is told which of its images were refused, so that it can leave a medium that holds nothing else.
struct CountingInput {
    inner: Box<dyn Input>,
    refused: Arc<std::sync::atomic::AtomicUsize>,
}

impl Input for CountingInput {
    fn origin(&self) -> Origin {
        self.inner.origin()
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        self.inner.poll(now)
    }

    fn refused(&mut self) {
        self.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn the_input_is_told_what_intake_refused() {
    let bench = Bench::new();
    let script = vec![image(&junk(1), true), picture(2), image(&junk(2), true), image(&junk(1), true)];
    let refused = Arc::default();
    let input = CountingInput { inner: bench.scripted(script), refused: Arc::clone(&refused) };
    bench.run_inputs(vec![Box::new(input)], 6, healthy, knows);
    assert_eq!(refused.load(std::sync::atomic::Ordering::Relaxed), 2, "what is known is not decoded again");
}
