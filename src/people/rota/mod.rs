//! Who is on duty when: layers of people who take turns or have fixed hours, and overrides of both.
//!
//! Pure questions of an instant; the desk asks when somebody is to be called (`@LAYER` in rules and clocks).

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// What stands before the name of a layer where a receiver is named.
pub const LAYER: char = '@';

/// All of one `rota.toml`. An empty file is legal: then nobody is on duty by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rota {
    people: Vec<OnCall>,
    layers: Vec<Layer>,
    overrides: Vec<Override>,
}

/// Somebody who can be on duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCall {
    /// Names them in the rota.
    pub name: String,
    /// What people read.
    pub title: String,
    /// How they are reached: names of `receivers.toml`.
    pub receivers: Vec<String>,
    line: usize,
}

/// A row of the rota: who is called first, or who is called when they do not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name; rules and clocks say `@NAME`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// How its hand-overs are accepted, if they are to be.
    pub accept: Option<Acceptance>,
    plan: Plan,
    line: usize,
}

/// That who comes on duty accepts what is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Within which time after the change.
    pub within: SignedDuration,
    /// Who is called if nobody does: names of `receivers.toml`, or layers.
    pub calls: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    /// One after the other, from a day on.
    Turns { first: DateTime, each: Turn, people: Vec<String> },
    /// The same each week.
    Weekly(Vec<Shift>),
}

/// How long a turn lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    HalfDay,
    Day,
    Week,
}

/// Fixed hours of some days of the week; those that end no later than they begin end on the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shift {
    days: Vec<Weekday>,
    from: Time,
    until: Time,
    people: Vec<String>,
}

/// Somebody stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Override {
    layer: String,
    from: Timestamp,
    until: Timestamp,
    person: String,
    /// For whom; for everybody of the layer without it.
    instead_of: Option<String>,
    line: usize,
}

/// Some time and who is on duty then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// From when
    pub from: Timestamp,
    /// … until before when.
    pub until: Timestamp,
    /// Names; nobody is a hole.
    pub people: Vec<String>,
}

impl Turn {
    fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::HalfDay => 12,
            Self::Day => 24,
            Self::Week => 24 * 7,
        })
    }
}

impl Rota {
    /// The layers, in the order of the file.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Somebody of the rota.
    pub fn person(&self, name: &str) -> Option<&OnCall> {
        self.people.iter().find(|person| person.name == name)
    }

    /// Who is on duty in a layer, overrides included.
    pub fn on_duty<'a>(&'a self, layer: &'a Layer, at: Timestamp) -> Vec<&'a str> {
        let mut people: Vec<&str> = layer.planned(at);
        for stands_in in self.overrides.iter().filter(|one| one.layer == layer.name && one.holds(at)) {
            match &stands_in.instead_of {
                None => people.clear(),
                Some(absent) => match people.iter().position(|name| name == absent) {
                    Some(place) => drop(people.remove(place)),
                    // They are not on duty then, so nobody has to stand in for them.
                    None => continue,
                },
            }
            people.push(&stands_in.person);
        }
        let mut seen = BTreeSet::new();
        people.retain(|name| seen.insert(*name));
        people
    }

    /// Who is on duty in a layer from `from` until before `until`, one span for each change.
    pub fn plan(&self, layer: &Layer, from: Timestamp, until: Timestamp) -> Vec<Duty> {
        let mut changes: BTreeSet<Timestamp> = layer.changes(from, until);
        for one in self.overrides.iter().filter(|one| one.layer == layer.name) {
            changes.extend([one.from, one.until].into_iter().filter(|at| *at > from && *at < until));
        }
        changes.insert(from);
        let mut duties: Vec<Duty> = Vec::new();
        for at in changes {
            let people: Vec<String> = self.on_duty(layer, at).into_iter().map(str::to_owned).collect();
            match duties.last_mut() {
                Some(last) if last.people == people => {}
                Some(last) => {
                    last.until = at;
                    duties.push(Duty { from: at, until, people });
                }
                None => duties.push(Duty { from: at, until, people }),
            }
        }
        duties
    }

    /// The receivers that `named` means at an instant: a layer stands for those on duty in it. Where nobody is, all of
    /// the layer are called rather than none.
    pub fn called(&self, named: &[String], at: Timestamp) -> Vec<String> {
        let mut called: Vec<String> = Vec::new();
        for name in named {
            let Some(layer) = name.strip_prefix(LAYER) else {
                called.push(name.clone());
                continue;
            };
            let Some(layer) = self.layers.iter().find(|known| known.name == layer) else { continue };
            let mut people = self.on_duty(layer, at);
            if people.is_empty() {
                people = layer.people();
            }
            let reached = people.into_iter().filter_map(|person| self.person(person));
            called.extend(reached.flat_map(|person| person.receivers.iter().cloned()));
        }
        let mut seen = BTreeSet::new();
        called.retain(|name| seen.insert(name.clone()));
        called
    }
}

impl Layer {
    /// Everybody who is ever on duty in it.
    pub fn people(&self) -> Vec<&str> {
        let mut people: Vec<&str> = match &self.plan {
            Plan::Turns { people, .. } => people.iter().map(String::as_str).collect(),
            Plan::Weekly(shifts) => {
                shifts.iter().flat_map(|shift| shift.people.iter().map(String::as_str)).collect()
            }
        };
        let mut seen = BTreeSet::new();
        people.retain(|name| seen.insert(*name));
        people
    }

    /// Who is on duty by plan, overrides apart.
    fn planned(&self, at: Timestamp) -> Vec<&str> {
        match &self.plan {
            Plan::Turns { first, each, people } => {
                let since = at.duration_since(instant(*first));
                if since < SignedDuration::ZERO || people.is_empty() {
                    return Vec::new();
                }
                let turn = since.as_secs() / each.length().as_secs();
                let place = usize::try_from(turn).unwrap_or(0) % people.len();
                vec![people[place].as_str()]
            }
            Plan::Weekly(shifts) => {
                let date = local(at).date();
                let days = [date.yesterday().unwrap_or(date), date];
                let holds = |shift: &&Shift| {
                    days.iter()
                        .any(|day| shift.on(*day).is_some_and(|(from, until)| from <= at && at < until))
                };
                let on = shifts.iter().filter(holds);
                on.flat_map(|shift| shift.people.iter().map(String::as_str)).collect()
            }
        }
    }

    /// When the plan may change after `from` and before `until`.
    fn changes(&self, from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
        let within = |at: &Timestamp| *at > from && *at < until;
        match &self.plan {
            Plan::Turns { first, each, .. } => {
                let (first, length) = (instant(*first), each.length());
                let since = from.duration_since(first).as_secs().div_euclid(length.as_secs());
                let next = (since.max(-1) + 1)..;
                let at = |turn: i64| first.checked_add(length.saturating_mul(i32::try_from(turn).ok()?)).ok();
                next.map_while(at).take_while(|at| *at < until).filter(within).collect()
            }
            Plan::Weekly(shifts) => {
                let first = local(from).date().yesterday().unwrap_or(Date::MIN);
                let last = local(until).date();
                let days = first.series(1.day()).take_while(|day| *day <= last);
                let spans = days.flat_map(|day| shifts.iter().filter_map(move |shift| shift.on(day)));
                spans.flat_map(|(from, until)| [from, until]).filter(within).collect()
            }
        }
    }
}

impl Shift {
    /// Its span on a day, if it begins on that day.
    fn on(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let ends = if self.until > self.from { day } else { day.tomorrow().ok()? };
        Some((instant(day.to_datetime(self.from)), instant(ends.to_datetime(self.until))))
    }
}

impl Override {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// The desk's zone: China has one, and no summer time.
fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

fn local(at: Timestamp) -> DateTime {
    at.to_zoned(zone()).datetime()
}

fn instant(at: DateTime) -> Timestamp {
    at.to_zoned(zone()).map_or(Timestamp::MAX, |at| at.timestamp())
}
