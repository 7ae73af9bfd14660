//! Reads `Retry-After`: seconds or a date (RFC 9110, 10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Longest wait taken at its word; what asks for more is asked again after a day.
const LONGEST: Duration = Duration::from_hours(24);

/// How long the other side wants to be left alone, at most a day; `None` if the value cannot be read.
/// A date that has passed means no wait.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit still mean "long".
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO);
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_waits_of_at_most_a_day() {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        for (value, wait) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(86400)),
            ("Sun, 01 Mar 2026 08:01:30 GMT", Some(90)),
            ("Sun, 01 Mar 2026 07:00:00 GMT", Some(0)),
            ("Mon, 01 Mar 2027 00:00:00 GMT", Some(86400)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), wait.map(Duration::from_secs), "{value:?}");
        }
    }
}
