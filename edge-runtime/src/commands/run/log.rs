//! The log: lines on the standard error, which the service manager keeps.

use std::io;

use crate::config::LogFormat;

pub(super) fn begin(format: LogFormat) {
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).with_ansi(false);
    // It fails only if there is a log already, as in a test.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
