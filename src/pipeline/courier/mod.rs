//! Delivers what lies in the outbox, at least once, each receiver in a lane of its own.
//!
//! The outbox is the queue; the lanes hold what is being tried now. What a try came to is written down by the desk
//! before the next is decided. [`robot`] decides what a group's robot is sent, [`task`] is the loop.

mod robot;
mod task;

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::clock::Clock;
use crate::notify::heartbeat::Heartbeat;
use crate::notify::pace::Pace;
use crate::notify::{
    Attempt, Batch, Channel, Delivery, Mailer, Notification, NotificationKey, Receivers, retry, silence_of,
    test_of, webhook,
};
use crate::outward::Outward;
use crate::store::OutboxEntry;

pub(super) use task::CourierTask;

/// How receivers are reached; replaced as a whole when `receivers.toml` changes. Clones share it.
#[derive(Clone)]
pub struct Carriers(Arc<Ways>);

struct Ways {
    outward: Outward,
    console: Url,
    now: ArcSwap<Set>,
}

struct Set {
    receivers: Receivers,
    mailer: Option<Mailer>,
}

/// A group's robot as the lanes know it.
struct Way {
    /// The same for receivers with the same address.
    robot: u64,
    pace: Pace,
}

impl Carriers {
    /// With these receivers; `mailer` is there if any is a mailbox. `console` is the console's address.
    pub fn new(receivers: Receivers, mailer: Option<Mailer>, outward: Outward, console: Url) -> Self {
        let now = ArcSwap::from_pointee(Set { receivers, mailer });
        Self(Arc::new(Ways { outward, console, now }))
    }

    /// Takes other receivers from here on.
    pub(super) fn replace(&self, receivers: Receivers, mailer: Option<Mailer>) {
        self.0.now.store(Arc::new(Set { receivers, mailer }));
    }

    /// Where our silence is noticed, if anywhere, and the way there.
    pub(super) fn heartbeat(&self) -> Option<(Heartbeat, Outward)> {
        let heartbeat = self.0.now.load().receivers.heartbeat.clone()?;
        Some((heartbeat, self.0.outward.clone()))
    }

    /// Sends a marked test through one receiver and says what became of it, one a mailbox; `None` if there is
    /// no such receiver.
    pub async fn test(&self, receiver: &str, clock: &Clock) -> Option<Vec<Delivery>> {
        let tests = test_of(self.0.now.load_full().receivers.get(receiver)?, clock.now());
        Some(self.at_once(tests, clock).await)
    }

    /// Tells one receiver that a daemon has fallen silent or is back, and says what became of it, one a mailbox;
    /// `None` if there is no such receiver. See [`silence_of`].
    pub async fn tell_silence(
        &self,
        receiver: &str,
        silent: bool,
        why: Vec<String>,
        since: Timestamp,
        clock: &Clock,
    ) -> Option<Vec<Delivery>> {
        let told =
            silence_of(self.0.now.load_full().receivers.get(receiver)?, silent, why, since, clock.now());
        Some(self.at_once(told, clock).await)
    }

    /// One try of each, past the outbox.
    async fn at_once(&self, notifications: Vec<Notification>, clock: &Clock) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(notifications.len());
        for notification in notifications {
            let at = clock.now();
            let began = Instant::now();
            let batch = Batch::one(notification);
            let (result, answer) = self.send(&batch, at).await;
            let tried = Tried { message: batch.key(), at, began, result, answer, now: clock.now() };
            deliveries.push(tried.written(batch.first(), 1));
        }
        deliveries
    }

    /// Whether a receiver is reached by mail.
    fn is_mailbox(&self, receiver: &str) -> bool {
        let set = self.0.now.load();
        set.receivers.get(receiver).is_some_and(|receiver| matches!(receiver.channel, Channel::Email(_)))
    }

    /// The robot behind a receiver, if it is one.
    fn way(&self, receiver: &str) -> Option<Way> {
        let set = self.0.now.load();
        let Channel::Chat(chat) = &set.receivers.get(receiver)?.channel else { return None };
        let robot = xxhash_rust::xxh3::xxh3_64(chat.hook.url.reveal().as_bytes());
        Some(Way { robot, pace: chat.service.pace() })
    }

    /// How many messages of a robot's one of ours takes.
    fn cost(&self, receiver: &str, batch: &[OutboxEntry]) -> u32 {
        let set = self.0.now.load();
        let Some(Channel::Chat(chat)) = set.receivers.get(receiver).map(|receiver| &receiver.channel) else {
            return 1;
        };
        together(batch).map_or(1, |batch| chat.messages(&batch))
    }

    /// Makes one try of what is told together; what became of each, and until when the other side wants silence, if it
    /// does.
    async fn deliver(&self, batch: &[OutboxEntry], clock: &Clock) -> (Vec<Delivery>, Option<Timestamp>) {
        let (began, at) = (Instant::now(), clock.now());
        let Some(message) = together(batch) else { return (Vec::new(), None) };
        let (result, answer) = self.send(&message, at).await;
        let tried = Tried { message: message.key(), at, began, result, answer, now: clock.now() };
        let each = batch.iter().map(|entry| tried.written(&entry.notification, entry.attempts + 1));
        let silent = match tried.result {
            Attempt::Failed { after: Some(after) } => tried.now.checked_add(after).ok(),
            Attempt::Failed { after: None } | Attempt::Sent | Attempt::Broken | Attempt::Rejected => None,
        };
        (each.collect(), silent)
    }

    /// Makes one try by the receiver's way. Only people are told several things at once.
    async fn send(&self, batch: &Batch, at: Timestamp) -> (Attempt, String) {
        let set = self.0.now.load_full();
        let (outward, console, first) = (&self.0.outward, &self.0.console, batch.first());
        let Some(receiver) = set.receivers.get(&first.receiver) else {
            return (Attempt::Rejected, "there is no such receiver any more".to_owned());
        };
        match &receiver.channel {
            Channel::Webhook(hook) => webhook::send(outward, first, hook, console, at).await,
            Channel::Chat(chat) => chat.send(outward, batch, console, at).await,
            Channel::Alertmanager(alertmanager) => alertmanager.send(outward, batch, console, at).await,
            Channel::PagerDuty(pagerduty) => pagerduty.send(outward, batch, console, at).await,
            Channel::Email(_) => match (receiver.mailbox_of(first), &set.mailer) {
                (Some(mailbox), Some(mailer)) => {
                    mailer.send(batch, mailbox, &set.receivers.wording, at).await
                }
                (None, _) => (Attempt::Rejected, "this mailbox was taken off the list".to_owned()),
                (_, None) => (Attempt::Broken, "no mail relay is set up".to_owned()),
            },
        }
    }
}

/// What is told in one message.
fn together(batch: &[OutboxEntry]) -> Option<Batch> {
    Batch::of(batch.iter().map(|entry| entry.notification.clone()).collect())
}

/// What one try came to.
struct Tried {
    /// The key of what was told.
    message: NotificationKey,
    at: Timestamp,
    began: Instant,
    result: Attempt,
    answer: String,
    now: Timestamp,
}

impl Tried {
    /// As it is written down for one of those that were told.
    fn written(&self, notification: &Notification, attempt: u32) -> Delivery {
        Delivery {
            key: notification.key.clone(),
            attempt,
            at: self.at,
            took_ms: self.began.elapsed().as_millis().try_into().unwrap_or(u32::MAX),
            outcome: retry::outcome(&self.result, notification, &self.message, attempt, self.now),
            answer: self.answer.clone(),
        }
    }
}
