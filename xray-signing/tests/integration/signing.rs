//! Keys, stamps and signatures that are made here, and that the minisign tool trusts them.

use std::path::Path;
use std::process::Command;

use xray_core::package::{PackageFile, SignatureFile, TrustedKeys, signature_of};
use xray_signing::{NewKeys, Password, SecretKey, SigningError, sign, stamp};

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
    let model = PackageFile::from_bytes(Path::new("m.onnx"), xray_testkit::model::model_bytes(|_| ()));
    let stamped = stamp(model.clone(), Some(7)).expect("stamped");
    assert_ne!(stamped.sha256(), model.sha256());
    assert_eq!(stamp(stamped.clone(), None).expect("nothing to do").bytes(), stamped.bytes());
    assert_eq!(stamp(stamped.clone(), Some(7)).expect("nothing to do").bytes(), stamped.bytes());
    let text = sign(&stamped, &secret, "a\ncomment").expect("signed");
    let signed = keys.verify(stamped.clone(), &SignatureFile::from_text(Path::new("s"), text));
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
    let file = PackageFile::from_bytes(&model, xray_testkit::model::model_bytes(|_| ()));
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
