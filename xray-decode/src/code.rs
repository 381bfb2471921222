//! Codes of [`xray_intake`] that come back from a child.

use std::sync::{Mutex, PoisonError};

/// Longest code, in bytes.
const MAX_CODE_BYTES: usize = 40;
/// How many different codes are kept; more than there are.
const MAX_CODES: usize = 96;

/// The code as a constant of this process; none for a text that is no code. The memory of a code is kept until the process
/// ends, so that their number is bounded, whatever a child says.
pub(crate) fn constant(text: &str) -> Option<&'static str> {
    static SEEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if text.is_empty() || text.len() > MAX_CODE_BYTES || !plain {
        return None;
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(code) = seen.iter().find(|code| **code == text) {
        return Some(code);
    }
    if seen.len() == MAX_CODES {
        return None;
    }
    let code: &'static str = Box::leak(text.to_owned().into_boxed_str());
    seen.push(code);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_kept_once_and_their_number_is_bounded() {
        let first = constant("dicom-bits").expect("a code");
        assert!(std::ptr::eq(first, constant("dicom-bits").expect("the same")));
        for wrong in ["", "Damaged", "no result", "é", &"a".repeat(41)] {
            assert_eq!(constant(wrong), None, "{wrong}");
        }
        let kept = (0..1000).filter(|at| constant(&format!("code-{at}")).is_some()).count();
        assert!(kept < MAX_CODES);
        assert_eq!(constant("dicom-bits"), Some("dicom-bits"));
    }
}
