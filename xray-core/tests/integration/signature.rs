//! Which bytes are trusted. The oracle is the minisign tool: scripts/oracle/minisign.sh made the fixtures.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use xray_core::package::{KeysProblem, PackageFile, PackageProblem, SignatureFile, SignedBytes, TrustedKeys};

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
