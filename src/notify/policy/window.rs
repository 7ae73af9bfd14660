//! Times of the week, by the desk's own time and its calendar: office hours, nights, days off.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::incident::{Calendar, desk_time};

/// How far ahead the next opening is looked for, in days.
const FURTHEST: usize = 800;

/// One window: on some days, from a time until a time; until the next day where it ends before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) name: String,
    days: BTreeSet<Day>,
    from: Time,
    until: Time,
}

/// Days of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    /// Worked by the calendar: make-up days too, holidays not.
    Workdays,
    /// Not worked by the calendar.
    Restdays,
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// `[[window]]` as written; `config/routes.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowTable {
    pub(super) name: String,
    #[serde(default)]
    days: BTreeSet<Day>,
    #[serde(default = "midnight")]
    from: String,
    #[serde(default = "end_of_day")]
    until: String,
}

pub(super) const KEYS: &[&str] = &["name", "days", "from", "until"];

fn midnight() -> String {
    "00:00".to_owned()
}

fn end_of_day() -> String {
    "24:00".to_owned()
}

impl Window {
    pub(super) fn checked(table: WindowTable) -> Result<Self, String> {
        let WindowTable { name, days, from, until } = table;
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=64).contains(&name.chars().count()) || !name.chars().all(legal) {
            return Err(format!("window name {name:?} is not 1 to 64 letters, digits, '-', '_', '.'"));
        }
        let read = |text: &str| {
            time(text).ok_or_else(|| format!("window {name:?}: {text:?} is no time of day such as 08:30"))
        };
        let (from, until) = (read(&from)?, read(&until)?);
        Ok(Self { name, days, from, until })
    }

    /// Whether an instant is within it.
    pub(super) fn contains(&self, calendar: &Calendar, at: Timestamp) -> bool {
        let zoned = desk_time(at);
        let today = zoned.date();
        let days = [today.yesterday().ok(), Some(today)];
        days.into_iter()
            .flatten()
            .filter(|day| self.begins_on(calendar, *day))
            .any(|day| self.span(day).is_some_and(|(from, until)| from <= at && at < until))
    }

    /// The first instant from `at` on that is within it.
    pub(super) fn opens(&self, calendar: &Calendar, at: Timestamp) -> Option<Timestamp> {
        if self.contains(calendar, at) {
            return Some(at);
        }
        let today = desk_time(at).date();
        let days = today.series(1.day()).take(FURTHEST).filter(|day| self.begins_on(calendar, *day));
        days.filter_map(|day| Some(self.span(day)?.0)).find(|from| *from >= at)
    }

    fn begins_on(&self, calendar: &Calendar, date: Date) -> bool {
        let weekday = match date.weekday() {
            Weekday::Monday => Day::Mon,
            Weekday::Tuesday => Day::Tue,
            Weekday::Wednesday => Day::Wed,
            Weekday::Thursday => Day::Thu,
            Weekday::Friday => Day::Fri,
            Weekday::Saturday => Day::Sat,
            Weekday::Sunday => Day::Sun,
        };
        let worked = if calendar.is_workday(date) { Day::Workdays } else { Day::Restdays };
        self.days.is_empty() || self.days.contains(&weekday) || self.days.contains(&worked)
    }

    /// When it opens and closes if it begins on that day.
    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let zone = desk_time(Timestamp::UNIX_EPOCH).time_zone().clone();
        let ends_on = if self.until <= self.from { date.tomorrow().ok()? } else { date };
        let at = |date: Date, time: Time| {
            date.to_datetime(time).to_zoned(zone.clone()).map(|zoned| zoned.timestamp())
        };
        Some((at(date, self.from).ok()?, at(ends_on, self.until).ok()?))
    }
}

/// `08:30`; `24:00` is the midnight that ends a day.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |part: &str| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i8>().ok() } else { None }
    };
    match (number(hour)?, number(minute)?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}
