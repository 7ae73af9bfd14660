//! Delivers what lies in the outbox, at least once, each receiver in a lane of its own.
//!
//! The outbox is the queue; the lanes hold what is being tried now. A receiver that hangs fills its own
//! lane and nothing else. What a try came to is written down by the desk before the next is decided.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use metrics::{counter, histogram};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::clock::Clock;
use super::desk::{DeskError, DeskHandle};
use super::health::Health;
use crate::notify::heartbeat::Heartbeat;
use crate::notify::{
    Attempt, Batch, Channel, Delivery, Mailer, Notification, NotificationKey, Outcome, Receivers, retry,
    silence_of, test_of, webhook,
};
use crate::outward::Outward;
use crate::store::{OutboxEntry, Store};
use crate::telemetry::metric;

/// Tries at once to one receiver.
const LANE: usize = 8;
/// Notifications under way at once, all lanes together.
const MOST: usize = 512;
/// Longest sleep between two glances at the outbox.
const GLANCE: Duration = Duration::from_secs(30);
/// At the end, tries under way may last so much longer.
const LAST: Duration = Duration::from_secs(1);
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);

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
        let set = self.0.now.load_full();
        let notifications = test_of(set.receivers.get(receiver)?, clock.now());
        let mut deliveries = Vec::new();
        for notification in notifications {
            deliveries.push(self.deliver(&notification, 1, clock).await);
        }
        Some(deliveries)
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
        let set = self.0.now.load_full();
        let notifications = silence_of(set.receivers.get(receiver)?, silent, why, since, clock.now());
        let mut deliveries = Vec::new();
        for notification in notifications {
            deliveries.push(self.deliver(&notification, 1, clock).await);
        }
        Some(deliveries)
    }

    /// Makes one try.
    async fn deliver(&self, notification: &Notification, attempt: u32, clock: &Clock) -> Delivery {
        let (began, at) = (Instant::now(), clock.now());
        let set = self.0.now.load_full();
        let (result, answer) = match set.receivers.get(&notification.receiver) {
            None => (Attempt::Rejected, "there is no such receiver any more".to_owned()),
            Some(receiver) => match &receiver.channel {
                Channel::Webhook(hook) => {
                    webhook::send(&self.0.outward, notification, hook, &self.0.console, at).await
                }
                Channel::Chat(chat) => {
                    let batch = Batch::one(notification.clone());
                    chat.send(&self.0.outward, &batch, &self.0.console, at).await
                }
                Channel::Alertmanager(alertmanager) => {
                    let batch = Batch::one(notification.clone());
                    alertmanager.send(&self.0.outward, &batch, &self.0.console, at).await
                }
                Channel::PagerDuty(pagerduty) => {
                    let batch = Batch::one(notification.clone());
                    pagerduty.send(&self.0.outward, &batch, &self.0.console, at).await
                }
                Channel::Email(_) => match (receiver.mailbox_of(notification), &set.mailer) {
                    (Some(mailbox), Some(mailer)) => mailer.send(notification, mailbox, at).await,
                    (None, _) => (Attempt::Rejected, "this mailbox was taken off the list".to_owned()),
                    (_, None) => (Attempt::Broken, "no mail relay is set up".to_owned()),
                },
            },
        };
        let now = clock.now();
        let outcome = retry::outcome(&result, notification, attempt, now);
        let took_ms = began.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        Delivery { key: notification.key.clone(), attempt, at, took_ms, outcome, answer }
    }
}

/// The task.
pub(super) struct CourierTask {
    pub(super) store: Store,
    pub(super) desk: DeskHandle,
    pub(super) carriers: Carriers,
    /// Told when something new lies in the outbox.
    pub(super) outbox: Arc<Notify>,
    pub(super) clock: Clock,
    pub(super) health: Health,
}

/// What is being tried now.
type UnderWay = Arc<Mutex<HashSet<NotificationKey>>>;

impl CourierTask {
    /// Delivers until stopped. A try that does not end soon then is given up: it is made again after the
    /// next start, under the same key.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut tries = JoinSet::new();
        let under_way = UnderWay::default();
        let mut lanes: BTreeMap<String, Arc<Semaphore>> = BTreeMap::new();
        loop {
            let woken = self.outbox.notified();
            let working = self.health.working("courier", LIMIT);
            let due = self.due(&under_way).await;
            drop(working);
            for entry in due {
                let receiver = entry.notification.receiver.clone();
                let lane = lanes.entry(receiver).or_insert_with(|| Arc::new(Semaphore::new(LANE)));
                let Ok(place) = Arc::clone(lane).try_acquire_owned() else { continue };
                lock(&under_way).insert(entry.notification.key.clone());
                let try_one = Try {
                    entry,
                    desk: self.desk.clone(),
                    carriers: self.carriers.clone(),
                    clock: self.clock.clone(),
                    under_way: Arc::clone(&under_way),
                };
                tries.spawn(async move {
                    let _place = place;
                    try_one.make().await;
                });
            }
            let wait = self.until_next(tries.len()).await;
            tokio::select! {
                () = stop.cancelled() => break,
                () = woken => {}
                Some(_) = tries.join_next(), if !tries.is_empty() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        let all = async { while tries.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST, all).await.is_err() {
            tries.shutdown().await;
        }
    }

    async fn due(&self, under_way: &UnderWay) -> Vec<OutboxEntry> {
        // Before the outbox is read: a try that ends in between is still due in what was read, and would be
        // made twice. What was under way then comes back by itself, when its try has ended.
        let busy = lock(under_way).clone();
        let (store, now) = (self.store.clone(), self.clock.now());
        let due = tokio::task::spawn_blocking(move || store.outbox_due(MOST, now)).await;
        match due {
            Ok(Ok(due)) => due.into_iter().filter(|entry| !busy.contains(&entry.notification.key)).collect(),
            Ok(Err(error)) => {
                tracing::error!(%error, "the outbox could not be read");
                Vec::new()
            }
            Err(error) => {
                tracing::error!(%error, "the outbox could not be read");
                Vec::new()
            }
        }
    }

    /// What is due and under way comes back when its try ends, so it is not slept for.
    async fn until_next(&self, running: usize) -> Duration {
        let store = self.store.clone();
        let next = tokio::task::spawn_blocking(move || store.outbox_next()).await;
        let Ok(Ok(Some(next))) = next else { return GLANCE };
        let wait = super::crawling::wait_until(next, self.clock.now());
        if running > 0 { wait.clamp(Duration::from_millis(250), GLANCE) } else { wait.min(GLANCE) }
    }
}

/// One try.
struct Try {
    entry: OutboxEntry,
    desk: DeskHandle,
    carriers: Carriers,
    clock: Clock,
    under_way: UnderWay,
}

impl Try {
    async fn make(self) {
        let notification = &self.entry.notification;
        let waited = self.clock.now().duration_since(notification.created_at);
        if self.entry.attempts == 0 {
            histogram!(metric::ALERT_SECONDS).record(waited.as_secs_f64());
        }
        let delivery = self.carriers.deliver(notification, self.entry.attempts + 1, &self.clock).await;
        let outcome = match delivery.outcome {
            Outcome::Sent => "sent",
            Outcome::Retry(_) => "retry",
            Outcome::Broken => "broken",
            Outcome::Rejected => "rejected",
        };
        let receiver = notification.receiver.clone();
        tracing::info!(
            receiver,
            outcome,
            attempt = delivery.attempt,
            answer = delivery.answer,
            "delivery tried"
        );
        counter!(metric::DELIVERIES, "receiver" => receiver, "outcome" => outcome).increment(1);
        loop {
            match self.desk.delivered(delivery.clone()).await {
                Ok(()) | Err(DeskError::Stopped) => break,
                Err(error) => {
                    // Not written down it would be sent again at once; the disk may come back.
                    tracing::error!(%error, "a delivery could not be written down; trying again");
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
        }
        lock(&self.under_way).remove(&notification.key);
    }
}

fn lock(under_way: &UnderWay) -> std::sync::MutexGuard<'_, HashSet<NotificationKey>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}
