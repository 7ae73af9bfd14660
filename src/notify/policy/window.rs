//! Times of the week, by the desk's own time and its calendar: office hours, nights, days off.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde::de::{Deserialize, Deserializer, Error};

use crate::alert::{DayOfWeek, legal_name, time_of_day};
use crate::incident::{Calendar, desk_time};

/// The words for days.
const DAYS: &[&str] = &["workdays", "restdays", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// How far ahead the next opening is looked for, in days.
const FURTHEST: usize = 800;

/// One window: on some days, from a time until a time; until the next day where it ends before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) name: String,
    days: Vec<Day>,
    from: Time,
    until: Time,
}

/// Days of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// Worked by the calendar: make-up days too, holidays not.
    Worked,
    /// Not worked by the calendar.
    Free,
    /// Of the week.
    OfWeek(DayOfWeek),
}

/// `[[window]]` as written; `config/routes.toml` explains each key.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowTable {
    pub(super) name: String,
    #[serde(default)]
    days: Vec<Day>,
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

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        match word.as_str() {
            "workdays" => Ok(Self::Worked),
            "restdays" => Ok(Self::Free),
            day => DayOfWeek::of(day).map(Self::OfWeek).ok_or_else(|| D::Error::unknown_variant(day, DAYS)),
        }
    }
}

impl Window {
    pub(super) fn checked(table: WindowTable) -> Result<Self, String> {
        let WindowTable { name, days, from, until } = table;
        legal_name("window", &name)?;
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
        self.days.is_empty()
            || self.days.iter().any(|day| match day {
                Day::Worked => calendar.is_workday(date),
                Day::Free => !calendar.is_workday(date),
                Day::OfWeek(day) => day.0 == date.weekday(),
            })
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

/// A time of day; `24:00` is the midnight that ends it.
fn time(text: &str) -> Option<Time> {
    if text.trim() == "24:00" { Some(Time::midnight()) } else { time_of_day(text) }
}
