//! When to look at which incident again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::incident::{Incident, IncidentId};

use super::Clocks;

/// The next instant at which each incident has something to tell. Made anew from the incidents at any time.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    at: BTreeMap<IncidentId, Timestamp>,
    order: BTreeSet<(Timestamp, IncidentId)>,
}

impl Agenda {
    /// Of all these incidents.
    pub fn of<'a>(clocks: &Clocks, incidents: impl IntoIterator<Item = &'a Incident>) -> Self {
        let mut agenda = Self::default();
        for incident in incidents {
            agenda.look(clocks, incident);
        }
        agenda
    }

    /// Takes in an incident as it stands now.
    pub fn look(&mut self, clocks: &Clocks, incident: &Incident) {
        if let Some(before) = self.at.remove(&incident.id) {
            self.order.remove(&(before, incident.id.clone()));
        }
        if let Some(next) = clocks.next(incident) {
            self.at.insert(incident.id.clone(), next);
            self.order.insert((next, incident.id.clone()));
        }
    }

    /// The first instant at which something is to be told.
    pub fn first(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// The incidents that have something to tell by `now`, the longest due first.
    pub fn due(&self, now: Timestamp) -> Vec<IncidentId> {
        self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| id.clone()).collect()
    }
}
