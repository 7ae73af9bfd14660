//! The incidents as they stand, in the order of the desk's work list; signals and requests seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::detect::SignalId;
use crate::incident::{FoldError, Incident, IncidentEvent, IncidentId, State};
use crate::journal::Sequence;
use crate::journal::record::DeskStep;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::page::cut;
use super::{Cursor, Folded, Page, Store, StoreError, codec};

/// Which incidents are wanted; what is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    /// Where the work stands.
    pub state: Option<State>,
    /// How urgent.
    pub grade: Option<Grade>,
    /// Who holds it or was asked, or should answer: an id of `departments.toml`.
    pub department: Option<String>,
}

/// What a request with an idempotency key did when it came first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// The record it became.
    pub sequence: Sequence,
    /// The incidents it changed.
    pub incidents: Vec<IncidentId>,
}

impl Store {
    /// An incident with its whole timeline.
    pub fn incident(&self, id: &IncidentId) -> Result<Option<Incident>, StoreError> {
        self.get(&incident_key(id))
    }

    /// The work list: what nobody has taken first, then what is in work, step by step, then what has ended; in each
    /// the most urgent first, and of those the latest changed. At most `limit` on a page.
    pub fn incidents(
        &self,
        filter: &IncidentFilter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Incident>, StoreError> {
        let mut prefix = Table::IncidentOrder.key();
        if let Some(state) = filter.state {
            prefix = prefix.bytes(&[state.rank()]);
        }
        let mut found = Vec::new();
        for pair in self.scan_after(&prefix, cursor)? {
            let (key, _) = pair?;
            let graded = filter.grade.is_none_or(|grade| key.get(2) == Some(&grade_byte(grade)));
            if !graded {
                continue;
            }
            let Some(incident) = self.get::<Incident>(&Table::Incident.key().bytes(&key[ORDER_LENGTH..]))?
            else {
                // Changed between reading the order and reading the incident: it has another place now.
                continue;
            };
            if filter.department.as_deref().is_none_or(|department| incident.concerns(department)) {
                found.push((key.to_vec(), incident));
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(cut(found, limit))
    }

    /// What the desk must remember: all that is open, and what was closed at or after `closed_since`.
    pub fn incidents_in_mind(&self, closed_since: Timestamp) -> Result<Vec<Incident>, StoreError> {
        let mut found = Vec::new();
        for state in State::ALL.into_iter().filter(|state| state.is_open()) {
            for pair in self.scan(&Table::IncidentOrder.key().bytes(&[state.rank()])) {
                let (key, _) = pair?;
                found.extend(self.get::<Incident>(&Table::Incident.key().bytes(&key[ORDER_LENGTH..]))?);
            }
        }
        let ended = State::ALL.into_iter().filter(|state| !state.is_open());
        for (state, grade) in ended.flat_map(|state| Grade::ALL.map(|grade| (state, grade))) {
            let ended = Table::IncidentOrder.key().bytes(&[state.rank(), grade_byte(grade)]);
            for pair in self.scan(&ended) {
                let (key, _) = pair?;
                let changed = codec::reverse(key[3..ORDER_LENGTH].try_into().expect("eight bytes of time"));
                if changed < codec::time_key(closed_since) {
                    break;
                }
                found.extend(self.get::<Incident>(&Table::Incident.key().bytes(&key[ORDER_LENGTH..]))?);
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }

    /// All incidents opened at or after `since` and before `until`, by name.
    pub fn incidents_opened(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Incident>, StoreError> {
        let mut found = Vec::new();
        for pair in self.scan(&Table::Incident.key()) {
            let incident: Incident = self.read(&pair?.1)?;
            if incident.opened_at >= since && incident.opened_at < until {
                found.push(incident);
            }
        }
        Ok(found)
    }

    /// The record that holds a signal, if it was concluded before.
    pub fn signal(&self, id: &SignalId) -> Result<Option<Sequence>, StoreError> {
        self.get(&signal_key(id))
    }

    /// What a request with this idempotency key did, if it came before.
    pub fn repeated(&self, idempotency_key: &str) -> Result<Option<Repeated>, StoreError> {
        self.get(&repeated_key(idempotency_key))
    }
}

/// Folds one change, and gives the incident its new place in the work list.
pub(super) fn changed(draft: &mut Draft<'_>, event: &IncidentEvent) -> Result<Folded, StoreError> {
    let key = incident_key(&event.incident);
    let before: Option<Incident> = draft.get(&key)?;
    let old_place = before.as_ref().map(order_key);
    let after = match fold(before, event) {
        Ok(after) => after,
        Err(error) => {
            tracing::error!(incident = %event.incident, %error, "an event does not fit its incident");
            return Ok(Folded::Orphan);
        }
    };
    if let Some(old_place) = old_place {
        draft.remove(old_place);
    }
    draft.mark(order_key(&after));
    draft.put(key, &after);
    Ok(Folded::Done)
}

/// The incident after the event; the desk folds with the same functions.
fn fold(before: Option<Incident>, event: &IncidentEvent) -> Result<Incident, FoldError> {
    let Some(mut incident) = before else { return Incident::open(event) };
    incident.apply(event)?;
    Ok(incident)
}

/// Remembers a signal; `false` if it was remembered already.
pub(super) fn signal_is_new(
    draft: &mut Draft<'_>,
    sequence: Sequence,
    signal: &SignalId,
) -> Result<bool, StoreError> {
    let key = signal_key(signal);
    if draft.contains(&key)? {
        return Ok(false);
    }
    draft.put(key, &sequence);
    Ok(true)
}

/// Remembers what a request did.
pub(super) fn answered(draft: &mut Draft<'_>, sequence: Sequence, key: &str, step: &DeskStep) {
    let incidents = step.events.iter().map(|event| event.incident.clone()).collect();
    draft.put(repeated_key(key), &Repeated { sequence, incidents });
}

/// Table, state, grade, time.
const ORDER_LENGTH: usize = 3 + 8;

fn order_key(incident: &Incident) -> Key {
    let order = Table::IncidentOrder.key().bytes(&[incident.state.rank(), grade_byte(incident.grade)]);
    order.newest(incident.updated_at).last(&incident.id.to_string())
}

fn grade_byte(grade: Grade) -> u8 {
    match grade {
        Grade::Red => 0,
        Grade::Orange => 1,
        Grade::Yellow => 2,
        Grade::Blue => 3,
    }
}

fn incident_key(id: &IncidentId) -> Key {
    Table::Incident.key().last(&id.to_string())
}

fn signal_key(id: &SignalId) -> Key {
    Table::Signal.key().bytes(id.as_bytes())
}

/// The client chose the key, so only its hash becomes part of ours.
fn repeated_key(idempotency_key: &str) -> Key {
    Table::Idempotency.key().bytes(&blake3::hash(idempotency_key.as_bytes()).as_bytes()[..16])
}
