//! The change of shifts: makes the pack when one begins, tells who comes, and calls others if nobody accepts it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Answer, Command, DeskError, DeskHandle, DeskTask, Round, failed};
use crate::incident::{Accepted, Actor, Handover, HandoverId, Pack, Quiet, Sick, optional_note};
use crate::journal::record::{DeskRecord, DeskStep};
use crate::notify::{Notification, Reason, handover_of};
use crate::people::Layer;
use crate::store::{Store, StoreError};

/// How far ahead the next change of a shift is looked for; it is looked for again after that.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 8);
/// Hand-overs among which the latest of each layer is found: a week of three shifts a day in nine layers.
const LATEST: usize = 200;
/// A source is sick that came to nothing so often in a row.
const SICK: u32 = 3;

/// The latest hand-over of each layer.
pub(super) struct Shifts {
    latest: BTreeMap<String, Handover>,
    /// Since when changes are looked for where there was none yet.
    since: Timestamp,
    /// When to look again.
    next: Option<Timestamp>,
}

impl DeskHandle {
    /// Accepts a hand-over.
    pub async fn accept_handover(
        &self,
        id: String,
        by: Actor,
        note: Option<String>,
    ) -> Result<(), DeskError> {
        self.ask(|answer| Command::Accept(id, by, note, answer)).await
    }
}

impl Shifts {
    pub(super) fn read(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut latest = BTreeMap::new();
        // The latest first.
        for handover in store.handovers(LATEST)? {
            latest.entry(handover.layer.clone()).or_insert(handover);
        }
        Ok(Self { latest, since: now, next: Some(now) })
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// After a failure.
    pub(super) fn rest(&mut self, now: Timestamp) {
        self.next = now.checked_add(super::AFTER_FAILURE).ok();
    }

    /// Rota or receivers are others now.
    pub(super) fn look_again(&mut self) {
        self.next = Some(Timestamp::MIN);
    }
}

impl DeskTask {
    pub(super) fn take_accept(
        &mut self,
        id: &str,
        by: Actor,
        note: Option<String>,
        now: Timestamp,
        round: &mut Round,
        answer: Answer<()>,
    ) {
        let current = |handover: &&mut Handover| handover.id.as_str() == id;
        let found = self.shifts.latest.values_mut().find(current);
        let accepted = match (found, optional_note(note)) {
            (_, Err(refusal)) => Err(refusal.into()),
            (None, Ok(_)) => Err(DeskError::NoHandover(id.to_owned())),
            // Who accepts first has accepted.
            (Some(handover), Ok(_)) if handover.accepted.is_some() => Ok(None),
            (Some(handover), Ok(note)) => {
                handover.accepted = Some(Accepted { by, at: now, note });
                Ok(Some(DeskRecord::Handover(Box::new(handover.clone()))))
            }
        };
        self.shifts.look_again();
        round.write(accepted, answer);
    }

    /// What the change of shifts has to tell by now.
    pub(super) fn change_shifts(&mut self, now: Timestamp, round: &mut Round) -> Result<(), DeskError> {
        if self.shifts.next.is_none_or(|next| next > now) {
            return Ok(());
        }
        let rota = self.clerk.clocks.rota().clone();
        let mut next: Option<Timestamp> = now.checked_add(AHEAD / 2).ok();
        for layer in rota.layers().iter().filter(|layer| layer.accept.is_some()) {
            let last = self.shifts.latest.get(&layer.name).map_or(self.shifts.since, |last| last.at);
            let moment = SignedDuration::from_millis(1);
            let past = rota.plan(layer, last.min(now), now + moment);
            // Where the program was away for several changes, the last one is told.
            if let [.., before, current] = past.as_slice()
                && current.from > last
            {
                let title =
                    |name: &String| rota.person(name).map_or(name.clone(), |person| person.title.clone());
                let (leaving, coming) = (before.people.iter().map(title), current.people.iter().map(title));
                let handover =
                    self.hand_over(layer, current.from, leaving.collect(), coming.collect(), now)?;
                let ears = rota.called(&[format!("@{}", layer.name)], now);
                self.tell_shift(&handover, Reason::Handover, &ears, now, round);
                round.records.push(DeskRecord::Handover(Box::new(handover.clone())));
                self.shifts.latest.insert(layer.name.clone(), handover);
            }
            if let Some(handover) = self.shifts.latest.get_mut(&layer.name)
                && handover.accepted.is_none()
                && handover.called_at.is_none()
            {
                if handover.due <= now {
                    handover.called_at = Some(now);
                    let handover = handover.clone();
                    let calls = layer.accept.as_ref().map(|accept| accept.calls.clone()).unwrap_or_default();
                    let ears = rota.called(&calls, now);
                    self.tell_shift(&handover, Reason::Unaccepted, &ears, now, round);
                    round.records.push(DeskRecord::Handover(Box::new(handover)));
                } else {
                    next = next.into_iter().chain([handover.due]).min();
                }
            }
            let coming = rota.plan(layer, now + moment, now.checked_add(AHEAD).unwrap_or(Timestamp::MAX));
            next = next.into_iter().chain(coming.get(1).map(|duty| duty.from)).min();
        }
        self.shifts.next = next;
        Ok(())
    }

    fn hand_over(
        &self,
        layer: &Layer,
        at: Timestamp,
        leaving: Vec<String>,
        coming: Vec<String>,
        now: Timestamp,
    ) -> Result<Handover, DeskError> {
        let pack = pack(&self.store, &Pack::of(self.clerk.desk.open_incidents(), &self.clerk.clocks), now)
            .map_err(failed)?;
        let within = layer.accept.as_ref().map_or(SignedDuration::ZERO, |accept| accept.within);
        Ok(Handover {
            id: HandoverId::new(at, &layer.name),
            layer: layer.name.clone(),
            title: layer.title.clone(),
            at,
            leaving,
            coming,
            // After an absence there is as much time as ever.
            due: at.max(now).checked_add(within).unwrap_or(Timestamp::MAX),
            pack,
            accepted: None,
            called_at: None,
        })
    }

    fn tell_shift(
        &self,
        handover: &Handover,
        reason: Reason,
        ears: &[String],
        now: Timestamp,
        round: &mut Round,
    ) {
        let receivers = ears.iter().filter_map(|name| self.clerk.receivers.get(name));
        let notifications: Vec<Notification> =
            receivers.flat_map(|receiver| handover_of(receiver, handover, reason, now)).collect();
        if notifications.is_empty() {
            return;
        }
        let step = DeskStep { signal: None, events: Vec::new(), notifications, idempotency_key: None };
        round.records.push(DeskRecord::Desk(Box::new(step)));
    }
}

/// The pack with silences and sources as the store knows them.
pub(in crate::pipeline) fn pack(store: &Store, of: &Pack, now: Timestamp) -> Result<Pack, StoreError> {
    let active = store.silences()?.into_iter().filter(|silence| silence.is_active(now));
    let silences = active.map(|silence| Quiet {
        id: silence.id.to_string(),
        until: silence.ends(),
        reason: silence.reason,
    });
    let sources = store.sources()?.into_iter().filter(|source| source.failures >= SICK);
    let sources = sources.map(|source| Sick {
        id: source.look.source.to_string(),
        failures: source.failures,
        answered_at: source.answered_at,
    });
    Ok(Pack { silences: silences.collect(), sources: sources.collect(), ..of.clone() })
}
