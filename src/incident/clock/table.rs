//! `clocks.toml`: the limits in force and who is called, read and checked as a whole.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::alert::{Fault, Sheet, plain_name};
use crate::assess::Grade;
use crate::incident::{Incident, desk_time};
use crate::lexicon::category::Category;
use crate::people::Rota;

use super::calendar::Calendar;
use super::escalation::{Escalation, Trigger};
use super::span;

/// All of one `clocks.toml`. An empty file is legal: then nothing is timed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clocks {
    pub(super) calendar: Calendar,
    pub(super) rota: Rota,
    pub(super) limits: Vec<Clock>,
    pub(super) escalations: Vec<Escalation>,
}

/// One limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// Its name: records speak of it so.
    pub name: String,
    /// What the duty officer reads.
    pub title: String,
    /// Where the limit comes from.
    pub source: String,
    /// How long it may take.
    pub limit: Limit,
    /// What it counts from.
    pub from: Start,
    /// What stops it.
    pub until: Until,
    /// For incidents of these grades.
    pub grades: BTreeSet<Grade>,
    /// For incidents of these services; empty for all.
    pub categories: BTreeSet<Category>,
    /// Whether it rests while the incident waits for something.
    pub pauses: bool,
    /// When to warn: percent of the limit, ascending.
    pub warn: Vec<u8>,
}

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So long, day and night.
    Hours(SignedDuration),
    /// So much working time.
    WorkingHours(SignedDuration),
    /// Until the end of so many working days after the day on which it began.
    Workdays(u32),
}

impl Limit {
    /// Whether working time alone counts.
    pub fn is_working(self) -> bool {
        !matches!(self, Self::Hours(_))
    }

    /// The time that is counted.
    pub fn length(self, calendar: &Calendar) -> SignedDuration {
        match self {
            Self::Hours(length) | Self::WorkingHours(length) => length,
            Self::Workdays(days) => calendar.day().saturating_mul(i32::try_from(days).unwrap_or(i32::MAX)),
        }
    }

    /// What the duty officer reads: `48 小时`, `4 小时（工作时间）`, `3 个工作日`.
    pub fn chinese(self) -> String {
        match self {
            Self::Hours(length) => span(length),
            Self::WorkingHours(length) => format!("{}（工作时间）", span(length)),
            Self::Workdays(days) => format!("{days} 个工作日"),
        }
    }

    fn read(text: &str, hours: Counted) -> Result<Self, String> {
        let days = text.strip_suffix("workdays").or_else(|| text.strip_suffix("workday"));
        if let Some(days) = days {
            return match days.trim().parse() {
                Ok(days) if (1..=MOST_WORKDAYS).contains(&days) => Ok(Self::Workdays(days)),
                _ => Err(format!("limit is 1 to {MOST_WORKDAYS} workdays")),
            };
        }
        let length = humantime::parse_duration(text).map_err(|error| {
            format!("limit {text:?} is no length of time such as 48h or 3workdays: {error}")
        })?;
        if length.is_zero() || length > LONGEST {
            return Err("limit is longer than 0s and at most 366days".to_owned());
        }
        Ok(match hours {
            Counted::All => Self::Hours(signed(length)),
            Counted::Working => Self::WorkingHours(signed(length)),
        })
    }
}

/// Which hours count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Counted {
    All,
    Working,
}

/// What a clock counts from. One of a reopened incident counts from the reopening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The first of its posts was published.
    Published,
    /// The desk saw the matter: the incident was opened.
    Seen,
    /// The incident first had a grade that the clock is for.
    Graded,
}

/// What stops a clock; the end of the incident stops any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// Somebody took the incident.
    Acknowledged,
    /// It was given to a department.
    Assigned,
    /// The department took it.
    Accepted,
    /// The public was answered.
    Responded,
    /// The public was answered a second time: the conference after the first word.
    RespondedAgain,
    /// An answer to the public was seen at its source, and is still there.
    Answered,
    /// The matter was closed.
    Closed,
}

impl Start {
    /// The word used in the file and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Seen => "seen",
            Self::Graded => "graded",
        }
    }
}

impl Until {
    /// The word used in the file and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Accepted => "accepted",
            Self::Responded => "responded",
            Self::RespondedAgain => "responded-again",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }
}

/// `[[clock]]` as written; `config/clocks.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockTable {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    source: String,
    limit: String,
    #[serde(default = "all_hours")]
    hours: Counted,
    #[serde(default = "seen")]
    from: Start,
    until: Until,
    #[serde(default = "every_grade")]
    grades: BTreeSet<Grade>,
    #[serde(default)]
    categories: BTreeSet<Category>,
    #[serde(default)]
    pauses: bool,
    #[serde(default = "usual_marks")]
    warn: Vec<u8>,
}

/// `[[escalation]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalationTable {
    name: String,
    when: When,
    clock: Option<String>,
    #[serde(default, with = "humantime_serde")]
    after: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    repeat: Option<Duration>,
    #[serde(default = "every_grade")]
    grades: BTreeSet<Grade>,
    receivers: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    Unacknowledged,
    Breach,
    Idle,
    Open,
}

const CLOCK_KEYS: &[&str] =
    &["name", "title", "source", "limit", "hours", "from", "until", "grades", "categories", "pauses", "warn"];
const ESCALATION_KEYS: &[&str] = &["name", "when", "clock", "after", "repeat", "grades", "receivers"];
/// Most clocks, and most steps.
const MOST: usize = 100;
const MOST_WORKDAYS: u32 = 250;
const LONGEST: Duration = Duration::from_hours(24 * 366);
/// More often than so nobody is called.
const SHORTEST_REPEAT: Duration = Duration::from_mins(1);

fn all_hours() -> Counted {
    Counted::All
}

fn seen() -> Start {
    Start::Seen
}

fn every_grade() -> BTreeSet<Grade> {
    Grade::ALL.into_iter().collect()
}

fn usual_marks() -> Vec<u8> {
    vec![50, 75, 90]
}

impl Clocks {
    /// Reads `clocks.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut made = Self::default();
        for part in sheet.tables("clock") {
            let line = part.line;
            let Some(table) = sheet.read::<ClockTable>(part, CLOCK_KEYS) else { continue };
            if made.limits.iter().any(|clock| clock.name == table.name) {
                sheet.fault(Fault::at(line, format!("a clock {:?} stands above already", table.name)));
            }
            match Clock::checked(table) {
                Ok(clock) => made.limits.push(clock),
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        for part in sheet.tables("escalation") {
            let line = part.line;
            let Some(table) = sheet.read::<EscalationTable>(part, ESCALATION_KEYS) else { continue };
            if made.escalations.iter().any(|step| step.name == table.name) {
                sheet.fault(Fault::at(line, format!("an escalation {:?} stands above already", table.name)));
            }
            let names: Vec<&str> = made.limits.iter().map(|clock| clock.name.as_str()).collect();
            if let Some(clock) = table.clock.as_deref().filter(|clock| !names.contains(clock)) {
                sheet.fault(Fault::unknown(line, "clock", clock, names));
            }
            match Escalation::checked(table, line) {
                Ok(step) => made.escalations.push(step),
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        if made.limits.len().max(made.escalations.len()) > MOST {
            let what = format!("more than {MOST} clocks or escalations");
            sheet.fault(Fault { line: None, what, mend: None });
        }
        sheet.close(&["clock", "escalation"], made)
    }

    /// The same with this calendar for limits of working time.
    #[must_use]
    pub fn with_calendar(self, calendar: Calendar) -> Self {
        Self { calendar, ..self }
    }

    /// The same with this rota for those who are called.
    #[must_use]
    pub fn with_rota(self, rota: Rota) -> Self {
        Self { rota, ..self }
    }

    /// Which days are worked, and when.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Who is on duty when.
    pub fn rota(&self) -> &Rota {
        &self.rota
    }

    /// Years of which the calendar knows no holidays although a limit that begins today could reach into them.
    pub fn unknown_years(&self, today: Date) -> BTreeSet<i16> {
        let begins = today.to_zoned(desk_time(Timestamp::UNIX_EPOCH).time_zone().clone());
        let Ok(begins) = begins.map(|begins| begins.timestamp()) else { return BTreeSet::new() };
        let working = self.limits.iter().filter(|clock| clock.limit.is_working());
        let years = working.flat_map(|clock| {
            let ends = self.calendar.reached(begins, clock.limit.length(&self.calendar));
            today.year()..=desk_time(ends).year()
        });
        years.filter(|year| !self.calendar.knows(*year)).collect()
    }

    /// All clocks, in the order of the file.
    pub fn clocks(&self) -> &[Clock] {
        &self.limits
    }

    /// All steps of escalation, in the order of the file.
    pub fn escalations(&self) -> &[Escalation] {
        &self.escalations
    }

    /// Receivers that steps name and nothing else knows.
    pub fn unknown_receivers(&self, known: &BTreeSet<String>) -> Vec<Fault> {
        let named =
            self.escalations.iter().flat_map(|step| step.receivers.iter().map(|name| (step.line, name)));
        let unknown = named.filter(|(_, name)| !known.contains(*name));
        unknown
            .map(|(line, name)| Fault::unknown(line, "receiver", name, known.iter().map(String::as_str)))
            .collect()
    }
}

impl Clock {
    fn checked(table: ClockTable) -> Result<Self, String> {
        let ClockTable {
            name,
            title,
            source,
            limit,
            hours,
            from,
            until,
            grades,
            categories,
            pauses,
            mut warn,
        } = table;
        plain_name("clock", &name)?;
        if [&title, &source].into_iter().any(|text| text.chars().any(char::is_control)) {
            return Err(format!("clock {name:?}: title and source hold no control characters"));
        }
        let limit = Limit::read(limit.trim(), hours).map_err(|what| format!("clock {name:?}: {what}"))?;
        if grades.is_empty() {
            return Err(format!("clock {name:?}: grades is empty: it would never run"));
        }
        if warn.iter().any(|percent| !(1..=99).contains(percent)) {
            return Err(format!("clock {name:?}: warn holds percents of 1 to 99"));
        }
        warn.sort_unstable();
        warn.dedup();
        let title = if title.is_empty() { name.clone() } else { title };
        Ok(Self { name, title, source, limit, from, until, grades, categories, pauses, warn })
    }

    /// Whether it is for such an incident.
    pub(super) fn concerns(&self, incident: &Incident) -> bool {
        self.grades.contains(&incident.grade)
            && (self.categories.is_empty() || self.categories.contains(&incident.subject.category))
    }
}

impl Escalation {
    fn checked(table: EscalationTable, line: usize) -> Result<Self, String> {
        let EscalationTable { name, when, clock, after, repeat, grades, receivers } = table;
        plain_name("escalation", &name)?;
        let trigger = match (when, clock) {
            (When::Unacknowledged, None) => Trigger::Unacknowledged,
            (When::Idle, None) => Trigger::Idle,
            (When::Open, None) => Trigger::Open,
            (When::Unacknowledged | When::Idle | When::Open, Some(_)) => {
                return Err(format!("escalation {name:?}: clock is only for when = \"breach\""));
            }
            (When::Breach, clock) => Trigger::Breach { clock },
        };
        if after.is_none() && !matches!(trigger, Trigger::Breach { .. }) {
            return Err(format!("escalation {name:?}: after is wanted: how long nothing may happen"));
        }
        if repeat.is_some_and(|repeat| repeat < SHORTEST_REPEAT) {
            return Err(format!("escalation {name:?}: repeat is at least 1m"));
        }
        if [after, repeat].into_iter().flatten().any(|length| length > LONGEST) {
            return Err(format!("escalation {name:?}: after and repeat are at most 366days"));
        }
        if receivers.is_empty() || grades.is_empty() {
            return Err(format!("escalation {name:?}: without receivers and grades it would call nobody"));
        }
        let after = after.map_or(SignedDuration::ZERO, signed);
        Ok(Self { name, trigger, after, repeat: repeat.map(signed), grades, receivers, line })
    }
}

/// Lengths are bounded before they come here.
fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX)
}
