//! The log: lines on the standard error, which the service manager keeps.

use std::io::{self, Write};

use xray_core::screening::{printable, printable_json};

use crate::config::LogFormat;

pub(super) fn begin(format: LogFormat) {
    let lines = tracing_subscriber::fmt()
        .with_writer(move || SafeLines { format, out: io::stderr() })
        .with_target(false)
        .with_ansi(false);
    // It fails only if there is a log already, as in a test.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// Writes lines in which a terminal finds nothing to obey, whatever the names in them say. An event comes whole, in one
/// piece.
struct SafeLines<W> {
    format: LogFormat,
    out: W,
}

impl<W: Write> Write for SafeLines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let safe = match self.format {
            LogFormat::Text => printable(line),
            LogFormat::Json => printable_json(line),
        };
        self.out.write_all((safe + "\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        for (format, written) in
            [(LogFormat::Text, "a\\nb\\u{9b}\\u{202e}c\n"), (LogFormat::Json, "a\nb\\u009b\\u202ec\n")]
        {
            let mut log = SafeLines { format, out: Vec::new() };
            log.write_all("a\nb\u{9b}\u{202e}c\n".as_bytes()).expect("written");
            assert_eq!(String::from_utf8_lossy(&log.out), written);
        }
    }
}
