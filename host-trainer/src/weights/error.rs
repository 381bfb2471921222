//! Why weights could not be used.

use std::path::PathBuf;

/// What can go wrong with weights.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WeightsError {
    #[error("weights for {backbone}: {} tensor(s) missing: {}", .tensors.len(), .tensors.join(", "))]
    Missing { backbone: String, tensors: Vec<String> },
    #[error(
        "weights for {backbone} from {source_name} do not fit the net: {problems}; check that the file \
             belongs to {backbone} and holds its feature extractor"
    )]
    Mismatch {
        backbone: String,
        source_name: String,
        /// Each wrong tensor.
        problems: Problems,
    },
    #[error("weights for {backbone} cannot be used: {what}; import them again from the original file")]
    Unsupported { backbone: String, what: String },
    #[error("cannot {action} {}: {reason}", .path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        path: PathBuf,
        reason: String,
    },
    #[error("{} is not a readable weight file: {reason}; known are PyTorch .pth, .safetensors, and Keras .h5 \
             or .weights.h5 files", .path.display())]
    Format { path: PathBuf, reason: String },
    #[error("{} holds {bytes} bytes, more than the {limit} that a weight file may have; is it the right file?", .path.display())]
    TooLarge {
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    #[error("no weights for {backbone} in {}: import them with `host-trainer weights import FILE --as {backbone}`, or \
             download them with `host-trainer weights fetch {backbone} --sha256 HEX`", .dir.display())]
    NotFound { backbone: String, dir: PathBuf },
    #[error("no folder for weights: give --weights-dir, or set XRAY_EDGE_WEIGHTS, XDG_DATA_HOME or HOME")]
    NoStore,
    #[error(
        "cannot download {url}: {reason}; run the command again to go on where it stopped, or give \
             another server with --base-url"
    )]
    Download { url: String, reason: String },
    #[error(
        "{url} is not the file that was asked for: its SHA-256 is {got}, not {expected}. What was downloaded has been \
             deleted; run the command again, or give another server with --base-url"
    )]
    Checksum {
        url: String,
        /// Its whole SHA-256, in hexadecimal digits.
        expected: String,
        /// That of what came.
        got: String,
    },
    #[error(
        "{name} is not downloaded: this program does not know its whole SHA-256, and the eight digits in its name can be \
             forged. Take the hash from a copy that you trust (`sha256sum {name}`) and give it with --sha256, or import \
             that copy with `host-trainer weights import {name} --as {backbone}`"
    )]
    NoHash { name: String, backbone: String },
    #[error(
        "{name} is not downloaded: the SHA-256 that was given, {given}, is not one of 64 hexadecimal digits that begins \
             with the {digits} of its name; compare it with where you have it from"
    )]
    OtherHash {
        name: String,
        given: String,
        /// Digits that the name promises.
        digits: String,
    },
    #[error("{name} is not among the files that can be fetched: {}", .known.join(", "))]
    UnknownFile {
        name: String,
        /// Those that can.
        known: Vec<String>,
    },
}

/// How the tensors of a file differ from those of a net.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub struct Problems {
    /// Names that the net needs and that are not there.
    pub missing: Vec<String>,
    /// Names that are there and that the net does not know.
    pub extra: Vec<String>,
    /// Name, shape that the net needs, shape that is there.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Names of tensors with elements that are not finite numbers.
    pub not_finite: Vec<String>,
    /// What the names that are not in the net say about the file.
    pub hint: Option<String>,
}

impl Problems {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.misshapen.is_empty()
            && self.not_finite.is_empty()
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named =
            [("missing", &self.missing), ("not in the net", &self.extra), ("not finite", &self.not_finite)];
        let mut all: Vec<String> = named
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{} {what}: {}", names.len(), names.join(", ")))
            .collect();
        all.extend(
            self.misshapen
                .iter()
                .map(|(name, expected, got)| format!("{name} has shape {got:?}, expected {expected:?}")),
        );
        all.extend(self.hint.clone());
        f.write_str(&all.join("; "))
    }
}

impl WeightsError {
    /// [`WeightsError::Io`] from the system's answer.
    pub(crate) fn io(action: &'static str, path: &std::path::Path, error: &std::io::Error) -> Self {
        WeightsError::Io { action, path: path.to_owned(), reason: error.to_string() }
    }

    /// [`WeightsError::Format`].
    pub(crate) fn format(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        WeightsError::Format { path: path.to_owned(), reason: reason.to_string() }
    }
}
