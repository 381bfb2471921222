//! The access word.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::PageError;

/// Fewest and most characters of a token.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// The access word, as a hash.
pub struct Token([u8; 32]);

impl Token {
    /// Reads the access word from a file that not everybody may read; white space around it is removed.
    ///
    /// # Errors
    /// [`PageError`] names the file and what is wrong with it.
    pub fn read(file: &Path) -> Result<Token, PageError> {
        let failed = |error: std::io::Error| PageError::file(file, error);
        let meta = fs::metadata(file).map_err(failed)?;
        if meta.mode() & 0o007 != 0 {
            return Err(PageError::TokenOpen { file: file.to_owned() });
        }
        // A word is a line; what is longer is something else.
        if meta.len() > 4096 || !meta.is_file() {
            return Err(PageError::Token {
                file: file.to_owned(),
                least: *LENGTHS.start(),
                most: *LENGTHS.end(),
            });
        }
        let text = fs::read_to_string(file).map_err(failed)?;
        let word = text.trim();
        if LENGTHS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Token::new(word));
        }
        Err(PageError::Token { file: file.to_owned(), least: *LENGTHS.start(), most: *LENGTHS.end() })
    }

    pub(super) fn new(word: &str) -> Token {
        Token(hash(word))
    }

    /// Whether `given` is the access word.
    pub fn is(&self, given: &str) -> bool {
        self.0.ct_eq(&hash(given)).into()
    }
}

/// Secrets are kept and compared as hashes: comparing takes the same time whatever is given.
pub(super) fn hash(word: &str) -> [u8; 32] {
    Sha256::digest(word.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_word_that_is_short_or_open_to_all_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let read = |text: &str, mode| {
            fs::write(&file, text).expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
            Token::read(&file)
        };
        let token = read("  0123456789abcdef\n", 0o640).expect("a token");
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef ", "0123456789ABCDEF"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(matches!(read("0123456789abcdef", 0o644), Err(PageError::TokenOpen { .. })));
        for text in [
            "",
            "0123456789abcde",
            "0123456789 abcdef",
            "0123456789abcdéf",
            &"x".repeat(257),
            &"x".repeat(5000),
        ] {
            assert!(matches!(read(text, 0o600), Err(PageError::Token { .. })), "{text}");
        }
        assert!(matches!(Token::read(Path::new("/none")), Err(PageError::File { .. })));
    }
}
