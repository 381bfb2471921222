//! `[page]` of the configuration, and who may look at the page by it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::ui::i18n::Language;

/// `[page]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageOptions {
    /// Address and port. On another address than the loopback's, a token and TLS are needed.
    pub listen: SocketAddr,
    /// The language of the page unless the reader chose one; without it, the one that the browser asks for.
    pub language: Option<Language>,
    /// A file with the access word, for other addresses than the loopback's.
    pub token_file: Option<PathBuf>,
    /// A certificate (PEM, with those between it and the authority); goes with `key`.
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
    /// Folder of the certificate that is made at the first start if none is given.
    pub tls_folder: PathBuf,
}

impl Default for PageOptions {
    fn default() -> Self {
        PageOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            language: None,
            token_file: None,
            certificate: None,
            key: None,
            tls_folder: "/var/lib/edge-runtime/page".into(),
        }
    }
}

impl PageOptions {
    /// Whether only programs on this device can reach the page.
    pub fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    /// Whether the options fit together; no file is read.
    ///
    /// # Errors
    /// What does not fit, and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let listen = self.listen;
        if self.certificate.is_some() != self.key.is_some() {
            return Err("`certificate` and `key` under `[page]` go together; give both or none".to_owned());
        }
        match (self.is_local(), &self.token_file) {
            (false, None) => Err(format!(
                "the page would listen on {listen}, where others on the network can reach it: name a \
                 `token_file` under `[page]`, or listen on 127.0.0.1"
            )),
            (true, Some(_)) => Err(format!(
                "`token_file` under `[page]` is for other addresses than {listen}, which only this device can \
                 reach; leave it out"
            )),
            (true, None) if self.certificate.is_some() => Err(format!(
                "`certificate` under `[page]` is for other addresses than {listen}, which only this device can \
                 reach; leave it out"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        toml::from_str::<PageOptions>(text).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn the_network_needs_a_token() {
        assert_eq!(checked(""), Ok(()));
        assert_eq!(checked("listen = '[::1]:9000'\nlanguage = 'sw'"), Ok(()));
        assert_eq!(checked("listen = '0.0.0.0:8443'\ntoken_file = 't'"), Ok(()));
        assert_eq!(checked("listen = '10.0.0.2:1'\ntoken_file='t'\ncertificate='c'\nkey='k'"), Ok(()));
        for (text, words) in [
            ("listen = '0.0.0.0:8080'", "name a `token_file`"),
            ("listen = '[::]:8080'", "name a `token_file`"),
            ("listen = '192.168.1.5:8080'\ncertificate='c'\nkey='k'", "name a `token_file`"),
            ("listen = '0.0.0.0:1'\ntoken_file = 't'\nkey = 'k'", "go together"),
            ("token_file = 't'", "leave it out"),
            ("certificate='c'\nkey='k'", "leave it out"),
            ("listen = 'localhost'", "invalid socket address"),
            ("language = 'xx'", "unknown variant"),
            ("tokn = 't'", "unknown field"),
        ] {
            let error = checked(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
    }
}
