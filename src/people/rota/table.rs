//! `rota.toml`, read and checked as a whole.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Acceptance, Duty, LAYER, Layer, OnCall, Override, Plan, Rota, Shift, Turn, instant};
use crate::alert::{DayOfWeek, Fault, Sheet, legal_name, time_of_day};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonTable {
    name: String,
    #[serde(default)]
    title: String,
    receivers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerTable {
    name: String,
    #[serde(default)]
    title: String,
    people: Option<Vec<String>>,
    turn: Option<TurnWord>,
    starts: Option<String>,
    handover: Option<String>,
    #[serde(default, with = "humantime_serde")]
    accept_within: Option<Duration>,
    #[serde(default)]
    accept_calls: Vec<String>,
    #[serde(default)]
    shift: Vec<ShiftTable>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TurnWord {
    HalfDay,
    Day,
    Week,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftTable {
    days: Vec<DayOfWeek>,
    from: String,
    until: String,
    people: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideTable {
    layer: String,
    from: String,
    until: String,
    person: String,
    instead_of: Option<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "a word for who reads the file")]
    reason: String,
}

const PERSON_KEYS: &[&str] = &["name", "title", "receivers"];
const LAYER_KEYS: &[&str] =
    &["name", "title", "people", "turn", "starts", "handover", "accept_within", "accept_calls", "shift"];
/// Longest time in which a hand-over is to be accepted.
const LONGEST_WAIT: Duration = Duration::from_hours(12);
const OVERRIDE_KEYS: &[&str] = &["layer", "from", "until", "person", "instead_of", "reason"];
/// Most people, layers and overrides.
const MOST: usize = 500;

impl Rota {
    /// Reads `rota.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut rota = Self::default();
        for part in sheet.tables("person") {
            let line = part.line;
            let Some(PersonTable { name, title, receivers }) = sheet.read(part, PERSON_KEYS) else {
                continue;
            };
            if let Err(what) = legal_name("person", &name) {
                sheet.fault(Fault::at(line, what));
            }
            if rota.person(&name).is_some() {
                sheet.fault(Fault::at(line, format!("a person {name:?} stands above already")));
            }
            if receivers.is_empty() {
                let fault =
                    Fault::at(line, format!("person {name:?} has no receivers: nobody could reach them"));
                sheet.fault(fault.mend("name receivers of receivers.toml"));
            }
            let title = if title.trim().is_empty() { name.clone() } else { title };
            rota.people.push(OnCall { name, title, receivers, line });
        }
        for part in sheet.tables("layer") {
            let line = part.line;
            let Some(table) = sheet.read::<LayerTable>(part, LAYER_KEYS) else { continue };
            if rota.layers.iter().any(|known| known.name == table.name) {
                sheet.fault(Fault::at(line, format!("a layer {:?} stands above already", table.name)));
            }
            match Layer::checked(table, line) {
                Ok(layer) => {
                    for unknown in layer.people().into_iter().filter(|name| rota.person(name).is_none()) {
                        let known = rota.people.iter().map(|person| person.name.as_str());
                        sheet.fault(Fault::unknown(line, "person", unknown, known));
                    }
                    rota.layers.push(layer);
                }
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        for part in sheet.tables("override") {
            let line = part.line;
            let Some(table) = sheet.read::<OverrideTable>(part, OVERRIDE_KEYS) else { continue };
            match rota.checked(table, line) {
                Ok(one) => rota.overrides.push(one),
                Err(fault) => sheet.fault(fault),
            }
        }
        if rota.people.len().max(rota.layers.len()).max(rota.overrides.len()) > MOST {
            let what = format!("more than {MOST} people, layers or overrides");
            sheet.fault(Fault { line: None, what, mend: None });
        }
        sheet.close(&["person", "layer", "override"], rota)
    }

    fn checked(&self, table: OverrideTable, line: usize) -> Result<Override, Fault> {
        let OverrideTable { layer, from, until, person, instead_of, .. } = table;
        let Some(known) = self.layers.iter().find(|known| known.name == layer) else {
            let layers = self.layers.iter().map(|known| known.name.as_str());
            return Err(Fault::unknown(line, "layer", &layer, layers));
        };
        for name in [Some(&person), instead_of.as_ref()].into_iter().flatten() {
            if self.person(name).is_none() {
                let people = self.people.iter().map(|person| person.name.as_str());
                return Err(Fault::unknown(line, "person", name, people));
            }
        }
        let read = |text: &str| {
            let time = text.trim().replacen(' ', "T", 1).parse::<DateTime>().map(instant);
            time.map_err(|_| Fault::at(line, format!("{text:?} is not written 2026-11-24 08:00")))
        };
        let (from, until) = (read(&from)?, read(&until)?);
        if until <= from {
            return Err(Fault::at(line, "an override ends after it begins"));
        }
        let one = Override { layer, from, until, person, instead_of, line };
        // Somebody who is not on duty at any time of it has no need of it.
        if let Some(absent) = &one.instead_of {
            let duties = self.plan(known, from, until);
            if !duties.iter().any(|duty| duty.people.contains(absent)) {
                let what =
                    format!("{absent:?} is not on duty in {:?} then, so the override never holds", one.layer);
                return Err(Fault::at(line, what));
            }
        }
        Ok(one)
    }

    /// Names by which rules and clocks may speak of the layers: `@duty`.
    pub fn names(&self) -> BTreeSet<String> {
        self.layers.iter().map(|layer| format!("{LAYER}{}", layer.name)).collect()
    }

    /// People whose receivers nothing else knows.
    pub fn unknown_receivers(&self, known: &BTreeSet<String>) -> Vec<Fault> {
        let named =
            self.people.iter().flat_map(|person| person.receivers.iter().map(|name| (person.line, name)));
        let layers = self.names();
        let calls = self.layers.iter().flat_map(|layer| {
            let calls = layer.accept.iter().flat_map(|accept| &accept.calls);
            calls.filter(|name| !layers.contains(*name)).map(|name| (layer.line, name))
        });
        let unknown = named.chain(calls).filter(|(_, name)| !known.contains(*name));
        unknown
            .map(|(line, name)| Fault::unknown(line, "receiver", name, known.iter().map(String::as_str)))
            .collect()
    }

    /// Time in which nobody is on duty, by layer with its line, from `from` for so long.
    pub fn holes(&self, from: Timestamp, length: SignedDuration) -> Vec<(usize, &Layer, Duty)> {
        let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
        let mut holes = Vec::new();
        for layer in &self.layers {
            let plan = self.plan(layer, from, until).into_iter().filter(|duty| duty.people.is_empty());
            holes.extend(plan.map(|duty| (layer.line, layer, duty)));
        }
        holes
    }

    /// Lines of overrides that are over before an instant: they can be taken out.
    pub fn past_overrides(&self, before: Timestamp) -> Vec<usize> {
        self.overrides.iter().filter(|one| one.until < before).map(|one| one.line).collect()
    }
}

impl Layer {
    fn checked(table: LayerTable, line: usize) -> Result<Self, String> {
        let LayerTable { name, title, people, turn, starts, handover, accept_within, accept_calls, shift } =
            table;
        legal_name("layer", &name)?;
        let accept = match accept_within {
            None if accept_calls.is_empty() => None,
            None => return Err(format!("layer {name:?}: accept_calls wants accept_within")),
            Some(within) if within.is_zero() || within > LONGEST_WAIT => {
                return Err(format!("layer {name:?}: accept_within is longer than 0s and at most 12h"));
            }
            Some(_) if accept_calls.is_empty() => {
                return Err(format!(
                    "layer {name:?}: accept_within wants accept_calls: who is called if nobody accepts"
                ));
            }
            Some(within) => {
                let within = SignedDuration::try_from(within).map_err(|error| error.to_string())?;
                Some(Acceptance { within, calls: accept_calls })
            }
        };
        let plan = match (people, turn, starts, shift.is_empty()) {
            (Some(people), turn, Some(starts), true) => {
                if people.is_empty() {
                    return Err(format!("layer {name:?}: people is empty"));
                }
                let first: Date = starts
                    .trim()
                    .parse()
                    .map_err(|_| format!("layer {name:?}: starts {starts:?} is no day"))?;
                let handover = time_of_day(handover.as_deref().unwrap_or("09:00"))
                    .ok_or_else(|| format!("layer {name:?}: handover is not written 09:00"))?;
                let each = match turn.unwrap_or(TurnWord::Day) {
                    TurnWord::HalfDay => Turn::HalfDay,
                    TurnWord::Day => Turn::Day,
                    TurnWord::Week => Turn::Week,
                };
                Plan::Turns { first: first.to_datetime(handover), each, people }
            }
            (None, None, None, false) if handover.is_none() => {
                Plan::Weekly(shift.into_iter().map(Shift::checked).collect::<Result<_, _>>()?)
            }
            _ => {
                return Err(format!(
                    "layer {name:?} has either people who take turns (people, starts, turn, handover) or tables \
                     [[layer.shift]] (days, from, until, people)"
                ));
            }
        };
        let title = if title.trim().is_empty() { name.clone() } else { title };
        Ok(Self { name, title, accept, plan, line })
    }
}

impl Shift {
    fn checked(table: ShiftTable) -> Result<Self, String> {
        let ShiftTable { days, from, until, people } = table;
        if days.is_empty() || people.is_empty() {
            return Err("a shift has days and people".to_owned());
        }
        let read = |text: &str| time_of_day(text).ok_or_else(|| format!("{text:?} is not written 09:00"));
        let days = days.into_iter().map(|day| day.0).collect();
        Ok(Self { days, from: read(&from)?, until: read(&until)?, people })
    }
}
