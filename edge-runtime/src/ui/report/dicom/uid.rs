//! Unique identifiers computed from their content: the same record gives the same, on every board.

use sha2::{Digest, Sha256};

/// The UID of something `kind` that `parts` tell from all others: `2.25.` and a UUID (PS3.5, annex B.2) whose bits are
/// a hash (RFC 9562, version 8).
pub fn uid(kind: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in [b"xray-edge", kind.as_bytes()].into_iter().chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    format!("2.25.{}", u128::from_be_bytes(bytes))
}

/// Whether a text is a UID (PS3.5, section 9.1).
pub fn is_uid(text: &str) -> bool {
    let component = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    text.len() <= 64 && text.contains('.') && text.split('.').all(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_one_and_follows_from_its_parts() {
        let one = uid("a", &[b"x", b"y"]);
        assert!(is_uid(&one), "{one}");
        assert_eq!(one, uid("a", &[b"x", b"y"]));
        for other in [uid("b", &[b"x", b"y"]), uid("a", &[b"xy"]), uid("a", &[b"xy", b""])] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_is_no_uid_is_told() {
        assert!(is_uid("1.2.840.10008.5.1.4.1.1.7") && is_uid("2.25.0"));
        for text in ["", "1", "1..2", ".1", "1.", "1.02", "1.2 ", "1.x", &"1.".repeat(40)] {
            assert!(!is_uid(text), "{text}");
        }
    }
}
