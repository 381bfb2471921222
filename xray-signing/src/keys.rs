//! Key pairs: the secret half stays with who signs, the public half goes to the devices.

use std::path::Path;

use minisign::{KeyPair, SecretKeyBox};

use super::SigningError;

/// How a secret key is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// Not at all: anybody who reads the file can sign.
    None,
    /// With this password.
    Given(String),
    /// With a password that is asked for on the terminal.
    Ask,
}

/// A key pair that was made, as the text of its two files.
pub struct NewKeys {
    /// Text of the public key's file; for the devices.
    pub public: String,
    /// Text of the secret key's file; to be kept where nobody else reads it.
    pub secret: String,
}

impl NewKeys {
    /// Makes a key pair. `comment` is one line of text for people, in both files.
    ///
    /// # Errors
    /// [`SigningError::NoKeys`] if the system gives no random numbers or the passwords that were typed differ.
    pub fn make(password: Password, comment: &str) -> Result<NewKeys, SigningError> {
        let fail = |error: minisign::PError| SigningError::NoKeys { reason: error.to_string() };
        let pair = match password {
            Password::None => KeyPair::generate_unencrypted_keypair(),
            Password::Given(password) => KeyPair::generate_encrypted_keypair(Some(password)),
            Password::Ask => KeyPair::generate_encrypted_keypair(None),
        }
        .map_err(fail)?;
        let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let secret = pair.sk.to_box(Some(&format!("secret key: {comment}"))).map_err(fail)?.into_string();
        let public = format!("untrusted comment: public key: {comment}\n{}\n", pair.pk.to_base64());
        Ok(NewKeys { public, secret })
    }
}

/// A secret key that is ready to sign.
pub struct SecretKey(minisign::SecretKey);

impl SecretKey {
    /// Takes a secret key from the text of its file; `file` is for error messages. A key without a password is read as
    /// such whatever `password` says.
    ///
    /// # Errors
    /// [`SigningError::SecretKey`] if it is none, or the password is wrong.
    pub fn from_text(file: &Path, text: &str, password: Password) -> Result<Self, SigningError> {
        if let Ok(key) = SecretKeyBox::from(text.to_owned()).into_unencrypted_secret_key() {
            return Ok(SecretKey(key));
        }
        let password = match password {
            Password::Given(password) => Some(password),
            Password::None | Password::Ask => None,
        };
        SecretKeyBox::from(text.to_owned())
            .into_secret_key(password)
            .map(SecretKey)
            .map_err(|error| SigningError::SecretKey { file: file.to_owned(), reason: error.to_string() })
    }

    pub(super) fn inner(&self) -> &minisign::SecretKey {
        &self.0
    }
}
