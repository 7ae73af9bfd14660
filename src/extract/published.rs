//! Dates as sources write them, to instants.
//!
//! Three families, tried in turn: [numbers](numeric) (RFC 3339, ISO 8601), [names](named) (RFC 822, asctime)
//! and what Chinese pages [say](chinese) ("3分钟前", "昨天 08:10"). What fits none is no date: nothing is
//! guessed, and the caller uses the time of receipt.
//!
//! Always holds: no clock is read (`now` is an argument), and the result lies between the years 1 and 9999.

mod chinese;
mod named;
mod numeric;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Longest text in which a date is looked for, in bytes: a line that holds a date beside an author and a
/// channel fits, an article does not.
const WITHIN: usize = 256;

/// The zone of dates that name none, for the sources this program reads: China has one, and no summer time.
pub fn china() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The instant a date means. `zone` is where a date without zone was written; `CST` means China's time if
/// that zone is at +08:00, else North America's. Relative dates count back from `now`.
pub fn published(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > WITHIN {
        return None;
    }
    numeric::read(text, zone).or_else(|| named::read(text, zone)).or_else(|| chinese::read(text, zone, now))
}

/// A local time in its zone; `None` where the calendar ends.
fn at(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_family_of_dates_is_read() {
        let now: Timestamp = "2026-11-24T10:00:00+08:00".parse().unwrap();
        for (text, instant) in [
            ("2026-11-22T08:47:00+08:00", "2026-11-22T00:47:00Z"),
            ("2026-11-22 08:47:00", "2026-11-22T00:47:00Z"),
            ("Sun, 22 Nov 2026 08:47:00 CST", "2026-11-22T00:47:00Z"),
            ("Sun Nov 22 08:47:00 CST 2026", "2026-11-22T00:47:00Z"),
            ("Sun, 22 Nov 26 00:47 GMT", "2026-11-22T00:47:00Z"),
            ("10分钟前", "2026-11-24T01:50:00Z"),
            ("发布时间：2026年11月22日 8时47分 来源：禾川论坛", "2026-11-22T00:47:00Z"),
        ] {
            assert_eq!(published(text, &china(), now), Some(instant.parse().unwrap()), "{text}");
        }
        for text in ["", "  ", "今晚停水", "2026-13-22", "99:99", "0000-00-00 00:00:00", "前"] {
            assert_eq!(published(text, &china(), now), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9年月日时分秒前昨天上下午:： T+Zz./-]{0,40}|.{0,60}") {
            let now: Timestamp = "2026-11-24T10:00:00+08:00".parse().unwrap();
            published(&text, &china(), now);
        }

        #[test]
        fn what_is_written_by_the_standard_is_read_back(seconds in 0i64..4_000_000_000) {
            let instant = Timestamp::from_second(seconds).unwrap();
            prop_assert_eq!(published(&instant.to_string(), &china(), instant), Some(instant));
            let mail = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&instant).unwrap();
            prop_assert_eq!(published(&mail, &china(), instant), Some(instant));
        }
    }
}
