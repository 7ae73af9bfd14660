//! The outbox: who must still hear of what, and what became of each try (R3).
//!
//! A notification enters in the same record as the change it tells of, and leaves the queue only by
//! a recorded delivery or a recorded refusal. Nothing is taken out: what was sent stays to be shown.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::incident::IncidentId;
use crate::journal::Sequence;
use crate::journal::record::Requeued;
use crate::notify::policy::{Decided, Fate};
use crate::notify::{Delivery, Notification, NotificationKey, Outcome};

use super::codec::{reverse, time_of_key};
use super::draft::Draft;
use super::keys::{Key, Table};
use super::page::cut;
use super::{Cursor, Folded, Page, Store, StoreError};

/// One notification and how far it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// What is to be said to whom.
    pub notification: Notification,
    /// Tries so far.
    pub attempts: u32,
    /// The latest try.
    pub last: Option<Delivery>,
    /// Where it stands.
    pub state: OutboxState,
    /// The record it came with.
    pub sequence: Sequence,
    /// What was decided of it last, if it was held back.
    pub fate: Option<Fate>,
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutboxState {
    /// To be tried.
    Waiting {
        /// When; at once for a new one.
        next_try: Timestamp,
    },
    /// Taken by the other side.
    Sent,
    /// Refused for good: a dead letter.
    Dead,
    /// Its receiver is set up wrong: waits until that is mended.
    Broken,
    /// Held back: its `fate` says for what.
    Held {
        /// Until when at the latest it is looked at again.
        until: Timestamp,
    },
    /// Never to be sent: its `fate` says why.
    Withheld,
}

/// Which notifications are wanted; what is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboxFilter {
    /// Where they stand; the time of the next try does not matter.
    pub state: Option<OutboxState>,
    /// To whom they go.
    pub receiver: Option<String>,
}

/// Notifications by where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// To be tried.
    pub waiting: u64,
    /// Sent.
    pub sent: u64,
    /// Dead letters.
    pub dead: u64,
    /// Held up by a receiver that is set up wrong.
    pub broken: u64,
    /// Held back by hours, silences and the like.
    pub held: u64,
    /// Never to be sent: told by a later one, or ended before it could be.
    pub withheld: u64,
}

impl OutboxEntry {
    /// One that was planned with a record, and that nobody has tried yet.
    pub fn planned(sequence: Sequence, notification: Notification) -> Self {
        let state = OutboxState::Waiting { next_try: notification.created_at };
        Self { notification, attempts: 0, last: None, state, sequence, fate: None }
    }

    /// The bundle in which it is told, if it is.
    pub fn bundle(&self) -> Option<&NotificationKey> {
        match &self.fate {
            Some(Fate::Bundled { bundle }) => Some(bundle),
            Some(Fate::Held { .. } | Fate::Released | Fate::Folded { .. } | Fate::Dropped { .. }) | None => {
                None
            }
        }
    }
}

impl Store {
    /// A notification by its key.
    pub fn notification(&self, key: &NotificationKey) -> Result<Option<OutboxEntry>, StoreError> {
        self.get(&entry_key(key))
    }

    /// When the first receiver took the word of an incident, if one did.
    pub fn first_told(&self, incident: &IncidentId) -> Result<Option<Timestamp>, StoreError> {
        self.get(&told_key(incident))
    }

    /// Every try to deliver a notification, in order.
    pub fn attempts(&self, key: &NotificationKey) -> Result<Vec<Delivery>, StoreError> {
        self.scan(&Table::Attempt.key().text(key.as_str())).map(|pair| self.read(&pair?.1)).collect()
    }

    /// Receivers for whom something waits to be tried.
    pub fn outbox_receivers(&self) -> Result<Vec<String>, StoreError> {
        let (mut from, end) = (Table::OutboxDue.key(), Table::OutboxDue.key().bytes(&[0xff]));
        let mut receivers = Vec::new();
        while let Some(first) = self.range(&from, &end).next().transpose()? {
            let name = first.0[1..].split(|&byte| byte == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            // The next key that is no longer this receiver's: its name is followed by a zero byte.
            from = Table::OutboxDue.key().last(&name).bytes(&[1]);
            receivers.push(name);
        }
        Ok(receivers)
    }

    /// What is to be tried by `now` at one receiver, the longest due first, at most `limit`; what is under way is left out.
    pub fn outbox_due(
        &self,
        receiver: &str,
        limit: usize,
        now: Timestamp,
        under_way: &BTreeSet<NotificationKey>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let queue = Table::OutboxDue.key().text(receiver);
        let mut due = Vec::new();
        for pair in self.range(&queue, &queue.clone().time(now).bytes(&[0xff])) {
            if due.len() == limit {
                break;
            }
            let (key, _) = pair?;
            let name = &key[queue.0.len() + 8..];
            if std::str::from_utf8(name).is_ok_and(|name| under_way.contains(name)) {
                continue;
            }
            due.extend(self.get::<OutboxEntry>(&Table::Outbox.key().bytes(name))?);
        }
        Ok(due)
    }

    /// When the first try after `now` is due at one receiver; `None` if nothing waits that long.
    pub fn outbox_next(&self, receiver: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let queue = Table::OutboxDue.key().text(receiver);
        let (from, end) = (queue.clone().time(now).bytes(&[0xff]), queue.clone().bytes(&[0xff]));
        let first = self.range(&from, &end).next().transpose()?;
        Ok(first.and_then(|(key, _)| time_of_key(&key[queue.0.len()..])))
    }

    /// What is held back, the first to be looked at again first.
    pub fn outbox_held(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        let held = Table::OutboxHeld.key();
        let keys: Vec<_> = self.scan(&held).collect::<Result<_, _>>()?;
        // Table, time.
        let entry = |key: &[u8]| self.get(&Table::Outbox.key().bytes(&key[held.0.len() + 8..]));
        keys.iter().filter_map(|(key, _)| entry(key).transpose()).collect()
    }

    /// What waits for a receiver to be mended.
    pub fn outbox_broken(&self, receiver: &str) -> Result<Vec<OutboxEntry>, StoreError> {
        let held = Table::OutboxBroken.key().text(receiver);
        let keys: Vec<_> = self.scan(&held).collect::<Result<_, _>>()?;
        let entry = |key: &[u8]| self.get(&Table::Outbox.key().bytes(&key[held.0.len()..]));
        keys.iter().filter_map(|(key, _)| entry(key).transpose()).collect()
    }

    /// Notifications, the newest first, at most `limit` on a page.
    pub fn notifications(
        &self,
        filter: &OutboxFilter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<OutboxEntry>, StoreError> {
        let mut found = Vec::new();
        for pair in self.scan_after(&Table::OutboxOrder.key(), cursor)? {
            let (key, value) = pair?;
            let id: NotificationKey = self.read(&value)?;
            let Some(entry) = self.notification(&id)? else { continue };
            let stands = filter.state.is_none_or(|state| name(state) == name(entry.state));
            let goes = filter.receiver.as_ref().is_none_or(|name| *name == entry.notification.receiver);
            if stands && goes {
                found.push((key.to_vec(), entry));
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(cut(found, limit))
    }

    /// How many notifications stand where.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        let count =
            |name: &str| Ok::<_, StoreError>(self.get(&Table::OutboxCount.key().last(name))?.unwrap_or(0));
        Ok(OutboxCounts {
            waiting: count("waiting")?,
            sent: count("sent")?,
            dead: count("dead")?,
            broken: count("broken")?,
            held: count("held")?,
            withheld: count("withheld")?,
        })
    }
}

/// Folds a planned notification; one that is there already stays as it is.
pub(super) fn planned(
    draft: &mut Draft<'_>,
    sequence: Sequence,
    place: usize,
    notification: &Notification,
) -> Result<(), StoreError> {
    let key = entry_key(&notification.key);
    if draft.contains(&key)? {
        return Ok(());
    }
    let entry = OutboxEntry::planned(sequence, notification.clone());
    enter(draft, &entry)?;
    let newest_first = Table::OutboxOrder.key().bytes(&reverse(sequence.0.to_be_bytes()));
    draft.put(newest_first.bytes(&(place as u16).to_be_bytes()), &notification.key);
    draft.put(key, &entry);
    Ok(())
}

/// Folds one try. What was sent or refused for good stays so, whatever a late answer says.
pub(super) fn delivered(draft: &mut Draft<'_>, delivery: &Delivery) -> Result<Folded, StoreError> {
    let key = entry_key(&delivery.key);
    let Some(mut entry) = draft.get::<OutboxEntry>(&key)? else { return Ok(Folded::Orphan) };
    let attempt = Table::Attempt.key().text(delivery.key.as_str()).number(u64::from(delivery.attempt));
    draft.put(attempt, delivery);
    leave(draft, &entry)?;
    entry.attempts = entry.attempts.max(delivery.attempt);
    entry.state = match (entry.state, delivery.outcome) {
        (
            ended @ (OutboxState::Sent | OutboxState::Dead | OutboxState::Withheld),
            Outcome::Retry(_) | Outcome::Broken | Outcome::Rejected,
        ) => ended,
        (_, Outcome::Sent) => OutboxState::Sent,
        (_, Outcome::Retry(next_try)) => OutboxState::Waiting { next_try },
        (_, Outcome::Broken) => OutboxState::Broken,
        (_, Outcome::Rejected) => OutboxState::Dead,
    };
    if delivery.outcome == Outcome::Sent && !entry.notification.reason.is_outside() {
        let told = told_key(&entry.notification.brief.incident);
        if !draft.contains(&told)? {
            let took = SignedDuration::from_millis(i64::from(delivery.took_ms));
            draft.put(told, &(delivery.at + took));
        }
    }
    entry.last = Some(delivery.clone());
    enter(draft, &entry)?;
    draft.put(key, &entry);
    Ok(Folded::Done)
}

/// Folds what becomes of a notification that is or was held back. What was sent stays so.
pub(super) fn decided(draft: &mut Draft<'_>, decided: &Decided) -> Result<(), StoreError> {
    let at = entry_key(&decided.key);
    let Some(mut entry) = draft.get::<OutboxEntry>(&at)? else { return Ok(()) };
    if !matches!(entry.state, OutboxState::Waiting { .. } | OutboxState::Held { .. }) {
        return Ok(());
    }
    leave(draft, &entry)?;
    entry.state = match &decided.fate {
        Fate::Held { until, .. } => OutboxState::Held { until: *until },
        Fate::Released | Fate::Bundled { .. } => OutboxState::Waiting { next_try: decided.at },
        Fate::Folded { .. } | Fate::Dropped { .. } => OutboxState::Withheld,
    };
    entry.fate = Some(decided.fate.clone());
    enter(draft, &entry)?;
    draft.put(at, &entry);
    Ok(())
}

/// Folds that somebody wants it tried again: what is dead, or held up by a receiver that was set up wrong.
pub(super) fn requeued(draft: &mut Draft<'_>, again: &Requeued) -> Result<(), StoreError> {
    for key in &again.keys {
        let at = entry_key(key);
        let Some(mut entry) = draft.get::<OutboxEntry>(&at)? else { continue };
        if !matches!(entry.state, OutboxState::Dead | OutboxState::Broken) {
            continue;
        }
        leave(draft, &entry)?;
        entry.state = OutboxState::Waiting { next_try: again.at };
        enter(draft, &entry)?;
        draft.put(at, &entry);
    }
    Ok(())
}

fn enter(draft: &mut Draft<'_>, entry: &OutboxEntry) -> Result<(), StoreError> {
    if let Some(key) = queue_key(entry) {
        draft.mark(key);
    }
    draft.add(Table::OutboxCount.key().last(name(entry.state)), 1)
}

fn leave(draft: &mut Draft<'_>, entry: &OutboxEntry) -> Result<(), StoreError> {
    if let Some(key) = queue_key(entry) {
        draft.remove(key);
    }
    draft.add(Table::OutboxCount.key().last(name(entry.state)), -1)
}

/// Where the entry stands in a queue, if it waits for anything.
fn queue_key(entry: &OutboxEntry) -> Option<Key> {
    let key = entry.notification.key.as_str();
    match entry.state {
        OutboxState::Waiting { next_try } => {
            Some(Table::OutboxDue.key().text(&entry.notification.receiver).time(next_try).last(key))
        }
        OutboxState::Broken => Some(Table::OutboxBroken.key().text(&entry.notification.receiver).last(key)),
        OutboxState::Held { until } => Some(Table::OutboxHeld.key().time(until).last(key)),
        OutboxState::Sent | OutboxState::Dead | OutboxState::Withheld => None,
    }
}

fn name(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Waiting { .. } => "waiting",
        OutboxState::Sent => "sent",
        OutboxState::Dead => "dead",
        OutboxState::Broken => "broken",
        OutboxState::Held { .. } => "held",
        OutboxState::Withheld => "withheld",
    }
}

fn told_key(incident: &IncidentId) -> Key {
    Table::Told.key().last(incident.as_str())
}

fn entry_key(key: &NotificationKey) -> Key {
    Table::Outbox.key().last(key.as_str())
}
