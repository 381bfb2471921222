//! Real children that do what a hostile file could make a decoder do. This program is the child as well, so that it has a
//! `main` of its own; its child decodes as the programs do, but for a few words in place of an image.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test, with a main of its own")]

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use xray_decode::{
    DecodeError, DecodeLimits, DecodedImage, Decoder, DecoderPool, Identity, Request, StopReason, View, serve,
};
use xray_intake::{IntakeProblem, Pixels, Radiograph};

const MEMORY: u64 = 300 << 20;
const DEADLINE: Duration = Duration::from_secs(2);

type Test = fn(&Decoder);

fn main() -> ExitCode {
    if let Some(status) = serve(decode) {
        return status;
    }
    // An emulator needs more memory than a child may have.
    if std::env::var_os("XRAY_EDGE_RUNNER").is_some() {
        return ExitCode::SUCCESS;
    }
    let tests: [(&str, Test); 12] = [
        ("images come back", images_come_back),
        ("what is refused comes back with its code and words", refusals_come_back),
        ("a child that wants too much memory is stopped", too_much_memory),
        ("a child that takes too long is stopped", too_long),
        ("a child that crashes is stopped", crashes),
        ("an answer that is none is refused", wrong_answers),
        ("a child can open, reach and start nothing", confined),
        ("a child that is ended from outside says nothing about its file", ended_from_outside),
        ("a program that cannot be started is no fault of the file", no_program),
        ("a child of a pool decodes many images", pool_keeps_its_children),
        ("a file that ends a child of a pool costs the next one nothing", pool_replaces_its_children),
        ("a pool says of a file what a child of its own says", pool_says_the_same),
    ];
    let program = std::env::current_exe().expect("this program");
    let decoder = Decoder::of_program(program, DecodeLimits { memory: MEMORY, deadline: DEADLINE });
    for (name, test) in tests {
        let began = Instant::now();
        test(&decoder);
        // Each costs the next image nothing.
        decoder.decode_bytes(&pgm(), View::AsMarked).expect("the next image");
        println!("{name}: ok, {:?}", began.elapsed());
    }
    ExitCode::SUCCESS
}

/// The child.
fn decode(bytes: &[u8], view: View) -> Result<DecodedImage, IntakeProblem> {
    let said = |reason: String| IntakeProblem::Damaged { format: "test", reason };
    match bytes {
        b"10 GB" => {
            let all = vec![1_u8; 10 << 30];
            return Err(said(format!("{} bytes", all.len())));
        }
        b"loop" => loop {
            std::hint::spin_loop();
        },
        b"wait" => loop {
            thread::park();
        },
        b"abort" => std::process::abort(),
        b"panic" => panic!("as a test"),
        b"overflow" => return Err(said(deep(0).to_string())),
        b"garbage" => write_and_wait(b"What is this?"),
        b"endless" => loop {
            std::io::stdout().write_all(&[0; 4096]).expect("written");
        },
        b"silent" => std::process::exit(0),
        b"half" => {
            std::io::stdout().write_all(b"XRAYDEC1\0").expect("written");
            std::process::exit(0);
        }
        b"longer" => {
            let refused = xray_decode::Answer {
                confinement: xray_decode::Confinement::default(),
                identity: xray_decode::Identity::default(),
                image: Err(DecodeError::Refused { code: "damaged", words: "x".to_owned() }),
            };
            refused.write(&mut std::io::stdout()).expect("written");
            write_and_wait(b"and more");
        }
        b"open" => return Err(said(format!("{:?}", File::open("/etc/passwd").map(drop)))),
        b"write" => return Err(said(format!("{:?}", File::create("/tmp/xray-decode-child").map(drop)))),
        b"connect" => return Err(said(format!("{:?}", TcpStream::connect("127.0.0.1:9").map(drop)))),
        b"start" => return Err(said(format!("{:?}", Command::new("/bin/true").spawn().map(drop)))),
        b"thread" => return Err(said(format!("{:?}", thread::Builder::new().spawn(|| ()).map(drop)))),
        b"environment" => {
            let names: Vec<_> = std::env::vars_os().collect();
            return Err(said(format!("{names:?}")));
        }
        _ => {}
    }
    let radiograph = match view {
        View::Whole => xray_intake::decode_whole_image(bytes)?,
        View::AsMarked | View::Film => xray_intake::decode(bytes)?,
    };
    Ok(DecodedImage { radiograph, corners: None })
}

fn write_and_wait(bytes: &[u8]) {
    let _ = std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush());
    loop {
        thread::park();
    }
}

fn deep(at: u64) -> u64 {
    let here = std::hint::black_box([at; 512]);
    if here[at as usize % 512] == u64::MAX { 0 } else { deep(at + 1) + here[7] }
}

fn pgm() -> Vec<u8> {
    let mut bytes = b"P5 80 64 255\n".to_vec();
    bytes.extend((0..80 * 64).map(|at| (at % 251) as u8));
    bytes
}

fn stopped(decoder: &Decoder, word: &str) -> StopReason {
    let began = Instant::now();
    let error = decoder.decode_bytes(word.as_bytes(), View::AsMarked).expect_err(word);
    assert!(began.elapsed() < DEADLINE + Duration::from_secs(1), "{word}: {:?}", began.elapsed());
    assert_eq!(error.code(), "damaged");
    match error {
        DecodeError::Stopped(reason) => reason,
        other => panic!("{word}: {other}"),
    }
}

fn images_come_back(decoder: &Decoder) {
    let image = decoder.decode_bytes(&pgm(), View::AsMarked).expect("an image");
    assert_eq!(Ok(image), xray_intake::decode(&pgm()));
    // Larger than a pipe holds, on the way in and on the way back.
    let mut large = b"P6 3000 2000 255\n".to_vec();
    large.extend((0..3 * 3000 * 2000).map(|at| (at % 253) as u8));
    let image = decoder.decode_bytes(&large, View::Whole).expect("an image");
    let Pixels::Rgb(samples) = image.pixels() else { panic!("colour") };
    assert_eq!(samples[..], large[17..]);
    let folder = std::env::temp_dir().join(format!("xray-decode-{}", std::process::id()));
    std::fs::write(&folder, &large).expect("written");
    assert_eq!(decoder.decode_file(&folder, View::Whole), Ok(image));
    std::fs::remove_file(&folder).expect("removed");
    let here = decoder.check().expect("images can be decoded");
    println!("{here}");
    #[cfg(target_os = "linux")]
    assert!(here.limits);
    let _: Radiograph =
        decoder.decode_bytes(&pgm(), View::Film).expect("the child of this test finds no films");
}

fn refusals_come_back(decoder: &Decoder) {
    for (bytes, code) in
        [(&b"Dear colleague"[..], "unknown-format"), (b"", "empty"), (&pgm()[..500], "truncated")]
    {
        let error = decoder.decode_bytes(bytes, View::AsMarked).expect_err(code);
        let problem = xray_intake::decode(bytes).expect_err(code);
        assert_eq!(error, DecodeError::from(problem));
        assert_eq!(error.code(), code);
    }
    let answer =
        decoder.read(b"Dear colleague", Request { identity: true, ..Request::default() }).expect("an answer");
    assert_eq!(answer.identity, xray_decode::Identity::default());
    let missing = decoder.decode_file("/no/such/file".as_ref(), View::AsMarked).expect_err("missing");
    assert_eq!(missing.code(), "unreadable");
    let folder = decoder.decode_file("/".as_ref(), View::AsMarked).expect_err("a folder");
    assert_eq!(folder.code(), "unreadable");
}

fn too_much_memory(decoder: &Decoder) {
    assert_eq!(stopped(decoder, "10 GB"), StopReason::Memory { limit: MEMORY });
}

fn too_long(decoder: &Decoder) {
    for word in ["loop", "wait"] {
        assert_eq!(stopped(decoder, word), StopReason::Time { deadline: DEADLINE }, "{word}");
    }
    let short = decoder.within(Duration::from_millis(200));
    assert_eq!(stopped(&short, "wait"), StopReason::Time { deadline: Duration::from_millis(200) });
}

fn crashes(decoder: &Decoder) {
    for word in ["abort", "panic", "overflow"] {
        assert!(matches!(stopped(decoder, word), StopReason::Crash { .. }), "{word}");
    }
}

fn wrong_answers(decoder: &Decoder) {
    for (word, what) in [
        ("garbage", "another beginning"),
        ("endless", "another beginning"),
        ("silent", "it ends early"),
        ("half", "it ends early"),
        ("longer", "it is too long"),
    ] {
        assert_eq!(stopped(decoder, word), StopReason::Answer { what }, "{word}");
    }
}

/// What the child could do is in the words of the problem that it makes up.
fn confined(decoder: &Decoder) {
    let tried =
        |word: &str| decoder.decode_bytes(word.as_bytes(), View::AsMarked).expect_err(word).to_string();
    assert!(tried("environment").contains("damaged: []"), "{}", tried("environment"));
    if !cfg!(target_os = "linux") {
        return;
    }
    // No descriptor is left, whatever else forbids it.
    for word in ["open", "write", "connect", "start"] {
        assert!(tried(word).contains("Err("), "{}", tried(word));
    }
    if decoder.check().is_ok_and(|confinement| confinement.system_calls) {
        assert!(tried("thread").contains("Err("), "{}", tried("thread"));
        assert!(tried("open").contains("Operation not permitted"), "{}", tried("open"));
    }
}

#[cfg(unix)]
fn script(text: &str) -> Decoder {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::temp_dir().join(format!("xray-decode-script-{}", std::process::id()));
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("set");
    Decoder::of_program(path, DecodeLimits { memory: MEMORY, deadline: DEADLINE })
}

fn ended_from_outside(_: &Decoder) {
    #[cfg(unix)]
    for (signal, expected) in [("TERM", "unreadable"), ("KILL", "damaged"), ("SEGV", "damaged")] {
        let error =
            script(&format!("kill -{signal} $$")).decode_bytes(&pgm(), View::AsMarked).expect_err(signal);
        assert_eq!(error.code(), expected, "{error}");
    }
}

fn no_program(_: &Decoder) {
    let decoder = Decoder::of_program("/no/such/program".into(), DecodeLimits::default());
    let error = decoder.decode_bytes(&pgm(), View::AsMarked).expect_err("no program");
    assert!(matches!(error, DecodeError::Unavailable { .. }), "{error}");
    assert_eq!(error.code(), "unreadable");
    assert!(error.to_string().contains("No such file"), "{error}");
}

fn pool_keeps_its_children(decoder: &Decoder) {
    let pool = DecoderPool::new(decoder.clone());
    for at in 0..300_u32 {
        let mut bytes = pgm();
        let last = bytes.len() - 1;
        bytes[last] = (at % 256) as u8;
        assert_eq!(pool.decode_bytes(&bytes), Ok(xray_intake::decode(&bytes).expect("an image")));
    }
    // One decodes 256 files, another the rest.
    assert_eq!(pool.started(), 2);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20).for_each(|_| drop(pool.decode_bytes(&pgm()).expect("an image"))));
        }
    });
    assert!(pool.started() <= 6, "{}", pool.started());
    // Larger than a pipe holds, on the way in and on the way back.
    let mut large = b"P6 3000 2000 255\n".to_vec();
    large.extend((0..3 * 3000 * 2000).map(|at| (at % 253) as u8));
    let image = pool.decode_bytes(&large).expect("an image");
    let Pixels::Rgb(samples) = image.pixels() else { panic!("colour") };
    assert_eq!(samples[..], large[17..]);
}

fn pool_replaces_its_children(decoder: &Decoder) {
    let pool = DecoderPool::new(decoder.within(Duration::from_millis(500)));
    for word in
        ["abort", "panic", "overflow", "garbage", "endless", "silent", "half", "longer", "wait", "10 GB"]
    {
        let error = pool.decode_bytes(word.as_bytes()).expect_err(word);
        assert!(matches!(error, DecodeError::Stopped(_)), "{word}: {error}");
        assert_eq!(error.code(), "damaged", "{word}");
        let image = pool.decode_bytes(&pgm()).expect("the next image");
        assert_eq!(Ok(image), xray_intake::decode(&pgm()), "{word}");
    }
}

fn pool_says_the_same(decoder: &Decoder) {
    let pool = DecoderPool::new(decoder.clone());
    for bytes in [&b"Dear colleague"[..], b"", &pgm()[..500]] {
        assert_eq!(pool.decode_bytes(bytes), decoder.decode_bytes(bytes, View::AsMarked));
    }
    // What refused a file decodes no other one.
    assert_eq!(pool.started(), 3);
    let folder = env!("CARGO_MANIFEST_DIR");
    let dicom = format!("{folder}/../xray-intake/tests/fixtures/dicom/explicit-m2-u8.dcm");
    let bytes = std::fs::read(&dicom).expect("a fixture");
    let identity = pool.identity(dicom.as_ref()).expect("an answer");
    assert_eq!(identity, Identity::of(&bytes));
    assert_ne!(identity, Identity::default());
    let missing = pool.decode_file("/no/such/file".as_ref()).expect_err("missing");
    assert_eq!(missing.code(), "unreadable");
    let nowhere = DecoderPool::new(Decoder::of_program("/no/such/program".into(), DecodeLimits::default()));
    let error = nowhere.decode_bytes(&pgm()).expect_err("no program");
    assert!(matches!(error, DecodeError::Unavailable { .. }), "{error}");
}
