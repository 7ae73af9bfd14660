//! Dates in digits: RFC 3339, the W3C's profile, and the forms of ISO 8601 seen in feeds.
//!
//! The whole text must be the date: a rest that is no zone makes it no date.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use regex::{Captures, Regex};

static DAY_AND_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^
        (?: (?<year>\d{4}) [-/.] (?<month>\d{1,3}) (?: [-/.] (?<day>\d{1,3}) )?
          | (?<whole>\d{8})
          | (?<century>\d{2}) - (?<cmonth>\d{2}) - (?<cday>\d{2})
          | (?<short>\d{6})
          | (?<only>\d{4})
        )
        (?: [T\s]\s*
            (?<hour>\d{1,2}) :? (?<minute>\d{2}) (?: :? (?<second>\d{2}) (?: [.,] (?<fraction>\d{1,12}) )? )?
            \s* (?<zone> Z | z | UTC | GMT | [+-]\d{2}(?: :?\d{2})? )?
        )? $",
    )
    .expect("a constant expression")
});

static DAY_OF_YEAR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?<year>\d{4}|\d{2})-?(?<day>\d{3})$").expect("a constant expression"));

pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    // "20040708" is a day, "2003335" and "03335" the 335th of a year.
    if let Some(found) = DAY_OF_YEAR.captures(text) {
        let first = Date::new(century(&found["year"])?, 1, 1).ok()?;
        let date = first.with().day_of_year(found["day"].parse().ok()?).build().ok()?;
        return super::at(date.to_datetime(Time::midnight()), zone);
    }
    let found = DAY_AND_TIME.captures(text)?;
    let local = day(&found)?.to_datetime(time(&found)?);
    match found.name("zone") {
        None => super::at(local, zone),
        Some(named) => offset(named.as_str())?.to_timestamp(local).ok(),
    }
}

fn day(found: &Captures<'_>) -> Option<Date> {
    let number = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<i8>().ok());
    let digits = |text: &str, from: usize| text[from..from + 2].parse::<i8>().ok();
    let (year, month, day) = if let Some(year) = found.name("year") {
        let day = if found.name("day").is_some() { number("day")? } else { 1 };
        (year.as_str().parse().ok()?, number("month")?, day)
    } else if let Some(whole) = found.name("whole") {
        let whole = whole.as_str();
        (whole[..4].parse().ok()?, digits(whole, 4)?, digits(whole, 6)?)
    } else if let Some(year) = found.name("century") {
        (century(year.as_str())?, number("cmonth")?, number("cday")?)
    } else if let Some(short) = found.name("short") {
        let short = short.as_str();
        (century(&short[..2])?, digits(short, 2)?, digits(short, 4)?)
    } else {
        (found["only"].parse().ok()?, 1, 1)
    };
    if year == 0 { None } else { Date::new(year, month, day).ok() }
}

fn time(found: &Captures<'_>) -> Option<Time> {
    let number = |name: &str| match found.name(name) {
        None => Some(0),
        Some(digits) => digits.as_str().parse::<i8>().ok(),
    };
    let nanos = found.name("fraction").map_or("0", |digits| digits.as_str());
    let nanos = format!("{nanos:0<9}")[..9].parse().ok()?;
    // A leap second is the last of its minute.
    Time::new(number("hour")?, number("minute")?, number("second")?.min(59), nanos).ok()
}

/// A year of two digits: up to 49 in this century (RFC 2822); four digits as they are.
pub(super) fn century(digits: &str) -> Option<i16> {
    let year: i16 = digits.parse().ok()?;
    Some(match (digits.len(), year) {
        (1 | 2, 0..=49) => 2000 + year,
        (1 | 2, _) => 1900 + year,
        _ => year,
    })
}

/// `Z`, `+08:00`, `+0800`, `+08`; `None` if hours or minutes are none.
pub(super) fn offset(text: &str) -> Option<Offset> {
    let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        return Some(Offset::UTC);
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).unwrap_or("00").parse().ok()?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if sign == '-' { -seconds } else { seconds }).ok()
}

/// Kept beside the reader, so that the two families agree on what a civil time is.
pub(super) fn civil(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> Option<DateTime> {
    let date = Date::new(year, month, day).ok()?;
    Some(date.to_datetime(Time::new(hour, minute, second.min(59), 0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_dates() {
        for (text, instant) in [
            ("2026-11-22T08:47:30.250Z", Some("2026-11-22T08:47:30.250Z")),
            ("2026-11-22T08:47+08", Some("2026-11-22T00:47:00Z")),
            ("2026/1/2 8:05", Some("2026-01-02T08:05:00Z")),
            ("20261122", Some("2026-11-22T00:00:00Z")),
            ("2026-326", Some("2026-11-22T00:00:00Z")),
            ("2026-11", Some("2026-11-01T00:00:00Z")),
            ("2026-11-22T08:47:60Z", Some("2026-11-22T08:47:59Z")),
            ("2026-02-30", None),
            ("2026-11-22T24:47:00Z", None),
            ("2026-11-22T08:47:00+24:00", None),
            ("2026-11-22 x", None),
        ] {
            let instant = instant.map(|text| text.parse().unwrap());
            assert_eq!(read(text, &TimeZone::UTC), instant, "{text}");
        }
    }
}
