//! What each mailbox and group was told one by one since the shift began, for those that have a budget.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use crate::incident::desk_time;
use crate::notify::Notification;
use crate::notify::policy::budget::is_alert;
use crate::people::Rota;
use crate::store::{Cursor, OutboxEntry, OutboxFilter, OutboxState, Store, StoreError};

/// A budget is full again at this hour at the latest, whatever the rota says.
const MORNING: Time = Time::constant(8, 0, 0, 0);
/// Entries of the outbox read at once.
const PAGE: usize = 500;

/// Alerts told since the shift began; by default not known yet.
#[derive(Default)]
pub(super) struct Budgets {
    since: Option<Timestamp>,
    told: BTreeMap<(String, Option<String>), u32>,
}

impl Budgets {
    /// Makes sure that it counts the shift that began at `since`, and reads in the outbox what was told in it.
    pub(super) fn look(&mut self, store: &Store, since: Timestamp) -> Result<(), StoreError> {
        if self.since == Some(since) {
            return Ok(());
        }
        *self = Self::default();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = store.notifications(&OutboxFilter::default(), cursor.as_ref(), PAGE)?;
            let new = |entry: &OutboxEntry| entry.notification.created_at >= since;
            for entry in page.items.iter().filter(|entry| new(entry) && was_alone(entry)) {
                self.note(&entry.notification);
            }
            cursor = page.next.filter(|_| page.items.iter().all(new));
            if cursor.is_none() {
                break;
            }
        }
        self.since = Some(since);
        Ok(())
    }

    /// How many alerts its ears were told.
    pub(super) fn told(&self, notification: &Notification) -> u32 {
        self.told.get(&ears(notification)).copied().unwrap_or(0)
    }

    /// That it is told alone.
    pub(super) fn note(&mut self, notification: &Notification) {
        if is_alert(notification) {
            *self.told.entry(ears(notification)).or_default() += 1;
        }
    }
}

/// When the shift began: with who is on duty in the rota's first layer, and this morning at the latest.
pub(super) fn began(rota: &Rota, now: Timestamp) -> Timestamp {
    let today = desk_time(now);
    let morning = |days: i64| {
        let day = today.date().checked_sub(jiff::Span::new().days(days)).ok()?;
        Some(day.to_datetime(MORNING).to_zoned(today.time_zone().clone()).ok()?.timestamp())
    };
    let morning = [morning(0), morning(1)].into_iter().flatten().find(|at| *at <= now).unwrap_or(now);
    let moment = SignedDuration::from_millis(1);
    let change = rota.layers().first().and_then(|layer| rota.plan(layer, morning, now + moment).pop());
    change.map_or(morning, |duty| duty.from.max(morning))
}

fn was_alone(entry: &OutboxEntry) -> bool {
    let goes = matches!(
        entry.state,
        OutboxState::Waiting { .. } | OutboxState::Sent | OutboxState::Dead | OutboxState::Broken
    );
    goes && entry.bundle().is_none()
}

fn ears(notification: &Notification) -> (String, Option<String>) {
    (notification.receiver.clone(), notification.to.clone())
}
