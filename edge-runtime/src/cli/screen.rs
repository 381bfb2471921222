//! `screen`: one model, many images, one row each, and a signal each where there are lights.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use xray_core::decision::DISCLAIMER;
use xray_core::engine::EngineOptions;
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::{ReportFormat, ScreenedPath, screen_paths, write_rows};

use super::Outcome;
use super::heat_maps::Drawer;
use super::source::ModelSource;
use crate::outputs::lights::{Show, Signal};

/// How long a verdict is shown if another image follows.
pub const BETWEEN: Duration = Duration::from_millis(1500);

/// Loads the model into an engine and screens all files under `paths`, which are X-rays or `photographs` of films on a
/// light box. Rows go to `out`; the disclaimer, before the first row, and the summary, after the last, go to `notes`.
/// Where `pictures` names a folder, each heat map is drawn there. On `lights`, every image is shown as busy while it
/// is read, then as what it came to, `between` long if another follows. At the end stands the most urgent
/// signal of all images, or the fault that ended the screening; how long is the caller's choice.
///
/// # Errors
/// If the model cannot be loaded, or `out` is closed before every image was screened.
pub fn run(
    (model, engine): (&ModelSource, EngineOptions),
    (paths, photographs): (&[PathBuf], bool),
    (format, pictures): (ReportFormat, Option<&Path>),
    (lights, between): (&dyn Show, Duration),
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<Outcome> {
    let round = Round { lights, between, shown: Cell::new(Signal::Busy), urgent: Cell::new(Signal::Off) };
    lights.show(Signal::Busy);
    let screened = screen((model, engine), (paths, photographs), (format, pictures), &round, out, notes);
    round.end(screened.is_ok());
    screened
}

fn screen(
    (model, engine): (&ModelSource, EngineOptions),
    (paths, photographs): (&[PathBuf], bool),
    (format, pictures): (ReportFormat, Option<&Path>),
    round: &Round<'_>,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<Outcome> {
    let mut source = model.load(engine)?;
    if photographs {
        source.screener.expect_photographs();
    }
    let screener = &source.screener;
    if let Some(reason) = &source.went_back {
        note(notes, &format!("warning: this board went back to the model before: {reason}"));
    }
    for warning in screener.warnings() {
        note(notes, &format!("warning: {warning}"));
    }
    if screener.contract().has_random_backbones() {
        note(notes, RANDOM_WARNING);
    }
    let mut drawer = pictures.map(|folder| Drawer::open(folder, screener)).transpose()?;
    note(notes, DISCLAIMER);
    let mut replaced = None;
    let items = round.busy_while_reading(screen_paths(screener, paths));
    let counted = items.map_while(|item| match &replaced {
        None => {
            replaced = source.count(&item).err();
            Some(item)
        }
        Some(_) => None,
    });
    let drawn = counted.map(|mut item| {
        drawer.iter_mut().for_each(|drawer| drawer.draw(&mut item));
        item
    });
    let written = write_rows(screener, drawn, format, out, |item| round.show(Signal::of(item)));
    let summary = written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => anyhow::anyhow!("the output was closed before all images were screened"),
        _ => anyhow::Error::new(error).context("the rows could not be written"),
    })?;
    let failed = drawer.map_or_else(Vec::new, Drawer::failed);
    failed.iter().for_each(|reason| note(notes, &format!("warning: no picture: {reason}")));
    note(notes, &summary.to_string());
    match replaced {
        Some(error) => return Err(error),
        None => source.end()?,
    }
    Ok(if summary.is_complete() && failed.is_empty() { Outcome::Complete } else { Outcome::Incomplete })
}

/// What the lights show while many images are screened.
struct Round<'a> {
    lights: &'a dyn Show,
    between: Duration,
    shown: Cell<Signal>,
    urgent: Cell<Signal>,
}

impl Round<'_> {
    fn show(&self, signal: Signal) {
        self.shown.set(signal);
        self.urgent.set(self.urgent.get().max(signal));
        self.lights.show(signal);
    }

    /// Leaves the last verdict for a while, then shows that the next image is being read.
    fn busy_while_reading(
        &self,
        mut items: impl ExactSizeIterator<Item = ScreenedPath>,
    ) -> impl Iterator<Item = ScreenedPath> {
        std::iter::from_fn(move || {
            if items.len() > 0 && self.shown.get() != Signal::Busy {
                self.lights.hold(self.between);
                self.lights.show(Signal::Busy);
                self.shown.set(Signal::Busy);
            }
            items.next()
        })
    }

    fn end(&self, whole: bool) {
        let last = if whole { self.urgent.get() } else { Signal::Fault };
        if last != self.shown.get() {
            if whole {
                self.lights.hold(self.between);
            }
            self.lights.show(last);
        }
    }
}

/// A note that cannot be written is no reason to withhold a verdict.
fn note(notes: &mut impl Write, line: &str) {
    let _ = writeln!(notes, "{line}");
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use xray_core::screening::NoResult;
    use xray_intake::ListingError;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Seen {
        Shown(Signal),
        Held,
    }

    #[derive(Default)]
    struct Watched(RefCell<Vec<Seen>>);

    impl Show for Watched {
        fn show(&self, signal: Signal) {
            self.0.borrow_mut().push(Seen::Shown(signal));
        }

        fn hold(&self, time: Duration) {
            assert_eq!(time, BETWEEN);
            self.0.borrow_mut().push(Seen::Held);
        }
    }

    /// What is seen while images come to these ends, and nothing or a fault ends the screening.
    fn seen(verdicts: &[Signal], whole: bool) -> Vec<Seen> {
        let watched = Watched::default();
        let (shown, urgent) = (Cell::new(Signal::Busy), Cell::new(Signal::Off));
        let round = Round { lights: &watched, between: BETWEEN, shown, urgent };
        let item = |path: &str| ScreenedPath {
            file: path.into(),
            outcome: Err(NoResult::Listing(ListingError::NotFound { path: path.into() })),
            picture: None,
        };
        let items: Vec<_> = verdicts.iter().map(|_| item("x")).collect();
        for (_, verdict) in round.busy_while_reading(items.into_iter()).zip(verdicts) {
            round.show(*verdict);
        }
        round.end(whole);
        watched.0.take()
    }

    #[test]
    fn one_image_is_shown_and_not_held() {
        assert_eq!(seen(&[Signal::NoSign], true), [Seen::Shown(Signal::NoSign)]);
    }

    #[test]
    fn each_image_is_held_while_others_follow_and_the_most_urgent_stands_at_the_end() {
        use Seen::{Held, Shown};
        let all = seen(&[Signal::NoSign, Signal::Suspected, Signal::NoResult], true);
        let expected = [
            Shown(Signal::NoSign),
            Held,
            Shown(Signal::Busy),
            Shown(Signal::Suspected),
            Held,
            Shown(Signal::Busy),
            Shown(Signal::NoResult),
            Held,
            Shown(Signal::Suspected),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_screening_that_broke_off_is_a_fault_at_once() {
        assert_eq!(seen(&[], false), [Seen::Shown(Signal::Fault)]);
        let after_one = seen(&[Signal::NoSign], false);
        assert_eq!(after_one, [Seen::Shown(Signal::NoSign), Seen::Shown(Signal::Fault)]);
    }
}
