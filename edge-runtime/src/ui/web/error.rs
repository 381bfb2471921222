//! Why the page cannot be served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::ui::i18n::TranslationError;

/// Why the page cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The options do not fit together.
    #[error("{0}")]
    Options(String),
    /// Another program listens there.
    #[error("page: {listen} is taken by another program; stop it, or name another port under `[page]`")]
    Taken {
        /// Address and port.
        listen: SocketAddr,
    },
    /// The system does not let us listen there.
    #[error(
        "page: cannot listen on {listen}: {reason}; name an address of this device and a port of 1024 or more under `[page]`"
    )]
    Bind {
        /// Address and port.
        listen: SocketAddr,
        reason: String,
    },
    /// A file of the page cannot be read or written.
    #[error("page: {}: {reason}; check that it is there and who may read it", .file.display())]
    File { file: PathBuf, reason: String },
    /// The file of the token lets everybody read it.
    #[error("page: {}: everybody on this device can read the access word; `chmod o-rwx` it", .file.display())]
    TokenOpen { file: PathBuf },
    /// The token is too easy to guess, or no token.
    #[error(
        "page: {}: the access word must have {least} to {most} visible ASCII characters; make one with \
         `openssl rand -hex 16`",
        .file.display()
    )]
    Token {
        file: PathBuf,
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// The certificate and key cannot be used.
    #[error("page: {}: TLS refuses it: {reason}; give certificate and key as PEM files that belong together", .file.display())]
    Tls {
        /// The certificate.
        file: PathBuf,
        /// What TLS says.
        reason: String,
    },
    /// A translation of the program is damaged.
    #[error(transparent)]
    Translation(#[from] TranslationError),
    /// The system gives no thread.
    #[error("page: its thread could not be started: {reason}; restart the device")]
    Thread { reason: String },
}

impl PageError {
    pub(super) fn file(file: &Path, reason: impl std::fmt::Display) -> Self {
        PageError::File { file: file.to_owned(), reason: reason.to_string() }
    }
}
