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

/// Whether a text that came in place of a UID goes back as it came. Archives find a study by this text, also where it is
/// longer than the standard allows or a number in it begins with zero (PS3.5, section 9.1): another one would make up
/// another study. What else than digits and points stands there is none.
pub fn can_go_back(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_one_and_follows_from_its_parts() {
        let one = uid("a", &[b"x", b"y"]);
        let number = one.strip_prefix("2.25.").expect("of a UUID");
        assert!(one.len() <= 64 && !number.starts_with('0') && number.parse::<u128>().is_ok(), "{one}");
        assert_eq!(one, uid("a", &[b"x", b"y"]));
        for other in [uid("b", &[b"x", b"y"]), uid("a", &[b"xy"]), uid("a", &[b"xy", b""])] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn digits_and_points_go_back_and_nothing_else() {
        let long = "1.2.826.0.1.3680043.8.498.12345678901234567890123456789012345678901234";
        for text in ["1.2.840.10008.5.1.4.1.1.7", "2.25.0", "1.2.3.010", long] {
            assert!(can_go_back(text), "{text}");
        }
        for text in ["", "1", "1.2 ", "1.x", "1.2\\1.3", "1.2\n", "1.2<b>"] {
            assert!(!can_go_back(text), "{text}");
        }
    }
}
