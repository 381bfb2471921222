//! The wall clock, and whether it can be trusted: a board without a battery wakes up in the past.

use std::time::{SystemTime, UNIX_EPOCH};

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// 1 January 2026, the year in which this program was first built, in milliseconds since 1970. A clock before
/// it was not set.
const BUILT: i64 = 1_767_225_600_000;
/// Fifty years later: a clock after it was set by no one.
const UNTIL: i64 = BUILT + 50 * 31_557_600_000;

/// A time of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01 00:00 UTC, as the clock said.
    pub unix_ms: i64,
    /// Whether the clock had been set. The order of records never depends on it.
    pub trusted: bool,
}

impl Timestamp {
    /// What the clock says now.
    pub fn now() -> Self {
        Timestamp::at(SystemTime::now())
    }

    /// What the clock says.
    pub fn at(time: SystemTime) -> Self {
        let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let unix_ms = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => ms(after),
            Err(before) => -ms(before.duration()),
        };
        Timestamp { unix_ms, trusted: (BUILT..UNTIL).contains(&unix_ms) }
    }

    /// As `2026-11-23T18:42:21.5Z`; beyond the year 9999, the bare number.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.unix_ms) * 1_000_000)
            .ok()
            .and_then(|time| time.to_offset(UtcOffset::UTC).format(&Rfc3339).ok())
            .unwrap_or_else(|| self.unix_ms.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_was_not_set_is_not_trusted() {
        // Seconds by `date -u -d 2025-12-31T23:59:59 +%s` and so on.
        for (seconds, trusted, written) in [
            (0, false, "1970-01-01T00:00:00Z"),
            (1_767_225_599, false, "2025-12-31T23:59:59Z"),
            (1_767_225_600, true, "2026-01-01T00:00:00Z"),
            (1_795_459_341, true, "2026-11-23T18:42:21Z"),
            (4_102_444_800, false, "2100-01-01T00:00:00Z"),
        ] {
            let timestamp = Timestamp::at(UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!((timestamp.trusted, timestamp.rfc3339().as_str()), (trusted, written));
        }
        let before = Timestamp::at(UNIX_EPOCH - Duration::from_millis(1500));
        assert_eq!((before.unix_ms, before.trusted), (-1500, false));
        assert_eq!(Timestamp { unix_ms: i64::MAX, trusted: false }.rfc3339(), i64::MAX.to_string());
    }
}
