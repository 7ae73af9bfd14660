//! How names, times of day and weekdays are written in the operator's files.

use jiff::civil::{Time, Weekday};
use serde::de::{Deserialize, Deserializer, Error};

/// The days of a week, from Monday on, as they are written.
const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A day of the week, written `mon` to `sun`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayOfWeek(pub(crate) Weekday);

impl DayOfWeek {
    /// The day of this word, if it is one.
    pub(crate) fn of(word: &str) -> Option<Self> {
        let place = WEEKDAYS.iter().position(|day| *day == word)?;
        Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for DayOfWeek {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::of(&word).ok_or_else(|| D::Error::unknown_variant(&word, WEEKDAYS))
    }
}

/// `08:30`, from `00:00` to `23:59`.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |part: &str| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i8>().ok() } else { None }
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// Whether `name` may name something in these files: letters of any script, digits, `-`, `_`, `.`, at most 64. `what` is
/// it a name of.
pub(crate) fn legal_name(what: &str, name: &str) -> Result<(), String> {
    checked(what, name, char::is_alphanumeric)
}

/// The same for names that stand in records, metrics and addresses: their letters are ASCII.
pub(crate) fn plain_name(what: &str, name: &str) -> Result<(), String> {
    checked(what, name, |c| c.is_ascii_alphanumeric())
}

fn checked(what: &str, name: &str, is_letter: impl Fn(char) -> bool) -> Result<(), String> {
    let legal = |c: char| is_letter(c) || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.chars().count()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(format!("{what} name {name:?} is not 1 to 64 letters, digits, '-', '_', '.'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_hours_and_minutes() {
        for (text, time) in [
            ("08:30", Some((8, 30))),
            (" 0:5 ", Some((0, 5))),
            ("23:59", Some((23, 59))),
            ("24:00", None),
            ("8", None),
            ("+8:30", None),
            ("08:60", None),
            ("008:30", None),
        ] {
            let wanted = time.map(|(hour, minute)| Time::new(hour, minute, 0, 0).unwrap());
            assert_eq!(time_of_day(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        for (name, legal, plain) in [
            ("duty-mail", true, true),
            ("值班室", true, false),
            ("", false, false),
            ("a b", false, false),
            ("@duty", false, false),
        ] {
            assert_eq!(
                (legal_name("x", name).is_ok(), plain_name("x", name).is_ok()),
                (legal, plain),
                "{name:?}"
            );
        }
        assert!(legal_name("x", &"名".repeat(64)).is_ok() && legal_name("x", &"名".repeat(65)).is_err());
        assert_eq!(DayOfWeek::of("sun"), Some(DayOfWeek(Weekday::Sunday)));
        assert_eq!(DayOfWeek::of("Sunday"), None);
    }
}
