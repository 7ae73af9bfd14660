//! `calendar.toml`: which days are worked and when, by the desk's own time; working time is added and measured here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;

use crate::alert::{Fault, Sheet, time_of_day};
use crate::incident::desk_time;

/// The working days and hours. The default knows no holidays and works from nine to six.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Working hours of a day, in order, not touching.
    hours: Vec<(Time, Time)>,
    years: BTreeMap<i16, Year>,
}

/// What was announced for a year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Year {
    holidays: BTreeSet<Date>,
    workdays: BTreeSet<Date>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct YearTable {
    year: i16,
    source: String,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    workdays: Vec<String>,
}

const YEAR_KEYS: &[&str] = &["year", "source", "holidays", "workdays"];
/// Most working hours in a day, and longest holiday in days: more is a slip of the pen.
const MOST_HOURS: usize = 8;
const LONGEST: usize = 16;
/// Days that are looked through for working time, at most: two years without a working day are none.
const FURTHEST: usize = 800;

impl Default for Calendar {
    fn default() -> Self {
        Self {
            hours: vec![(Time::constant(9, 0, 0, 0), Time::constant(18, 0, 0, 0))],
            years: BTreeMap::new(),
        }
    }
}

impl Calendar {
    /// Reads `calendar.toml`; all its faults at once, by line. An empty file gives the default.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut calendar = Self::default();
        if let Some((line, list)) = sheet.list("hours") {
            match hours(&list) {
                Ok(hours) => calendar.hours = hours,
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        for part in sheet.tables("year") {
            let line = part.line;
            let Some(table) = sheet.read::<YearTable>(part, YEAR_KEYS) else { continue };
            let number = table.year;
            if calendar.years.contains_key(&number) {
                sheet.fault(Fault::at(line, format!("the year {number} stands above already")));
            }
            match Year::checked(&table) {
                Ok(year) => drop(calendar.years.insert(number, year)),
                Err(what) => sheet.fault(Fault::at(line, format!("year {number}: {what}"))),
            }
        }
        sheet.close(&["hours", "year"], calendar)
    }

    /// Whether the year's holidays are known.
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains_key(&year)
    }

    /// Whether a day is worked.
    pub fn is_workday(&self, date: Date) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self.years.get(&date.year()) {
            Some(year) => year.workdays.contains(&date) || !weekend && !year.holidays.contains(&date),
            None => !weekend,
        }
    }

    /// Working time of a whole day.
    pub fn day(&self) -> SignedDuration {
        self.hours.iter().map(|(from, until)| from.duration_until(*until)).sum()
    }

    /// The working time between two instants; none if the second is not later.
    pub fn spent(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        if until <= from {
            return SignedDuration::ZERO;
        }
        let (mut date, last) = (desk_time(from).date(), desk_time(until).date());
        let mut spent = SignedDuration::ZERO;
        while date <= last {
            for (opens, closes) in self.windows(date) {
                spent += closes.min(until).duration_since(opens.max(from)).max(SignedDuration::ZERO);
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        spent
    }

    /// The first instant by which so much working time has been spent since `from`. With nothing to spend it is `from`.
    pub fn reached(&self, from: Timestamp, spent: SignedDuration) -> Timestamp {
        if spent <= SignedDuration::ZERO {
            return from;
        }
        let (mut date, mut rest) = (desk_time(from).date(), spent);
        let mut idle = 0;
        while idle < FURTHEST {
            for (opens, closes) in self.windows(date) {
                let begins = opens.max(from);
                let room = closes.duration_since(begins);
                if room <= SignedDuration::ZERO {
                    continue;
                }
                idle = 0;
                if rest <= room {
                    return begins.saturating_add(rest).unwrap_or(Timestamp::MAX);
                }
                rest -= room;
            }
            let Ok(next) = date.tomorrow() else { break };
            (date, idle) = (next, idle + 1);
        }
        Timestamp::MAX
    }

    /// When the day after the one of `at` begins: from there whole working days count, as the day on which something
    /// happens is none of them.
    pub fn day_after(&self, at: Timestamp) -> Timestamp {
        let zoned = desk_time(at);
        let next =
            zoned.date().checked_add(1.day()).and_then(|date| date.to_zoned(zoned.time_zone().clone()));
        next.map_or(at, |next| next.timestamp())
    }

    /// The working hours of a day as instants.
    fn windows(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let works = self.is_workday(date);
        let zone = desk_time(Timestamp::UNIX_EPOCH).time_zone().clone();
        let instant =
            move |time: &Time| date.to_datetime(*time).to_zoned(zone.clone()).map(|at| at.timestamp());
        let hours = self.hours.iter().take(if works { usize::MAX } else { 0 });
        hours.filter_map(move |(from, until)| Some((instant(from).ok()?, instant(until).ok()?)))
    }
}

impl Year {
    fn checked(table: &YearTable) -> Result<Self, String> {
        if table.source.trim().is_empty() {
            return Err("source is empty: say where the days were announced".to_owned());
        }
        let read = |texts: &[String]| -> Result<BTreeSet<Date>, String> {
            let sets: Vec<BTreeSet<Date>> =
                texts.iter().map(|text| days(text, table.year)).collect::<Result<_, _>>()?;
            Ok(sets.into_iter().flatten().collect())
        };
        let (holidays, workdays) = (read(&table.holidays)?, read(&table.workdays)?);
        if let Some(both) = holidays.intersection(&workdays).next() {
            return Err(format!("{both} is both free and worked"));
        }
        let weekend = |date: &&Date| matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        if let Some(usual) = workdays.iter().find(|date| !weekend(date)) {
            return Err(format!("workdays: {usual} is no Saturday or Sunday, and worked anyway"));
        }
        Ok(Self { holidays, workdays })
    }
}

/// `2026-01-01` or `2026-01-01/2026-01-03`, within the year.
fn days(text: &str, year: i16) -> Result<BTreeSet<Date>, String> {
    let date =
        |part: &str| part.trim().parse::<Date>().map_err(|_| format!("{text:?} is no day and no days"));
    let (first, last) = match text.split_once('/') {
        Some((first, last)) => (date(first)?, date(last)?),
        None => (date(text)?, date(text)?),
    };
    if first.year() != year || last.year() != year {
        return Err(format!("{text:?} is not in that year"));
    }
    let days: BTreeSet<Date> =
        first.series(1.day()).take_while(|day| *day <= last).take(LONGEST + 1).collect();
    if days.is_empty() || days.len() > LONGEST {
        return Err(format!("{text:?} goes backwards, or over more than {LONGEST} days"));
    }
    Ok(days)
}

/// `["09:00-12:00", "14:00-18:00"]`.
fn hours(list: &[String]) -> Result<Vec<(Time, Time)>, String> {
    let mut read: Vec<(Time, Time)> = Vec::new();
    for text in list {
        let window =
            text.split_once('-').and_then(|(from, until)| Some((time_of_day(from)?, time_of_day(until)?)));
        let (from, until) = window.ok_or_else(|| format!("hours: {text:?} is not written 09:00-12:00"))?;
        if from >= until || read.last().is_some_and(|(_, before)| *before >= from) {
            return Err(format!(
                "hours: {text:?} ends before it begins, or begins before the one above has ended"
            ));
        }
        read.push((from, until));
    }
    if read.is_empty() || read.len() > MOST_HOURS {
        return Err(format!("hours holds 1 to {MOST_HOURS} spans"));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::fixture::at;

    const SHIPPED: &str = include_str!("../../../config/calendar.toml");

    fn shipped() -> Calendar {
        Calendar::from_toml(SHIPPED).unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn holidays_and_make_up_days_are_those_announced() {
        let calendar = shipped();
        for (date, works) in [
            ("2026-02-13", true),  // Friday before
            ("2026-02-14", true),  // Saturday, worked
            ("2026-02-15", false), // Sunday, the first day
            ("2026-02-17", false), // 初一
            ("2026-02-23", false), // the last day
            ("2026-02-24", true),
            ("2026-02-28", true), // Saturday, worked
            ("2026-03-01", false),
            ("2026-09-20", true), // Sunday, worked
            ("2026-10-01", false),
            ("2026-10-07", false),
            ("2026-10-08", true),
            ("2026-10-10", true),
            ("2026-10-11", false),
            ("2027-10-01", true), // a Friday of a year that is not known
        ] {
            assert_eq!(calendar.is_workday(date.parse().unwrap()), works, "{date}");
        }
        assert!(calendar.knows(2025) && calendar.knows(2026) && !calendar.knows(2027));
        let worked = |year: i16| {
            let first = Date::new(year, 1, 1).unwrap();
            first
                .series(1.day())
                .take_while(|day| day.year() == year)
                .filter(|day| calendar.is_workday(*day))
                .count()
        };
        assert_eq!((worked(2025), worked(2026)), (248, 248));
    }

    #[test]
    fn working_time_leaps_over_nights_noons_and_holidays() {
        let calendar = shipped();
        for (from, spent, until) in [
            ("2026-11-23T01:00:00Z", 2, "2026-11-23T03:00:00Z"), // Monday, 09:00 to 11:00
            ("2026-11-23T03:00:00Z", 2, "2026-11-23T07:00:00Z"), // over noon: 11–12, 14–15
            ("2026-11-23T09:00:00Z", 2, "2026-11-24T02:00:00Z"), // 17–18, 9–10
            ("2026-11-21T01:00:00Z", 1, "2026-11-23T02:00:00Z"), // Saturday
            ("2026-11-23T01:00:00Z", 7, "2026-11-23T10:00:00Z"), // to the end of the day
            ("2026-02-14T08:00:00Z", 3, "2026-02-24T02:00:00Z"), // from a worked Saturday over 春节
        ] {
            let reached = calendar.reached(at(from), hours(spent));
            assert_eq!(reached, at(until), "{from} + {spent} h");
            assert_eq!(calendar.spent(at(from), reached), hours(spent));
        }
        assert_eq!(calendar.reached(at("2026-11-21T01:00:00Z"), hours(0)), at("2026-11-21T01:00:00Z"));
        assert_eq!(calendar.day(), hours(7));
        assert_eq!(calendar.day_after(at("2026-11-23T15:59:00Z")), at("2026-11-23T16:00:00Z"));
        assert_eq!(calendar.day_after(at("2026-11-23T16:00:00Z")), at("2026-11-24T16:00:00Z"));
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let faults = Calendar::from_toml(
            "hours = ['9-12']\n\n[[year]]\nyear = 2026\nsource = ''\n\n[[year]]\nyear = 2027\nsource = 'x'\nholidays = ['2026-01-01']\n\n\
             [[year]]\nyear = 2028\nsource = 'x'\nholidays = ['2028-01-03/2028-01-01']\n\n[[year]]\nyear = 2029\nsource = 'x'\nworkdays = ['2029-01-03']\n\n\
             [[year]]\nyear = 2030\nsource = 'x'\nholidays = ['2030-01-05']\nworkdays = ['2030-01-05']\nfree = []\n",
        );
        let told: Vec<String> = faults.unwrap_err().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        line 1: hours: "9-12" is not written 09:00-12:00
        line 3: year 2026: source is empty: say where the days were announced
        line 7: year 2027: "2026-01-01" is not in that year
        line 12: year 2028: "2028-01-03/2028-01-01" goes backwards, or over more than 16 days
        line 17: year 2029: workdays: 2029-01-03 is no Saturday or Sunday, and worked anyway
        line 22: year 2030: 2030-01-05 is both free and worked
        line 27: unknown key `free`; use one of: year, source, holidays, workdays
        "#);
    }

    proptest! {
        /// What was added is what is measured, for whatever hours and instants.
        #[test]
        fn adding_and_measuring_are_inverse(
            start in 1_735_660_800_i64..1_798_732_800,
            minutes in 1_i64..60 * 24 * 40,
            morning in 6_i8..12,
            noon in 0_i8..3,
        ) {
            let text = format!("hours = ['0{}:00-12:30', '{}:15-19:00']", morning.min(9), 13 + noon);
            let mut calendar = Calendar::from_toml(&text).unwrap();
            calendar.years = shipped().years;
            let from = Timestamp::from_second(start).unwrap();
            let spent = SignedDuration::from_mins(minutes);
            let until = calendar.reached(from, spent);
            prop_assert_eq!(calendar.spent(from, until), spent);
            prop_assert!(calendar.is_workday(desk_time(until).date()), "time is up in working time");
            let before = until - SignedDuration::from_secs(1);
            prop_assert!(calendar.spent(from, before) < spent, "it is the first such instant");
        }
    }
}
