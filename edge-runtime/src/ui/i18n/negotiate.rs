//! Which language a reader gets.

use super::Language;

/// Longest `Accept-Language` that is looked at, in bytes; browsers send some thirty.
const MAX_HEADER_BYTES: usize = 512;

/// What the reader chose, else what the device is set to, else what the browser asks for (`Accept-Language`,
/// RFC 9110, section 12.5.4), else English.
pub fn negotiate(chosen: Option<Language>, set: Option<Language>, accepted: Option<&str>) -> Language {
    chosen.or(set).or_else(|| accepted.and_then(best)).unwrap_or(Language::English)
}

/// The accepted language of the greatest weight; of equal weights, the first.
fn best(accepted: &str) -> Option<Language> {
    let accepted = accepted.get(..MAX_HEADER_BYTES).unwrap_or(accepted);
    let mut best: Option<(Language, f32)> = None;
    for range in accepted.split(',').take(32) {
        let mut parts = range.split(';');
        let primary = parts.next().unwrap_or_default().trim().split('-').next().unwrap_or_default();
        let Some(language) = Language::from_code(&primary.to_ascii_lowercase()) else { continue };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok())
            .map_or(1.0, |weight| weight.clamp(0.0, 1.0));
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{Chinese, English, French, Swahili};

    #[test]
    fn the_browser_is_asked_last() {
        for (accepted, language) in [
            ("fr-CA,fr;q=0.9,en;q=0.8", French),
            ("de,en;q=0.2,sw;q=0.7", Swahili),
            ("ZH-hans-CN", Chinese),
            ("fr;q=0, en;q=0.1", English),
            ("de", English),
            ("", English),
            (";;;,,q=1;q=x", English),
            ("fr;q=nan,sw", Swahili),
        ] {
            assert_eq!(negotiate(None, None, Some(accepted)), language, "{accepted}");
        }
        assert_eq!(negotiate(None, Some(Swahili), Some("fr")), Swahili);
        assert_eq!(negotiate(Some(Chinese), Some(Swahili), Some("fr")), Chinese);
        assert_eq!(negotiate(None, None, None), English);
        let long = format!("{}fr", "é".repeat(600));
        assert_eq!(negotiate(None, None, Some(&long)), English);
    }
}
