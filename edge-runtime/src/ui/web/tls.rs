//! The TLS certificate: a given one, or one that is made here.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use xray_core::files;

use super::error::PageError;
use super::options::PageOptions;

/// What TLS needs, and how people recognise the certificate.
pub struct Tls {
    /// For each connection.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
    /// Whether it was made just now.
    pub new: bool,
}

impl Tls {
    /// Reads the certificate that the options name, or makes one.
    ///
    /// # Errors
    /// [`PageError`] names the file.
    pub fn of(options: &PageOptions) -> Result<Tls, PageError> {
        match (&options.certificate, &options.key) {
            (Some(certificate), Some(key)) => Tls::read(certificate, key, false),
            _ => Tls::own(&options.tls_folder, options.listen.ip()),
        }
    }

    fn own(folder: &Path, address: IpAddr) -> Result<Tls, PageError> {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let new = !(certificate.is_file() && key.is_file());
        if new {
            let failed = |error: rcgen::Error| PageError::file(&certificate, error);
            let pair = KeyPair::generate().map_err(failed)?;
            let made = params(address).and_then(|params| params.self_signed(&pair)).map_err(failed)?;
            for (file, text) in [(&key, pair.serialize_pem()), (&certificate, made.pem())] {
                files::write_atomic(file, text.as_bytes(), files::PRIVATE)
                    .map_err(|error| PageError::file(file, error))?;
            }
        }
        Tls::read(&certificate, &key, new)
    }

    fn read(certificate: &Path, key: &Path, new: bool) -> Result<Tls, PageError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| PageError::file(certificate, error))?;
        let first =
            chain.first().ok_or_else(|| PageError::file(certificate, "there is no certificate in it"))?;
        let fingerprint = fingerprint(first);
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| PageError::file(key, error))?;
        let refused =
            |error: rustls::Error| PageError::Tls { file: certificate.to_owned(), reason: error.to_string() };
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(refused)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { config: Arc::new(config), fingerprint, new })
    }
}

/// It does not expire: a board without a clock would refuse itself, and nobody would renew it. People compare the
/// fingerprint once.
fn params(address: IpAddr) -> Result<CertificateParams, rcgen::Error> {
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = host.trim();
    let mut names = vec!["localhost".to_owned()];
    if !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    {
        names.extend([host.to_owned(), format!("{host}.local")]);
    }
    if !address.is_unspecified() {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "edge-runtime");
    Ok(params)
}

/// Hexadecimal pairs with colons, as browsers and `openssl x509 -fingerprint -sha256` write it.
fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn options(folder: &Path) -> PageOptions {
        PageOptions {
            listen: "192.168.1.5:8443".parse().expect("an address"),
            tls_folder: folder.join("page"),
            ..PageOptions::default()
        }
    }

    #[test]
    fn a_certificate_of_our_own_is_made_once_and_its_key_is_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Tls::of(&options(folder.path())).expect("made");
        let again = Tls::of(&options(folder.path())).expect("read");
        assert!(first.new && !again.new);
        assert_eq!(first.fingerprint, again.fingerprint);
        assert_eq!(first.fingerprint.len(), 95);
        let key = folder.path().join("page/key.pem");
        assert_eq!(fs::metadata(key).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_and_a_key_that_do_not_belong_together_are_refused() {
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let path = |folder: &tempfile::TempDir, name| folder.path().join("page").join(name);
        for folder in [&one, &other] {
            Tls::of(&options(folder.path())).expect("made");
        }
        let given = |certificate, key| {
            Tls::of(&PageOptions { certificate: Some(certificate), key: Some(key), ..PageOptions::default() })
        };
        let certificate = path(&one, "certificate.pem");
        assert!(given(certificate.clone(), path(&one, "key.pem")).is_ok());
        assert!(matches!(given(certificate.clone(), path(&other, "key.pem")), Err(PageError::Tls { .. })));
        assert!(matches!(given(certificate.clone(), certificate), Err(PageError::File { .. })));
        let key = path(&one, "key.pem");
        assert!(matches!(given(key.clone(), key), Err(PageError::File { .. })));
    }

    #[test]
    fn a_fingerprint_is_written_as_browsers_do() {
        // SHA-256 of "abc", FIPS 180-2, appendix B.1.
        assert!(fingerprint(b"abc").starts_with("BA:78:16:BF:8F:01:CF:EA:41:41"));
    }
}
