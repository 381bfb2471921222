//! Which bytes are trusted. The oracle is the minisign tool: scripts/oracle/minisign.sh made the fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use xray_core::package::signing::{NewKeys, Password, SecretKey, SigningError, sign, stamp};
use xray_core::package::{
    KeysProblem, PackageFile, PackageProblem, SignatureFile, SignedBytes, TrustedKeys, signature_of,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/signature").join(name)
}

fn signature(name: &str) -> SignatureFile {
    SignatureFile::read(&fixture(name), &fixture("message")).expect("a signature")
}

fn message() -> Vec<u8> {
    std::fs::read(fixture("message")).expect("readable")
}

fn trusted(names: &[&str]) -> TrustedKeys {
    let folder = tempfile::tempdir().expect("a folder");
    for name in names {
        std::fs::copy(fixture(name), folder.path().join(name)).expect("copied");
    }
    std::fs::write(folder.path().join("README"), "not a key").expect("written");
    TrustedKeys::read(folder.path()).expect("keys")
}

fn check(
    keys: &TrustedKeys,
    bytes: Vec<u8>,
    signature: &SignatureFile,
) -> Result<SignedBytes, PackageProblem> {
    keys.verify(PackageFile::from_bytes(Path::new("m.onnx"), bytes), signature).map_err(|error| {
        assert_eq!(error.file, Path::new("m.onnx"));
        error.problem
    })
}

#[test]
fn what_the_tool_signed_is_trusted_with_any_of_the_keys() {
    let keys = trusted(&["first.pub", "second.pub"]);
    assert_eq!(keys.names().collect::<Vec<_>>(), ["first", "second"]);
    for name in ["first", "second"] {
        let signed =
            check(&keys, message(), &signature(&format!("message.{name}.minisig"))).expect("trusted");
        assert_eq!((signed.key(), signed.comment()), (name, format!("by {name}").as_str()));
        assert_eq!(signed.file().bytes(), message());
        // Only now is it looked into, and found to be no model.
        assert!(matches!(signed.parse().expect_err("no model").problem, PackageProblem::NotOnnx { .. }));
    }
}

#[test]
fn what_another_key_signed_is_not() {
    let refused = check(&trusted(&["second.pub"]), message(), &signature("message.first.minisig"));
    assert_eq!(refused.expect_err("refused"), PackageProblem::UnknownKey { trusted: "second".to_owned() });
}

#[test]
fn the_old_form_of_signature_is_not() {
    let refused = check(&trusted(&["first.pub"]), message(), &signature("message.legacy.minisig"));
    assert!(matches!(refused, Err(PackageProblem::BadSignature { key, .. }) if key == "first"));
}

#[test]
fn one_flipped_bit_anywhere_is_not_trusted() {
    let keys = trusted(&["first.pub", "second.pub"]);
    let good = signature("message.first.minisig");
    for bit in 0..message().len() * 8 {
        let mut bytes = message();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let refused = check(&keys, bytes, &good);
        assert!(matches!(refused, Err(PackageProblem::BadSignature { .. })), "bit {bit}: {refused:?}");
    }
}

proptest! {
    #[test]
    fn one_changed_letter_of_the_signature_is_not_trusted(at in 0usize..300, letter in 0u8..128) {
        let keys = trusted(&["first.pub", "second.pub"]);
        let text = signature("message.first.minisig").text().to_owned();
        let at = at % text.len();
        let mut bytes = text.clone().into_bytes();
        bytes[at] = letter;
        let changed = String::from_utf8(bytes).expect("ASCII");
        let untrusted_comment = text.find('\n').expect("lines");
        let file = SignatureFile::from_text(Path::new("m.minisig"), changed.clone());
        let outcome = check(&keys, message(), &file);
        let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        // The first line is not signed, and how lines end means nothing.
        if at > untrusted_comment && lines(&changed) != lines(&text) {
            prop_assert!(outcome.is_err());
        }
    }

    #[test]
    fn any_text_for_a_signature_is_refused_in_words(text in "\\PC{0,200}") {
        let file = SignatureFile::from_text(Path::new("m.minisig"), text);
        prop_assert!(check(&trusted(&["first.pub"]), message(), &file).is_err());
    }
}

#[test]
fn a_signature_over_the_limit_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m.minisig");
    std::fs::write(&path, "x".repeat(5000)).expect("written");
    let error = SignatureFile::read(&path, Path::new("m.onnx")).expect_err("too long");
    assert!(error.to_string().contains("m.onnx") && error.to_string().contains("over 4096 bytes"), "{error}");
    let error = SignatureFile::read(&folder.path().join("gone"), Path::new("m.onnx")).expect_err("none");
    assert!(matches!(error.problem, PackageProblem::NoSignature { .. }));
}

#[test]
fn a_folder_without_keys_or_with_a_bad_one_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let problem = || TrustedKeys::read(folder.path()).expect_err("no keys").problem;
    assert_eq!(problem(), KeysProblem::Empty);
    std::fs::copy(fixture("first.pub"), folder.path().join("a.pub")).expect("copied");
    std::fs::write(folder.path().join("b.pub"), "untrusted comment: x\nnot base64\n").expect("written");
    let error = TrustedKeys::read(folder.path()).expect_err("a bad key");
    assert!(error.path.ends_with("b.pub") && matches!(error.problem, KeysProblem::NotAKey { .. }), "{error}");
    for i in 0..40 {
        std::fs::copy(fixture("first.pub"), folder.path().join(format!("{i}.pub"))).expect("copied");
    }
    assert_eq!(problem(), KeysProblem::TooMany);
    let gone = TrustedKeys::read(&folder.path().join("gone")).expect_err("no folder").problem;
    assert!(matches!(gone, KeysProblem::Unreadable { .. }));
}

struct Signer {
    keys: TrustedKeys,
    public: String,
    secret: SecretKey,
}

fn signer() -> Signer {
    let made = NewKeys::make(Password::None, "tests").expect("keys");
    Signer {
        keys: TrustedKeys::one("tests", &made.public).expect("a key"),
        public: made.public,
        secret: SecretKey::from_text(Path::new("k"), &made.secret, Password::None).expect("a secret key"),
    }
}

#[test]
fn a_model_is_signed_verified_and_parsed() {
    let Signer { keys, secret, .. } = signer();
    let model = PackageFile::from_bytes(Path::new("m.onnx"), support::model_bytes(|_| ()));
    let stamped = stamp(model.clone(), Some(7)).expect("stamped");
    assert_ne!(stamped.sha256(), model.sha256());
    assert_eq!(stamp(stamped.clone(), None).expect("nothing to do").bytes(), stamped.bytes());
    assert_eq!(stamp(stamped.clone(), Some(7)).expect("nothing to do").bytes(), stamped.bytes());
    let text = sign(&stamped, &secret, "a\ncomment").expect("signed");
    let signed = check(&keys, stamped.bytes().to_vec(), &SignatureFile::from_text(Path::new("s"), text));
    let signed = signed.expect("trusted");
    assert_eq!(signed.comment(), "a comment");
    let package = signed.parse().expect("a model");
    assert_eq!((package.key(), package.package().sha256()), ("tests", stamped.sha256()));
    let contract = package.package().contract();
    assert_eq!(contract.version, 7);
    // sigmoid(2·(m₁+m₂+m₃) − 3), with the means that the engine gave.
    let answer = contract.known_answer.as_ref().expect("an answer");
    assert_eq!(answer.features.len(), 3);
    let score: f64 = 2.0 * answer.features.iter().sum::<f64>() - 3.0;
    assert!((answer.probability - 1.0 / (1.0 + (-score).exp())).abs() < 2e-5);
}

#[test]
fn only_models_are_stamped() {
    let refused = stamp(PackageFile::from_bytes(Path::new("m.onnx"), b"text".to_vec()), Some(1));
    assert!(matches!(refused, Err(SigningError::Package(_))));
}

#[test]
fn a_password_is_needed_and_the_right_one() {
    let made = NewKeys::make(Password::Given("sesame".to_owned()), "x").expect("keys");
    let open = |password: &str| {
        SecretKey::from_text(Path::new("my.key"), &made.secret, Password::Given(password.to_owned()))
    };
    assert!(open("sesame").is_ok());
    let error = open("other").err().expect("a wrong password").to_string();
    assert!(error.contains("my.key") && error.contains("password"), "{error}");
    let text = SecretKey::from_text(Path::new("my.key"), "x", Password::Given(String::new()));
    assert!(text.is_err());
}

#[test]
fn the_tool_trusts_what_is_signed_here() {
    // An emulator starts what is not there without an error; the status tells it.
    if !Command::new("minisign").arg("-v").output().is_ok_and(|said| said.status.success()) {
        eprintln!("SKIPPED: the minisign tool is not installed (apt-get install minisign)");
        return;
    }
    let Signer { public, secret, .. } = signer();
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("m.onnx");
    let file = PackageFile::from_bytes(&model, support::model_bytes(|_| ()));
    std::fs::write(&model, file.bytes()).expect("written");
    std::fs::write(folder.path().join("k.pub"), public).expect("written");
    let text = sign(&file, &secret, "version:7").expect("signed");
    std::fs::write(signature_of(&model), text).expect("written");
    let verify = || {
        let mut tool = Command::new("minisign");
        tool.args(["-V", "-m", "m.onnx", "-p", "k.pub"]).current_dir(folder.path());
        tool.output().expect("it runs")
    };
    let said = verify();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(String::from_utf8_lossy(&said.stdout).contains("Trusted comment: version:7"));
    std::fs::write(&model, b"other").expect("written");
    assert!(!verify().status.success());
}
