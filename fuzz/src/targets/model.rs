//! A model file, and the signature beside one.

use std::path::Path;

use xray_core::package::{PackageFile, SignatureFile, TrustedKeys};

/// A key, and what it signed (`scripts/oracle/minisign.sh`).
const KEY: &str = include_str!("../../../xray-core/tests/fixtures/signature/first.pub");
const MESSAGE: &[u8] = include_bytes!("../../../xray-core/tests/fixtures/signature/message");

/// What is read can be written with the same contract, and is read again.
pub(super) fn check(bytes: &[u8]) {
    let Ok(package) = PackageFile::from_bytes(Path::new("m.onnx"), bytes.to_vec()).verify() else { return };
    let written = package.with_contract(package.contract()).expect("a contract can be written");
    let again = written.verify().expect("what was written is read");
    assert_eq!(again.contract(), package.contract());
    assert_eq!(again.has_heat_map(), package.has_heat_map());
}

/// No text is a signature of anything but the message.
pub(super) fn check_signature(bytes: &[u8]) {
    let keys = TrustedKeys::one("first", KEY).expect("a key");
    let signature =
        SignatureFile::from_text(Path::new("m.onnx.minisig"), String::from_utf8_lossy(bytes).into_owned());
    let verify = |message: &[u8]| {
        keys.verify(PackageFile::from_bytes(Path::new("m.onnx"), message.to_vec()), &signature).is_ok()
    };
    if verify(MESSAGE) {
        let mut changed = MESSAGE.to_vec();
        changed[0] ^= 1;
        assert!(!verify(&changed) && !verify(&[]), "a signature that fits anything");
    }
}
