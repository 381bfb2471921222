//! The detached signature over a model file: checked over the raw bytes, before one of them is parsed.
//!
//! The form is minisign's (<https://jedisct1.github.io/minisign/>): Ed25519 over the BLAKE2b-512 hash of the file,
//! and again over that signature with its trusted comment. `minisign -Vm FILE -p KEY.pub` checks the same.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use minisign_verify::{Error, Signature};

use super::{PackageError, PackageFile, PackageProblem, TrustedKeys, VerifiedPackage};

/// Largest signature file that is read, in bytes. minisign writes some 300.
pub const MAX_SIGNATURE_BYTES: u64 = 4096;

/// What is put behind a model file's name to name its signature.
pub const SIGNATURE_SUFFIX: &str = ".minisig";

/// The usual path of the signature of a model file: `model.onnx.minisig` for `model.onnx`.
pub fn signature_of(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(SIGNATURE_SUFFIX);
    name.into()
}

/// The text of a signature. Whether it holds is not known.
#[derive(Debug, Clone)]
pub struct SignatureFile {
    path: PathBuf,
    text: String,
}

impl SignatureFile {
    /// Reads the signature of `model`.
    ///
    /// # Errors
    /// [`PackageProblem::NoSignature`], with the model as the file.
    pub fn read(path: &Path, model: &Path) -> Result<Self, PackageError> {
        let fail = |reason: String| PackageError {
            file: model.to_owned(),
            problem: PackageProblem::NoSignature { signature: path.to_owned(), reason },
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_SIGNATURE_BYTES + 1).read_to_string(&mut text))
            .map_err(|error| fail(error.to_string()))?;
        if text.len() as u64 > MAX_SIGNATURE_BYTES {
            return Err(fail(format!("it is over {MAX_SIGNATURE_BYTES} bytes")));
        }
        Ok(SignatureFile { path: path.to_owned(), text })
    }

    /// A signature that is in memory already; `path` is for error messages.
    pub fn from_text(path: &Path, text: String) -> Self {
        SignatureFile { path: path.to_owned(), text }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl TrustedKeys {
    /// Takes the bytes of a model file for trusted if one of the keys signed them. Nothing in them is parsed.
    ///
    /// # Errors
    /// [`PackageProblem::NoSignature`], [`PackageProblem::UnknownKey`] or [`PackageProblem::BadSignature`].
    pub fn verify(&self, file: PackageFile, signature: &SignatureFile) -> Result<SignedBytes, PackageError> {
        match self.check(file.bytes(), signature) {
            Ok((key, comment)) => Ok(SignedBytes { file, signature: signature.text.clone(), key, comment }),
            Err(problem) => Err(PackageError { file: file.path().to_owned(), problem }),
        }
    }

    fn check(&self, bytes: &[u8], file: &SignatureFile) -> Result<(String, String), PackageProblem> {
        let signature = Signature::decode(&file.text).map_err(|error| PackageProblem::NoSignature {
            signature: file.path.clone(),
            reason: error.to_string(),
        })?;
        let mut bad = None;
        for (name, key) in self.iter() {
            // The old form, which signs the file instead of its hash, is not made any more.
            match key.verify(bytes, &signature, false) {
                Ok(()) => return Ok((name.clone(), signature.trusted_comment().to_owned())),
                Err(Error::UnexpectedKeyId) => {}
                Err(error) => {
                    bad = Some(PackageProblem::BadSignature { key: name.clone(), reason: error.to_string() });
                }
            }
        }
        let trusted = || self.names().collect::<Vec<_>>().join(", ");
        Err(bad.unwrap_or_else(|| PackageProblem::UnknownKey { trusted: trusted() }))
    }
}

/// The bytes of a model file that a trusted key signed. Made by [`TrustedKeys::verify`] only; where a signature is
/// required, parsing starts from here and nowhere else.
#[derive(Debug, Clone)]
pub struct SignedBytes {
    file: PackageFile,
    signature: String,
    key: String,
    comment: String,
}

impl SignedBytes {
    /// The file.
    pub fn file(&self) -> &PackageFile {
        &self.file
    }

    /// The text of the signature.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Name of the key that signed it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The trusted comment: it is signed, too.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Parses the bytes and checks contract and graph, as [`PackageFile::verify`] does.
    ///
    /// # Errors
    /// [`PackageError`] with the first thing that does not hold.
    pub fn parse(self) -> Result<SignedPackage, PackageError> {
        Ok(SignedPackage { package: self.file.verify()?, key: self.key })
    }
}

/// A model that a trusted key signed and whose contract and graph were checked. Made by [`SignedBytes::parse`] only.
#[derive(Debug, Clone)]
pub struct SignedPackage {
    package: VerifiedPackage,
    key: String,
}

impl SignedPackage {
    /// The package.
    pub fn package(&self) -> &VerifiedPackage {
        &self.package
    }

    /// Name of the key that signed it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The package, to be loaded.
    pub fn into_package(self) -> VerifiedPackage {
        self.package
    }
}
