//! What is wrong in a TOML file, in one line: its excerpt has several, and no message may write more than one.

/// Line, column and what is wrong.
pub(crate) fn reason(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim().replace('\n', "; ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return message };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_counted_from_1() {
        let text = "a = 1\nbé = [\n";
        let error = toml::from_str::<toml::Value>(text).expect_err("no end");
        let said = reason(text, &error);
        assert!(said.starts_with("line ") && !said.contains('\n'), "{said}");
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Known {
            #[allow(dead_code, reason = "it is only read")]
            a: u8,
        }
        let text = "a = 1\n  other = 2\n";
        let error = toml::from_str::<Known>(text).expect_err("unknown");
        let said = reason(text, &error);
        assert!(said.starts_with("line 2, column 3: unknown field `other`"), "{said}");
    }
}
