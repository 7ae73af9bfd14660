//! What is planned and has to wait: held back in the same batch as it is planned, and looked at again when its time has
//! come, when the silence or the incident that held it back has ended, or when something later tells the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::budgets::began;
use super::{Answer, Command, DeskError, DeskHandle, DeskTask, Round, failed};
use crate::assess::Grade;
use crate::incident::{Actor, Incident, IncidentId};
use crate::journal::record::DeskRecord;
use crate::notify::policy::budget::{BUNDLE, may_be_bundled};
use crate::notify::policy::{BadSilence, Decided, Fate, Held, HoldReason, Holding, Silence, Spacing};
use crate::notify::{Notification, NotificationKey, Outcome};
use crate::store::{OutboxEntry, Store, StoreError};

/// What is held back, and the silences.
#[derive(Default)]
pub(super) struct Holds {
    silences: Vec<Silence>,
    held: BTreeMap<NotificationKey, Waits>,
    order: BTreeSet<(Timestamp, NotificationKey)>,
    /// What is held back of one incident for one mailbox or receiver, in the order in which it was planned.
    same: BTreeMap<Whom, Vec<NotificationKey>>,
}

/// One incident's word to one mailbox or receiver.
type Whom = (IncidentId, String, Option<String>);

struct Waits {
    notification: Notification,
    held: Held,
}

impl DeskHandle {
    /// Asks for silence.
    pub async fn silence(&self, silence: Silence) -> Result<(), DeskError> {
        self.ask(|answer| Command::Silence(Box::new(silence), answer)).await
    }

    /// Ends a silence before its time.
    pub async fn end_silence(&self, id: String, by: Actor) -> Result<(), DeskError> {
        self.ask(|answer| Command::EndSilence(id, by, answer)).await
    }
}

impl Holds {
    /// As they stand in the store.
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        let mut holds = Self { silences: store.silences()?, ..Self::default() };
        let mut entries = store.outbox_held()?;
        entries.sort_by_key(|entry| (entry.notification.transition, entry.sequence));
        for OutboxEntry { notification, fate, .. } in entries {
            if let Some(Fate::Held { until, why }) = fate {
                holds.put(notification, Held { until, why });
            }
        }
        Ok(holds)
    }

    /// When the first is to be looked at again.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    fn put(&mut self, notification: Notification, held: Held) {
        let key = notification.key.clone();
        self.take(&key);
        self.order.insert((held.until, key.clone()));
        self.same.entry(whom(&notification)).or_default().push(key.clone());
        self.held.insert(key, Waits { notification, held });
    }

    fn take(&mut self, key: &NotificationKey) -> Option<Waits> {
        let waits = self.held.remove(key)?;
        self.order.remove(&(waits.held.until, key.clone()));
        let whom = whom(&waits.notification);
        if let Some(same) = self.same.get_mut(&whom) {
            same.retain(|other| other != key);
            if same.is_empty() {
                self.same.remove(&whom);
            }
        }
        Some(waits)
    }

    /// What is to be looked at again: what is due, and what `over` says nothing holds back any more.
    fn due(&self, now: Timestamp, over: impl Fn(&HoldReason) -> bool) -> Vec<NotificationKey> {
        let late = self.order.iter().take_while(|(until, _)| *until <= now).map(|(_, key)| key.clone());
        let freed = self.held.iter().filter(|(_, waits)| over(&waits.held.why)).map(|(key, _)| key.clone());
        late.chain(freed).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl DeskTask {
    pub(super) fn take_silence(&mut self, silence: Box<Silence>, round: &mut Round, answer: Answer<()>) {
        self.holds.silences.retain(|known| known.id != silence.id);
        self.holds.silences.push((*silence).clone());
        round.write(Ok([DeskRecord::Silence(silence)]), answer);
    }

    pub(super) fn take_end(
        &mut self,
        id: &str,
        by: Actor,
        now: Timestamp,
        round: &mut Round,
        answer: Answer<()>,
    ) {
        let current = |silence: &&mut Silence| silence.id.as_str() == id && now < silence.ends();
        let silence = self.holds.silences.iter_mut().find(current);
        let ended = silence.map(|silence| {
            silence.ended = Some((by, now));
            [DeskRecord::Silence(Box::new(silence.clone()))]
        });
        round.write(ended.ok_or_else(|| BadSilence::Unknown(id.to_owned()).into()), answer);
    }

    /// Decides on what is planned in this round, and on what waited.
    pub(super) fn hold(&mut self, now: Timestamp, round: &mut Round) -> Result<(), DeskError> {
        let mut decided = Vec::new();
        if self.clerk.receivers.iter().any(|receiver| receiver.budget.is_some()) {
            self.budgets.look(&self.store, began(self.clerk.clocks.rota(), now)).map_err(failed)?;
        }
        for record in &round.records {
            let DeskRecord::Desk(step) = record else { continue };
            for notification in &step.notifications {
                if let Some(held) = self.held_back(notification, false, now)? {
                    let waits = Fate::Held { until: held.until, why: held.why.clone() };
                    decided.push(fate(&notification.key, waits, now));
                    self.holds.put(notification.clone(), held);
                } else {
                    // It tells all that what still waits would have told.
                    self.budgets.note(notification);
                    decided.extend(self.fold_into(notification, now));
                }
            }
        }
        decided.extend(self.look_again(now)?);
        if !decided.is_empty() {
            round.records.push(DeskRecord::Fates(decided));
        }
        Ok(())
    }

    /// What waited and is due, or is not held back any more.
    fn look_again(&mut self, now: Timestamp) -> Result<Vec<Decided>, DeskError> {
        let over = |why: &HoldReason| match why {
            HoldReason::Silence(id) => {
                !self.holds.silences.iter().any(|silence| silence.id == *id && silence.is_active(now))
            }
            HoldReason::Inhibited(by) => !self.clerk.desk.get(by).is_some_and(Incident::is_open),
            HoldReason::Hours | HoldReason::Wait | HoldReason::Interval | HoldReason::Budget => false,
        };
        let (due, mut decided) = (self.holds.due(now, over), Vec::new());
        let mut free: BTreeMap<Whom, Vec<Waits>> = BTreeMap::new();
        for key in due {
            let Some(waits) = self.holds.held.get(&key) else { continue };
            let notification = waits.notification.clone();
            if let Some(held) = self.held_back(&notification, true, now)? {
                decided.push(fate(&key, Fate::Held { until: held.until, why: held.why.clone() }, now));
                self.holds.put(notification, held);
            } else if let Some(waits) = self.holds.take(&key) {
                free.entry(whom(&waits.notification)).or_default().push(waits);
            }
        }
        let mut bundles: BTreeMap<(String, Option<String>), Vec<NotificationKey>> = BTreeMap::new();
        for ((incident, receiver, to), mut waited) in free {
            waited.sort_by_key(|waits| waits.notification.transition);
            let Some(last) = waited.pop() else { continue };
            // What waits on for the same ears is told by this one, unless it is later.
            let key = last.notification.key.clone();
            let ended = !self.clerk.desk.get(&incident).is_some_and(Incident::is_open);
            let unheard = last.notification.thread.is_none()
                || waited.iter().any(|one| one.notification.thread.is_none());
            let needless = matches!(last.held.why, HoldReason::Silence(_) | HoldReason::Inhibited(_));
            decided.extend(
                waited.iter().map(|one| fate(&one.notification.key, Fate::Folded { into: key.clone() }, now)),
            );
            decided.extend(self.fold_into(&last.notification, now));
            if ended && unheard && needless {
                decided.push(fate(&key, Fate::Dropped { why: last.held.why }, now));
            } else if last.held.why == HoldReason::Budget {
                bundles.entry((receiver, to)).or_default().push(key);
            } else {
                self.budgets.note(&last.notification);
                decided.push(fate(&key, Fate::Released, now));
            }
        }
        // Each falls due at an instant of its own, so that it stands together in the outbox.
        for (nth, bundle) in (0..).zip(bundles.values().flat_map(|keys| keys.chunks(BUNDLE))) {
            let at = now + SignedDuration::from_millis(nth);
            let fate_of = |key| match bundle {
                [_] => fate(key, Fate::Released, at),
                _ => fate(key, Fate::Bundled { bundle: bundle[0].clone() }, at),
            };
            decided.extend(bundle.iter().map(fate_of));
        }
        Ok(decided)
    }

    /// Folds what still waits of the same incident for the same ears and is earlier.
    fn fold_into(&mut self, notification: &Notification, now: Timestamp) -> Vec<Decided> {
        let earlier = self.holds.same.get(&whom(notification)).cloned().unwrap_or_default();
        let waits = |key: &NotificationKey| self.holds.held.get(key);
        let earlier: Vec<_> = earlier
            .into_iter()
            .filter(|key| {
                waits(key).is_some_and(|waits| waits.notification.transition < notification.transition)
            })
            .collect();
        for key in &earlier {
            self.holds.take(key);
        }
        earlier.iter().map(|key| fate(key, Fate::Folded { into: notification.key.clone() }, now)).collect()
    }

    fn held_back(
        &self,
        notification: &Notification,
        waited: bool,
        now: Timestamp,
    ) -> Result<Option<Held>, DeskError> {
        let receivers = &self.clerk.receivers;
        let desk = &self.clerk.desk;
        let (Some(receiver), Some(incident)) =
            (receivers.get(&notification.receiver), desk.get(&notification.brief.incident))
        else {
            return Ok(None);
        };
        // What comes while the first word waits, for more or to be bundled, is told with it.
        let first = self.holds.same.get(&whom(notification)).into_iter().flatten();
        let joins = |why: &HoldReason| match why {
            HoldReason::Wait => notification.brief.grade < Grade::Red,
            HoldReason::Budget => may_be_bundled(notification),
            HoldReason::Hours | HoldReason::Silence(_) | HoldReason::Inhibited(_) | HoldReason::Interval => {
                false
            }
        };
        let first = first.filter_map(|key| self.holds.held.get(key)).find(|waits| joins(&waits.held.why));
        if let Some(first) = first.filter(|first| !waited && first.held.until > now) {
            return Ok(Some(first.held.clone()));
        }
        let spent = receiver.budget.filter(|budget| self.budgets.told(notification) >= budget.alerts);
        let (calendar, rota) = (self.clerk.clocks.calendar(), self.clerk.clocks.rota());
        let called = |names: &[String]| rota.called(names, now);
        let spacing = receivers.policy.spacing(receiver, incident, calendar, &called, now);
        let idle = spacing == Spacing::default();
        let heard = if idle { None } else { self.heard(notification).map_err(failed)? };
        let open = || desk.open_incidents().collect();
        let of = Holding {
            receiver,
            incident,
            open: &open,
            silences: &self.holds.silences,
            calendar,
            spacing,
            heard,
            waited,
            bundle: spent.map(|budget| budget.next_bundle(now)),
        };
        Ok(receivers.policy.hold(notification, of, now))
    }

    /// When its ears heard of the incident last.
    fn heard(&self, notification: &Notification) -> Result<Option<Timestamp>, StoreError> {
        let Some(thread) = &notification.thread else { return Ok(None) };
        let entry = self.store.notification(&thread.previous.1)?;
        let sent = entry.and_then(|entry| entry.last).filter(|last| last.outcome == Outcome::Sent);
        Ok(sent.map(|last| last.at))
    }
}

fn whom(notification: &Notification) -> Whom {
    (notification.brief.incident.clone(), notification.receiver.clone(), notification.to.clone())
}

fn fate(key: &NotificationKey, fate: Fate, at: Timestamp) -> Decided {
    Decided { key: key.clone(), fate, at }
}
