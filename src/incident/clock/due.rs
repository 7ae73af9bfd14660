//! What is to be told of an incident's clocks by now: what its records do not tell yet, and each thing once.

use jiff::Timestamp;

use crate::incident::{Change, Incident};

use super::table::Clocks;
use super::{Running, Standing};

impl Clocks {
    /// What is to be told of an open incident by `now`, in order. Applying it may make more due: a breach calls
    /// others. Where several marks of a clock have passed unseen, the last of them is told.
    pub fn due(&self, incident: &Incident, now: Timestamp) -> Vec<Change> {
        if !incident.is_open() {
            return Vec::new();
        }
        if incident.waiting.as_ref().is_some_and(|waiting| waiting.until <= now) {
            return vec![Change::Resume { note: None }];
        }
        let running = self.running(incident);
        let mut changes: Vec<Change> = running.iter().filter_map(|running| running.due(now)).collect();
        for step in &self.escalations {
            let call = step.call(incident, &running).filter(|call| call.at <= now);
            changes.extend(call.map(|call| match call.change {
                // Who is on duty when it is told, not when it was due: a daemon that was away calls those there now.
                Change::Escalate { step, why, receivers } => {
                    Change::Escalate { step, why, receivers: self.rota.called(&receivers, now) }
                }
                other => other,
            }));
        }
        changes
    }

    /// When something is to be told of an incident next, as things stand.
    pub fn next(&self, incident: &Incident) -> Option<Timestamp> {
        if !incident.is_open() {
            return None;
        }
        let running = self.running(incident);
        let marks = running.iter().filter_map(Running::next);
        let calls = self.escalations.iter().filter_map(|step| step.call(incident, &running));
        let waiting = incident.waiting.as_ref().map(|waiting| waiting.until);
        marks.chain(calls.map(|call| call.at)).chain(waiting).min()
    }
}

impl Running<'_> {
    /// The marks that were not told yet, if it counts.
    fn marks(&self) -> impl DoubleEndedIterator<Item = u8> + '_ {
        let counts = self.standing == Standing::Runs;
        let marks = self.clock.warn.iter().copied().chain([100]);
        marks.filter(move |percent| counts && *percent > self.told)
    }

    fn next(&self) -> Option<Timestamp> {
        self.marks().next().map(|percent| self.mark(percent))
    }

    fn due(&self, now: Timestamp) -> Option<Change> {
        let (clock, title, due) = (self.clock.name.clone(), self.clock.title.clone(), self.due_at);
        match self.marks().rfind(|percent| self.mark(*percent) <= now)? {
            100 => Some(Change::Breach { clock, title, due }),
            percent => Some(Change::Warn { clock, title, percent, due }),
        }
    }
}
