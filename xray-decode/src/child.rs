//! The child: it limits itself, reads the file from its standard input, decodes, answers on its standard output, ends.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use xray_intake::film::{self, Film};
use xray_intake::{IntakeProblem, MAX_FILE_BYTES, Radiograph, printable};

use crate::answer::{Answer, DecodedImage};
use crate::confine::Confinement;
use crate::error::DecodeError;
use crate::identity::Identity;
use crate::request::{Request, View};

/// Wrong arguments, as every program has it.
const WRONG_USAGE: u8 = 2;
/// It could not limit itself.
pub(crate) const NOT_CONFINED: u8 = 70;

/// Runs this process as a child if it was started as one; none if it was not. To be called before anything else.
pub fn run_child() -> Option<ExitCode> {
    serve(decode)
}

/// As [`run_child`], with another function for decoding.
pub fn serve(decode: impl FnOnce(&[u8], View) -> Result<DecodedImage, IntakeProblem>) -> Option<ExitCode> {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let (request, limits) = match Request::from_arguments(arguments)? {
        Ok(asked) => asked,
        Err(words) => {
            note(&format!(
                "error: {words:?}: this subcommand is started by the program itself, to decode one image"
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
    let answer = answer(request, confinement, decode);
    Some(match answer.write(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever asked has gone.
        Err(_) => ExitCode::FAILURE,
    })
}

fn answer(
    request: Request,
    confinement: Confinement,
    decode: impl FnOnce(&[u8], View) -> Result<DecodedImage, IntakeProblem>,
) -> Answer {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    let image = match read {
        Err(error) => Err(IntakeProblem::Unreadable { reason: error.to_string() }),
        Ok(_) => decode(&bytes, request.view),
    };
    let identity = if request.identity { Identity::of(&bytes) } else { Identity::default() };
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
