//! Times of day: the one place where the daemon reads the system's clock, and how people write times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, ns since the epoch.
pub(crate) fn now_ns() -> u64 {
    nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A length of time, ns; one of more than 584 years is that long.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Now, s since the epoch, as metrics tell times.
pub(crate) fn now_s() -> f64 {
    Duration::from_nanos(now_ns()).as_secs_f64()
}

/// A time as in RFC 3339, or the beginning of a day (UTC) as in `2026-12-31`; ns since the epoch. `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
        jiff::tz::TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok()
    };
    let time = text.parse::<jiff::Timestamp>().ok().or_else(day)?;
    u64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_read() {
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(1_000_000_000));
        assert_eq!(parse("1970-01-02"), Some(86_400_000_000_000));
        for bad in ["", "tomorrow", "1970-13-01", "1960-01-01", "1970-01-02T25:00"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
