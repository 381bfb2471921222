//! A JPEG against libjpeg-turbo: what is read here its `djpeg` reads without a warning, to the same levels. So no changed
//! byte is ever filled in silently.

use std::io::Write;
use std::process::{Command, Stdio};

use xray_intake::{Pixels, Radiograph};

use super::picture::decoded;

/// Warnings about what stands between the segments; the picture itself is whole.
const HARMLESS: [&str; 3] =
    ["extraneous bytes before marker", "JFIF revision number", "Adobe color transform"];

/// Largest difference of a grey level: the two compute the inverse transform with other roundings.
const GREY_WITHIN: u8 = 2;

/// Of a coloured picture, the part of its pixels that may differ by more than [`COLOUR_WITHIN`], as one in so many: the
/// two spread reduced colours in other ways.
const COLOUR_PART: usize = 10;
const COLOUR_WITHIN: u8 = 48;

pub(super) fn check(bytes: &[u8]) {
    if !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return;
    }
    let Ok(ours) = decoded(bytes) else { return };
    let (strict, said) = djpeg(bytes, true);
    let theirs = strict.or_else(|| {
        let harmless = HARMLESS.iter().any(|warning| said.contains(warning));
        djpeg(bytes, false).0.filter(|_| harmless)
    });
    let theirs = theirs.unwrap_or_else(|| panic_with(&said));
    // The other does not turn pictures upright.
    if bytes.windows(4).any(|window| window == b"Exif") {
        return;
    }
    compare(&ours, &theirs);
}

#[allow(clippy::panic, reason = "a finding is a panic")]
fn panic_with(said: &str) -> Vec<u8> {
    panic!("libjpeg-turbo does not read it: {said}")
}

fn compare(ours: &Radiograph, theirs: &[u8]) {
    let header = |magic: &str| format!("{magic}\n{} {}\n255\n", ours.width(), ours.height()).into_bytes();
    match ours.pixels() {
        Pixels::Grey(levels) => {
            let theirs = theirs.strip_prefix(&header("P5")[..]).expect("a grey picture of the same size");
            let worst = levels.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(theirs.len() == levels.len() && worst <= Some(GREY_WITHIN), "differs by {worst:?}");
        }
        Pixels::Rgb(levels) => {
            let theirs = theirs.strip_prefix(&header("P6")[..]).expect("a coloured picture of the same size");
            let far = levels.iter().zip(theirs).filter(|(a, b)| a.abs_diff(**b) > COLOUR_WITHIN).count();
            assert!(theirs.len() == levels.len());
            assert!(far * COLOUR_PART <= levels.len(), "{far} of {} levels differ", levels.len());
        }
    }
}

/// The picture as PGM or PPM, if there is one, and what was said of it.
fn djpeg(bytes: &[u8], strict: bool) -> (Option<Vec<u8>>, String) {
    let mut command = Command::new("djpeg");
    command.args(["-pnm", "-dct", "int", "-maxscans", "64"]).args(strict.then_some("-strict"));
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("djpeg: install Debian's libjpeg-turbo-progs");
    let mut input = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // It may end without reading everything.
        scope.spawn(move || drop(input.write_all(bytes)));
        child.wait_with_output().expect("an end of djpeg")
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success().then_some(output.stdout), said)
}
