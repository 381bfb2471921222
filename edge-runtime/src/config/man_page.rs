//! The manual page config.toml(5).

use super::keys::SECTIONS;

const HEAD: &str = r#".TH config.toml 5 "" "edge\-runtime" "File Formats"
.SH NAME
config.toml \- configuration of edge\-runtime
.SH SYNOPSIS
.I /etc/edge\-runtime/config.toml
.SH DESCRIPTION
The daemon
.B edge\-runtime run
reads this TOML file at its start. A key that is not known is refused. At least one of
.BR [[folder]] ,
.B [stick]
and
.B [camera]
must be there. Check a change with
.BR "edge\-runtime run \-\-config FILE \-\-check" .
"#;

const FOOT: &str = r#".SH FILES
.I /usr/share/edge\-runtime/boards/*.toml
.RS
The boards that are part of the program, as examples for a board file.
.RE
.SH SEE ALSO
.BR edge\-runtime (1),
.BR edge\-runtime\-run (1)
"#;

/// The page in roff, from the table of keys.
pub fn man_page() -> String {
    let mut page = HEAD.to_owned();
    for section in &SECTIONS {
        page += &format!(".SH {}\n{}\n", escaped(section.header), escaped(section.meaning));
        for key in section.keys {
            let default = key.default.map_or_else(String::new, |value| format!(" Default: {value}."));
            page += &format!(
                ".TP\n.BR {} \" ({})\"\n{}{}\n",
                escaped(key.name),
                escaped(key.kind),
                escaped(key.meaning),
                escaped(&default)
            );
        }
    }
    page + FOOT
}

/// Text that roff takes as it is.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_key_with_its_default() {
        let page = man_page();
        for section in &SECTIONS {
            assert!(page.contains(&format!(".SH {}\n", section.header)), "{page}");
            for key in section.keys {
                assert!(page.contains(&format!(".TP\n.BR {} \" (", key.name)), "{}: {page}", key.name);
            }
        }
        assert!(page.contains("Default: \\(dq127.0.0.1:8080\\(dq."), "{page}");
        // A line that begins with a dot or an apostrophe is a request.
        let requests = [".TH", ".SH", ".I ", ".B ", ".BR", ".RS", ".RE", ".TP"];
        for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(requests.iter().any(|request| line.starts_with(request)), "{line}");
        }
    }
}
