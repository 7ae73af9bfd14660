//! How many alerts the desk has to bear, by grade, day and shift.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::side::AlertTold;
use crate::assess::Grade;
use crate::incident::desk_time;

/// First hour of the day shift, and first of the night shift.
const HOURS: (i8, i8) = (8, 20);
/// Longest span of which days without alerts are listed too.
const MOST_DAYS: u32 = 400;

/// Who is on duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shift {
    /// 08 to 20 o'clock.
    Day,
    /// 20 to 08 o'clock; it belongs to the day on which it begins.
    Night,
}

/// Alerts of a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GradeLoad {
    /// The grade.
    pub grade: Grade,
    /// As it is.
    pub before: u64,
    /// As it would be.
    pub after: u64,
}

/// Alerts of a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayLoad {
    /// The day on which the shift begins.
    pub day: Date,
    /// Which shift.
    pub shift: Shift,
    /// As it is: blue, yellow, orange, red.
    pub before: [u64; 4],
    /// As it would be.
    pub after: [u64; 4],
}

/// The loads by shift and by grade, and the days they span.
pub(super) fn compare(
    before: &[AlertTold],
    after: &[AlertTold],
    span: Option<(Timestamp, Timestamp)>,
    counts: impl Fn(Timestamp) -> bool,
) -> (Vec<DayLoad>, Vec<GradeLoad>, u32) {
    let mut shifts: BTreeMap<(Date, Shift), [[u64; 4]; 2]> = BTreeMap::new();
    let mut days = 0;
    if let Some((first, last)) = span {
        let (first, last) = (desk_time(first).date(), desk_time(last).date());
        days = u32::try_from((last - first).get_days()).unwrap_or(0) + 1;
        // Quiet days count too; a span of years would only be noise.
        for day in first.series(1.day()).take_while(|day| *day <= last && days <= MOST_DAYS) {
            shifts.entry((day, Shift::Day)).or_default();
            shifts.entry((day, Shift::Night)).or_default();
        }
    }
    for (side, alerts) in [before, after].into_iter().enumerate() {
        for alert in alerts.iter().filter(|alert| counts(alert.at)) {
            shifts.entry(shift_of(alert.at)).or_default()[side][alert.grade as usize] += 1;
        }
    }
    let grades = Grade::ALL.into_iter().rev().map(|grade| {
        let sum = |side: usize| shifts.values().map(|counts| counts[side][grade as usize]).sum();
        GradeLoad { grade, before: sum(0), after: sum(1) }
    });
    let grades = grades.collect();
    let load =
        shifts.into_iter().map(|((day, shift), [before, after])| DayLoad { day, shift, before, after });
    (load.collect(), grades, days)
}

fn shift_of(at: Timestamp) -> (Date, Shift) {
    let at = desk_time(at);
    match at.hour() {
        hour if hour < HOURS.0 => (at.date().yesterday().unwrap_or(Date::MIN), Shift::Night),
        hour if hour < HOURS.1 => (at.date(), Shift::Day),
        _ => (at.date(), Shift::Night),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    #[test]
    fn the_night_belongs_to_the_day_on_which_it_begins() {
        for (time, expected) in [
            ("2026-03-02T07:59:59+08:00", ("2026-03-01", Shift::Night)),
            ("2026-03-02T08:00:00+08:00", ("2026-03-02", Shift::Day)),
            ("2026-03-02T19:59:59+08:00", ("2026-03-02", Shift::Day)),
            ("2026-03-02T20:00:00+08:00", ("2026-03-02", Shift::Night)),
            ("2026-03-03T00:30:00+08:00", ("2026-03-02", Shift::Night)),
        ] {
            let (day, shift) = shift_of(at(time));
            assert_eq!((day.to_string().as_str(), shift), expected, "{time}");
        }
    }

    #[test]
    fn quiet_days_are_listed_and_what_does_not_count_is_not() {
        let alert = |time, grade| AlertTold { at: at(time), grade };
        let before = [
            alert("2026-03-01T09:00:00+08:00", Grade::Red),
            alert("2026-03-03T09:00:00+08:00", Grade::Yellow),
            alert("2026-03-03T10:00:00+08:00", Grade::Yellow),
        ];
        let after = [alert("2026-03-03T21:00:00+08:00", Grade::Red)];
        let since = at("2026-03-02T00:00:00+08:00");
        let span = Some((since, at("2026-03-03T23:00:00+08:00")));
        let (load, grades, days) = compare(&before, &after, span, |at| at >= since);
        let told: Vec<String> = load
            .iter()
            .map(|load| format!("{} {:?} {:?} {:?}", load.day, load.shift, load.before, load.after))
            .collect();
        insta::assert_snapshot!(told.join("\n"));
        let told: Vec<_> = grades.iter().map(|one| (one.grade.as_str(), one.before, one.after)).collect();
        assert_eq!(told, [("red", 0, 1), ("orange", 0, 0), ("yellow", 2, 0), ("blue", 0, 0)]);
        assert_eq!(days, 2);
        assert_eq!(compare(&[], &[], None, |_| true).2, 0);
    }
}
