//! Decides what alerts and people's acts change, and keeps the incidents that can still change.
//!
//! [`Desk::on_alert`] and [`Desk::on_act`] decide and change nothing; what they decide is journaled by the
//! caller and comes back through [`Desk::apply`]. A decision made twice from the same state is the same, and
//! a signal that was heard before decides nothing, so a crash between the two repeats or loses nothing.
//!
//! An open incident is not written a line for each of a thousand posts: once it has its full evidence, an
//! alert that brings no higher grade, no new rule and no new count of voices changes nothing. The posts are
//! still found by search; nothing but a line is saved.

mod act;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, GroupKey};
use crate::detect::Measure;

use super::fold::FoldError;
use super::id::desk_time;
use super::{Actor, Change, Incident, IncidentEvent, IncidentId, Names, Opening};

pub use act::{Act, Refusal, optional};

/// An alert on something older than the end of its group's incident by this much belongs to that incident.
/// Sources that tell the minute only, and clocks that differ, are not mistaken for something old.
const BEFORE_THE_END: Duration = Duration::from_mins(10);

/// The incidents being worked on, and those closed lately.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    config: DeskConfig,
    incidents: BTreeMap<IncidentId, Incident>,
    /// Those of them that have ended, the longest ago first.
    ended: BTreeSet<Ended>,
    open: BTreeMap<GroupKey, IncidentId>,
    /// What ended lately of each group, in order: the last may be reopened, and then the one before is the last.
    closed: BTreeMap<GroupKey, BTreeSet<Ended>>,
    /// The same of all groups, the longest ago first.
    closed_order: BTreeSet<(Ended, GroupKey)>,
    /// The highest count given out on each of the last days.
    counts: BTreeMap<Date, u32>,
}

/// How long closed matters are remembered: the `[incident]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskConfig {
    /// How long after the end of an incident the next of its group names it as a recurrence. Default: 30days.
    #[serde(with = "humantime_serde")]
    pub recurs_within: Duration,
    /// How long a closed incident is kept in memory for late alerts and notes; at least a day. Default: 1day.
    #[serde(with = "humantime_serde")]
    pub keeps_closed: Duration,
    /// Most closed incidents kept in memory. Default: 1000.
    pub max_closed: usize,
    /// Within which time somebody should take a drill. Default: 15m.
    #[serde(with = "humantime_serde")]
    pub drill_within: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    at: Timestamp,
    id: IncidentId,
}

impl Default for DeskConfig {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self {
            recurs_within: day * 30,
            keeps_closed: day,
            max_closed: 1000,
            drill_within: Duration::from_mins(15),
        }
    }
}

impl Desk {
    /// The desk as it stood: all open incidents and those closed within [`DeskConfig::recurs_within`], in any order.
    pub fn restore(config: DeskConfig, incidents: impl IntoIterator<Item = Incident>) -> Self {
        let mut desk = Self { config, ..Self::default() };
        for incident in incidents {
            desk.admit(incident);
        }
        if let Some(latest) = desk.incidents.values().map(|incident| incident.updated_at).max() {
            desk.forget(latest, None);
        }
        desk
    }

    /// Takes in an incident as it stands, for an act on one that was closed long ago.
    pub fn admit(&mut self, incident: Incident) {
        self.count(&incident.id);
        match incident.closed_at() {
            None => self.hold(&incident),
            Some(at) => {
                self.let_go(&incident, at);
                self.ended.insert(Ended { at, id: incident.id.clone() });
            }
        }
        self.incidents.insert(incident.id.clone(), incident);
    }

    /// The incident of this name, if it is open or was closed lately.
    pub fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// The open incidents, by name.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.is_open())
    }

    /// What an alert changes: it joins its group's open incident or opens one; nothing if it was heard before
    /// or brings nothing new.
    pub fn on_alert(&self, alert: &Alert, names: &Names, now: Timestamp) -> Vec<IncidentEvent> {
        let event = |incident: &IncidentId, change| {
            vec![IncidentEvent { incident: incident.clone(), at: now, by: Actor::System, change }]
        };
        let open = self.open.get(&alert.group).and_then(|id| self.incidents.get(id));
        let ended = self.closed.get(&alert.group).and_then(BTreeSet::last);
        let last = ended.and_then(|ended| self.incidents.get(&ended.id));
        let heard = |incident: &Incident| {
            incident.signals.contains(&alert.signal.id) && incident.rules.contains(&alert.rule)
        };
        if open.is_some_and(heard) || last.is_some_and(heard) {
            return Vec::new();
        }
        let older = |incident: &&Incident| {
            ended.is_some_and(|ended| alert.signal.at + BEFORE_THE_END < ended.at)
                && alert.grade <= incident.grade
        };
        if let Some(incident) = open.or(last.filter(older)) {
            let news = brings_news(incident, alert);
            return if news {
                event(&incident.id, Change::Join(Box::new(alert.clone())))
            } else {
                Vec::new()
            };
        }
        let recurs = |ended: &&Ended| now < ended.at + self.config.recurs_within;
        let follows = ended.filter(recurs).map(|ended| ended.id.clone());
        let opening = Opening { alert: alert.clone(), title: names.title(alert), follows };
        event(&self.next_id(now), Change::Open(Box::new(opening)))
    }

    /// Applies what was decided and journaled; gives the incident as it stands now.
    pub fn apply(&mut self, event: &IncidentEvent) -> Result<&Incident, FoldError> {
        self.forget(event.at, Some(&event.incident));
        let id = &event.incident;
        if let Change::Open(opening) = &event.change {
            if self.incidents.contains_key(id) || self.open.contains_key(&opening.alert.group) {
                return Err(FoldError::Again(id.clone()));
            }
            return self.open(event);
        }
        if matches!(event.change, Change::OpenSplit(_)) {
            if self.incidents.contains_key(id) {
                return Err(FoldError::Again(id.clone()));
            }
            return self.open(event);
        }
        let incident = self.incidents.get_mut(id).ok_or_else(|| FoldError::Unknown(id.clone()))?;
        let before = incident.closed_at();
        incident.apply(event)?;
        let takes_more = matches!(event.change, Change::Absorb(_));
        if before != incident.closed_at() || takes_more {
            let incident = incident.clone();
            self.ended.extend(incident.closed_at().map(|at| Ended { at, id: id.clone() }));
            if let Some(at) = before.filter(|_| before != incident.closed_at()) {
                self.ended.remove(&Ended { at, id: id.clone() });
            }
            match incident.closed_at() {
                None => self.hold(&incident),
                Some(at) => self.let_go(&incident, at),
            }
        }
        self.incidents.get(id).ok_or_else(|| FoldError::Unknown(id.clone()))
    }

    fn open(&mut self, event: &IncidentEvent) -> Result<&Incident, FoldError> {
        let (id, incident) = (&event.incident, Incident::open(event)?);
        self.count(id);
        self.open.insert(incident.group.clone(), id.clone());
        Ok(self.incidents.entry(id.clone()).or_insert(incident))
    }

    fn next_id(&self, now: Timestamp) -> IncidentId {
        let day = desk_time(now).date();
        IncidentId::new(day, self.counts.get(&day).copied().unwrap_or(0) + 1)
    }

    fn count(&mut self, id: &IncidentId) {
        if let Some((day, count)) = id.parts() {
            let highest = self.counts.entry(day).or_insert(0);
            *highest = count.max(*highest);
        }
    }

    /// Alerts of an open incident's groups are its own.
    fn hold(&mut self, incident: &Incident) {
        for group in incident.groups() {
            self.open.insert(group.clone(), incident.id.clone());
            let Some(ended) = self.closed.get_mut(group) else { continue };
            for again in ended.extract_if(.., |ended| ended.id == incident.id) {
                self.closed_order.remove(&(again, group.clone()));
            }
        }
    }

    /// What has ended holds no group any more; what comes next of them names it.
    fn let_go(&mut self, incident: &Incident, at: Timestamp) {
        for group in incident.groups() {
            if self.open.get(group) == Some(&incident.id) {
                self.open.remove(group);
            }
            let ended = Ended { at, id: incident.id.clone() };
            self.closed_order.insert((ended.clone(), group.clone()));
            self.closed.entry(group.clone()).or_default().insert(ended);
        }
    }

    /// Lets go of what is too old to matter at `now`; open incidents never, nor `spared`, which an act is about.
    fn forget(&mut self, now: Timestamp, spared: Option<&IncidentId>) {
        let day = Duration::from_hours(24);
        // Less than a day, and a day's count could be given out twice.
        let kept = self.config.keeps_closed.max(day);
        let surplus = self.ended.len().saturating_sub(self.config.max_closed);
        let others = self.ended.iter().filter(|ended| spared != Some(&ended.id)).enumerate();
        let old = others.take_while(|(nth, ended)| *nth < surplus || now >= ended.at + kept);
        for ended in old.map(|(_, ended)| ended.clone()).collect::<Vec<_>>() {
            self.incidents.remove(&ended.id);
            self.ended.remove(&ended);
        }
        let recurs_within = self.config.recurs_within.max(kept);
        while self.closed_order.first().is_some_and(|(ended, _)| now >= ended.at + recurs_within) {
            let Some((ended, group)) = self.closed_order.pop_first() else { break };
            if let Entry::Occupied(mut of_group) = self.closed.entry(group) {
                of_group.get_mut().remove(&ended);
                if of_group.get().is_empty() {
                    of_group.remove();
                }
            }
        }
        let today = desk_time(now).date();
        while self.counts.len() > 4 && self.counts.first_key_value().is_some_and(|(first, _)| *first < today)
        {
            self.counts.pop_first();
        }
    }
}

/// Whether an alert is worth a line of the incident's timeline.
fn brings_news(incident: &Incident, alert: &Alert) -> bool {
    alert.grade > incident.grade
        || incident.evidence.len() < Incident::EVIDENCE
        || !incident.rules.contains(&alert.rule)
        || match alert.signal.measure {
            Measure::Post { .. } => false,
            Measure::Voices { voices, .. }
            | Measure::Topic { voices, .. }
            | Measure::Event { voices, .. } => voices > incident.voices,
        }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
