//! The child: it limits itself, reads the file from its standard input, decodes, answers on its standard output, ends. A
//! child of a pool reads one file after another, each as [`FileTask`], a length of four bytes (big endian) and its bytes, and
//! ends with its standard input.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use xray_intake::film::{self, Film};
use xray_intake::{IntakeProblem, MAX_FILE_BYTES, Radiograph, printable};

use crate::answer::{Answer, DecodedImage};
use crate::confine::Confinement;
use crate::error::DecodeError;
use crate::identity::Identity;
use crate::request::{ChildTask, Request, Serves, View};

/// Wrong arguments, as every program has it.
const WRONG_USAGE: u8 = 2;
/// It could not limit itself.
pub(crate) const NOT_CONFINED: u8 = 70;

/// What is asked of one file of many, as the byte in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileTask {
    /// Its image.
    Image = 0,
    /// What it says of patient and study, and no image.
    Identity = 1,
}

/// The words of an answer to [`FileTask::Identity`] in place of an image.
const NOT_ASKED: (&str, &str) = ("not-asked", "the image was not asked for");

/// Runs this process as a child if it was started as one; none if it was not. To be called before anything else.
pub fn run_child() -> Option<ExitCode> {
    serve(decode)
}

/// As [`run_child`], with another function for decoding.
pub fn serve(decode: impl Fn(&[u8], View) -> Result<DecodedImage, IntakeProblem>) -> Option<ExitCode> {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let ChildTask { request, limits, serves } = match ChildTask::from_arguments(arguments)? {
        Ok(task) => task,
        Err(words) => {
            note(&format!(
                "error: {words:?}: this subcommand is started by the program itself, to decode images"
            ));
            return Some(ExitCode::from(WRONG_USAGE));
        }
    };
    let confinement = match Confinement::apply(limits) {
        Ok(confinement) => confinement,
        Err(error) => {
            note(&format!("error: this process cannot be limited: {error}"));
            return Some(ExitCode::from(NOT_CONFINED));
        }
    };
    let worker = Worker { request, confinement, decode };
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    let served = match serves {
        Serves::One => worker.serve_one(input, output),
        Serves::Many => worker.serve_many(input, BufWriter::new(output)),
    };
    Some(match served {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever asked has gone.
        Err(_) => ExitCode::FAILURE,
    })
}

struct Worker<D> {
    request: Request,
    confinement: Confinement,
    decode: D,
}

impl<D: Fn(&[u8], View) -> Result<DecodedImage, IntakeProblem>> Worker<D> {
    fn serve_one(&self, input: impl Read, mut output: impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        let read = input.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        self.answer(read.map(|_| bytes.as_slice())).write(&mut output)
    }

    fn serve_many(&self, mut input: impl Read, mut output: impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let mut task = [0];
            if input.read(&mut task)? == 0 {
                return Ok(());
            }
            let mut length = [0; 4];
            input.read_exact(&mut length)?;
            let length = u64::from(u32::from_be_bytes(length));
            bytes.clear();
            if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let answer = match task {
                [task] if task == FileTask::Identity as u8 => self.identity_of(&bytes),
                _ => self.answer(Ok(&bytes)),
            };
            answer.write(&mut output)?;
        }
    }

    fn identity_of(&self, bytes: &[u8]) -> Answer {
        let (code, words) = NOT_ASKED;
        Answer {
            confinement: self.confinement,
            identity: Identity::of(bytes),
            image: Err(DecodeError::Refused { code, words: words.to_owned() }),
        }
    }

    fn answer(&self, read: io::Result<&[u8]>) -> Answer {
        let Worker { request, confinement, decode } = self;
        answer(read, *request, *confinement, decode)
    }
}

fn answer(
    read: io::Result<&[u8]>,
    request: Request,
    confinement: Confinement,
    decode: impl Fn(&[u8], View) -> Result<DecodedImage, IntakeProblem>,
) -> Answer {
    let (image, bytes) = match read {
        Err(error) => (Err(IntakeProblem::Unreadable { reason: error.to_string() }), &[][..]),
        Ok(bytes) => (decode(bytes, request.view), bytes),
    };
    let identity = if request.identity { Identity::of(bytes) } else { Identity::default() };
    // What the file says may stand in the words of a problem; a terminal or a log must not obey it.
    let image = image.map_err(|problem| match DecodeError::from(problem) {
        DecodeError::Refused { code, words } => DecodeError::Refused { code, words: printable(&words) },
        other => other,
    });
    Answer { confinement, identity, image }
}

fn decode(bytes: &[u8], view: View) -> Result<DecodedImage, IntakeProblem> {
    let whole = |radiograph: Radiograph| DecodedImage { radiograph, corners: None };
    match view {
        View::AsMarked => xray_intake::decode(bytes).map(whole),
        View::Whole => xray_intake::decode_whole_image(bytes).map(whole),
        View::Film => {
            let Film { radiograph, corners } = film::find(&xray_intake::decode_whole_image(bytes)?)?;
            Ok(DecodedImage { radiograph, corners: Some(corners.map(|corner| [corner.x, corner.y])) })
        }
    }
}

/// Not `eprintln!`, which panics where the standard error is closed.
fn note(line: &str) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
