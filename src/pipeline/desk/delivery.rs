//! What became of tries to deliver: written down, and where one fails its receiver's second channel is told.

use std::time::Duration;

use jiff::Timestamp;

use super::{DeskError, DeskHandle, DeskTask, failed};
use crate::assess::Grade;
use crate::journal::record::{DeskRecord, DeskStep, PersonOrToken, Requeued};
use crate::notify::{Delivery, Notification, NotificationKey, Outcome, copy_for};

/// What is this grave and cannot be delivered for so long goes to the second channel while it is tried on.
const URGENT: Grade = Grade::Orange;
const PATIENCE: Duration = Duration::from_mins(2);

impl DeskHandle {
    /// Writes down what became of one try; of several things told together in one record, so that all of them are known
    /// after a crash, or none.
    pub(in crate::pipeline) async fn delivered(
        &self,
        mut deliveries: Vec<Delivery>,
    ) -> Result<(), DeskError> {
        match (deliveries.len(), deliveries.pop()) {
            (1, Some(one)) => self.record(DeskRecord::Delivered(one)).await,
            (_, Some(last)) => {
                deliveries.push(last);
                self.record(DeskRecord::Together(deliveries)).await
            }
            (_, None) => Ok(()),
        }
    }

    /// Has notifications tried again that are dead or whose receiver was set up wrong.
    pub async fn requeue(
        &self,
        keys: Vec<NotificationKey>,
        by: PersonOrToken,
        at: Timestamp,
    ) -> Result<(), DeskError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.record(DeskRecord::Requeued(Requeued { keys, by, at })).await
    }
}

impl DeskTask {
    /// Copies for the second channel of what was not delivered, as one record; none where there is nothing to copy.
    pub(super) fn fallbacks(
        &self,
        record: &DeskRecord,
        now: Timestamp,
    ) -> Result<Option<DeskRecord>, DeskError> {
        let deliveries = match record {
            DeskRecord::Delivered(delivery) => std::slice::from_ref(delivery),
            DeskRecord::Together(deliveries) => deliveries.as_slice(),
            _ => return Ok(None),
        };
        let mut copies: Vec<Notification> = Vec::new();
        for delivery in deliveries.iter().filter(|delivery| delivery.outcome != Outcome::Sent) {
            let Some(entry) = self.store.notification(&delivery.key).map_err(failed)? else { continue };
            let notification = entry.notification;
            let failing = notification.brief.grade >= URGENT && now >= notification.created_at + PATIENCE;
            let wanted = match delivery.outcome {
                Outcome::Sent => false,
                Outcome::Broken | Outcome::Rejected => true,
                Outcome::Retry(_) => failing,
            };
            if !wanted {
                continue;
            }
            for copy in copy_for(&notification, &self.clerk.receivers, &delivery.answer, now) {
                if self.store.notification(&copy.key).map_err(failed)?.is_none() {
                    copies.push(copy);
                }
            }
        }
        if copies.is_empty() {
            return Ok(None);
        }
        let step =
            DeskStep { signal: None, events: Vec::new(), notifications: copies, idempotency_key: None };
        Ok(Some(DeskRecord::Desk(Box::new(step))))
    }
}
