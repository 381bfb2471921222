//! Foreign text made safe for a terminal and a log. This is the only place that says how.

use std::fmt::Write;

/// `text` in one line that a terminal shows as it is: what could begin a line, move the cursor, change colours, turn the
/// direction of writing or stay invisible is written as its number (`\n`, `\u{1b}`, `\u{202e}`). A file's name, or what a
/// file says, must not be able to write a line of its own into a report or a log.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// The same for a JSON document: such characters stand within its strings and are written as `\uXXXX`, which means the same.
/// Line ends between values stay.
pub fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_unsafe(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// Control characters; those that end a line; and format characters (general category Cf of Unicode 16), which turn the
/// direction of writing or are not seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_as_its_number() {
        for (text, shown) in [
            ("x/chest.png", "x/chest.png"),
            ("Müller ß 患者 مريض 👍", "Müller ß 患者 مريض 👍"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{1b}]0;title\u{7}", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}"),
            ("\u{9b}2J\u{7f}\0", "\\u{9b}2J\\u{7f}\\u{0}"),
            ("gnp.\u{202e}exe\u{202c}", "gnp.\\u{202e}exe\\u{202c}"),
            ("a\u{2066}b\u{2069}\u{61c}\u{200f}", "a\\u{2066}b\\u{2069}\\u{61c}\\u{200f}"),
            ("a\u{2028}b\u{2029}\u{85}", "a\\u{2028}b\\u{2029}\\u{85}"),
            ("in\u{200b}visible\u{feff}\u{e0041}", "in\\u{200b}visible\\u{feff}\\u{e0041}"),
        ] {
            assert_eq!(printable(text), shown);
            assert_eq!(printable(shown), shown, "twice is once");
        }
    }

    #[test]
    fn json_says_the_same_after_it() {
        // The escapes of RFC 8259, section 7; U+E0041 is the pair DB40 DC41.
        let json = "{\"a\":\"\u{9b}\u{7f}\u{202e}\u{e0041}é\\u001b\",\n\"b\":1}\n";
        let shown = "{\"a\":\"\\u009b\\u007f\\u202e\\udb40\\udc41é\\u001b\",\n\"b\":1}\n";
        assert_eq!(printable_json(json), shown);
    }
}
