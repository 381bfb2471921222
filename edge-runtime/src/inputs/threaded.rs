//! An input in a thread of its own: a read that does not return, as on a share whose server is gone, holds nothing up but
//! this input, and is an error of it.
//!
//! The thread takes the next step when it is asked for it, so that no image is read before it can be screened.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Input, InputError, InputEvent, MediaState, Progress};
use crate::records::Origin;

/// How long an input may take for a part of a step, such as one read. With what the loop does beside it, the fault is on the
/// lights within ten seconds.
pub const PATIENCE: Duration = Duration::from_secs(7);

/// How long one [`Input::poll`] waits for the thread.
const POLL_WAIT: Duration = Duration::from_millis(50);

/// The next step, with what the daemon has to say of the last one.
struct Request {
    now: Instant,
    refused: bool,
}

struct Answer {
    event: Result<InputEvent, InputError>,
    media: MediaState,
}

/// A step that was asked for.
struct Pending {
    /// How many parts were done when that was last seen to change.
    parts: u64,
    /// When that was.
    at: Instant,
}

/// An input that answers every poll at once.
pub struct ThreadedInput {
    name: String,
    origin: Origin,
    patience: Duration,
    requests: Sender<Request>,
    answers: Receiver<Answer>,
    progress: Progress,
    pending: Option<Pending>,
    /// Whether intake refused the last image.
    refused: bool,
    media: MediaState,
}

impl ThreadedInput {
    /// Starts the thread. `name` is what people call the input. It must not be one that takes presses of the button.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(mut input: Box<dyn Input>, name: &str, patience: Duration) -> io::Result<Self> {
        let (requests, received) = channel::<Request>();
        let (answer, answers) = channel();
        let (origin, progress) = (input.origin(), Progress::default());
        input.report_progress_to(progress.clone());
        let work = move || {
            for Request { now, refused } in received {
                if refused {
                    input.refused();
                }
                let event = input.poll(now);
                if answer.send(Answer { event, media: input.media_state() }).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name(origin.code().into()).spawn(work)?;
        Ok(ThreadedInput {
            name: name.to_owned(),
            origin,
            patience,
            requests,
            answers,
            progress,
            pending: None,
            refused: false,
            media: MediaState::Absent,
        })
    }

    fn ended(&self) -> InputError {
        InputError::Ended { input: self.name.clone() }
    }

    /// Whether the pending step has got on lately.
    fn gets_on(&mut self, now: Instant) -> bool {
        let parts = self.progress.parts();
        let Some(pending) = &mut self.pending else { return true };
        if pending.parts != parts {
            *pending = Pending { parts, at: now };
        }
        now.saturating_duration_since(pending.at) < self.patience
    }
}

impl Input for ThreadedInput {
    fn origin(&self) -> Origin {
        self.origin
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        if self.pending.is_none() {
            let refused = std::mem::take(&mut self.refused);
            self.requests.send(Request { now, refused }).map_err(|_| self.ended())?;
            self.pending = Some(Pending { parts: self.progress.parts(), at: now });
        }
        match self.answers.recv_timeout(POLL_WAIT) {
            Ok(Answer { event, media }) => {
                (self.pending, self.media) = (None, media);
                event
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) if self.gets_on(now) => Ok(InputEvent::Nothing),
            Err(RecvTimeoutError::Timeout) => {
                Err(InputError::Silent { input: self.name.clone(), patience: self.patience })
            }
        }
    }

    fn refused(&mut self) {
        self.refused = true;
    }

    /// As it was after the last step.
    fn media_state(&self) -> MediaState {
        self.media
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Each step waits for a word of the test: so many parts, then the end of the step or not.
    struct Slow {
        words: Receiver<Word>,
        progress: Progress,
        refused: u64,
    }

    enum Word {
        Part,
        End,
    }

    impl Input for Slow {
        fn origin(&self) -> Origin {
            Origin::Stick
        }

        fn report_progress_to(&mut self, progress: Progress) {
            self.progress = progress;
        }

        fn refused(&mut self) {
            self.refused += 1;
        }

        fn poll(&mut self, _now: Instant) -> Result<InputEvent, InputError> {
            loop {
                match self.words.recv().expect("a word") {
                    Word::Part => self.progress.mark(),
                    Word::End => return Ok(InputEvent::Pulled { images: self.refused }),
                }
            }
        }

        fn media_state(&self) -> MediaState {
            MediaState::InUse
        }
    }

    struct Bench {
        input: ThreadedInput,
        words: Sender<Word>,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let (words, received) = mpsc::channel();
            let slow = Slow { words: received, progress: Progress::default(), refused: 0 };
            let input = ThreadedInput::start(Box::new(slow), "the stick", PATIENCE).expect("a thread");
            Bench { input, words, start: Instant::now() }
        }

        /// By a clock that is made up.
        fn at(&mut self, second: u64) -> Result<InputEvent, InputError> {
            self.input.poll(self.start + Duration::from_secs(second))
        }
    }

    #[test]
    fn an_input_that_hangs_is_an_error_until_it_answers() {
        let mut bench = Bench::new();
        for second in [0, 6] {
            assert_eq!(bench.at(second), Ok(InputEvent::Nothing));
        }
        let error = bench.at(7).expect_err("it hangs");
        assert_eq!(error, InputError::Silent { input: "the stick".into(), patience: PATIENCE });
        assert!(error.to_string().starts_with("the stick: nothing could be read for 7 s"), "{error}");
        assert_eq!(bench.at(100), Err(error));
        bench.words.send(Word::End).expect("sent");
        let answered =
            std::iter::repeat_with(|| bench.at(101)).find(|answer| *answer != Ok(InputEvent::Nothing));
        assert_eq!(answered, Some(Ok(InputEvent::Pulled { images: 0 })));
        assert_eq!(bench.input.media_state(), MediaState::InUse);
        assert_eq!(bench.at(102), Ok(InputEvent::Nothing), "the next step has its own time");
    }

    #[test]
    fn a_slow_input_that_gets_on_is_none_that_hangs() {
        let mut bench = Bench::new();
        for second in (0..60).step_by(6) {
            assert_eq!(bench.at(second), Ok(InputEvent::Nothing), "{second}");
            let before = bench.input.progress.parts();
            bench.words.send(Word::Part).expect("sent");
            while bench.input.progress.parts() == before {
                thread::yield_now();
            }
        }
        assert!(bench.at(61).is_ok());
        assert!(bench.at(68).is_err());
    }

    #[test]
    fn what_is_said_of_an_image_reaches_the_input_with_the_next_step() {
        let mut bench = Bench::new();
        for refused in 0..3 {
            bench.words.send(Word::End).expect("sent");
            let answered =
                std::iter::repeat_with(|| bench.at(0)).find(|answer| *answer != Ok(InputEvent::Nothing));
            assert_eq!(answered, Some(Ok(InputEvent::Pulled { images: refused })));
            bench.input.refused();
        }
    }

    #[test]
    fn an_input_whose_thread_ended_is_an_error() {
        let mut bench = Bench::new();
        drop(std::mem::replace(&mut bench.words, mpsc::channel().0));
        let answered =
            std::iter::repeat_with(|| bench.at(0)).find(|answer| *answer != Ok(InputEvent::Nothing));
        assert_eq!(answered, Some(Err(InputError::Ended { input: "the stick".into() })));
        assert_eq!(bench.at(1), Err(InputError::Ended { input: "the stick".into() }));
    }
}
