//! The courier's loop: each receiver in a lane of its own, so that one that hangs fills its lane and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, histogram};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::robot::{DIGEST, Next, Robot};
use super::{Carriers, Way};
use crate::incident::IncidentId;
use crate::notify::policy::budget::BUNDLE;
use crate::notify::{Delivery, NotificationKey, Outcome};
use crate::pipeline::clock::Clock;
use crate::pipeline::crawling::wait_until;
use crate::pipeline::desk::{DeskError, DeskHandle};
use crate::pipeline::health::Health;
use crate::store::{OutboxEntry, Store, StoreError};
use crate::telemetry::metric;

/// Tries at once to one receiver; a robot has one, and what it came to is written down before the next. A relay is asked by
/// few connections; what takes each message by itself may be asked by more.
const MAILS: usize = 8;
const LANE: usize = 32;
/// Notifications under way at once, all lanes together.
const MOST: usize = 512;
/// Longest sleep between two glances at the outbox.
const GLANCE: Duration = Duration::from_secs(30);
/// At the end, tries under way may last so much longer.
const LAST: Duration = Duration::from_secs(1);
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);

/// The task.
pub(in crate::pipeline) struct CourierTask {
    pub(in crate::pipeline) store: Store,
    pub(in crate::pipeline) desk: DeskHandle,
    pub(in crate::pipeline) carriers: Carriers,
    /// Told when something new lies in the outbox.
    pub(in crate::pipeline) outbox: Arc<Notify>,
    /// What was planned a moment ago and is durable: tried at once where nothing waits before it. What is not taken from
    /// here lies in the outbox all the same.
    pub(in crate::pipeline) fresh: mpsc::Receiver<Vec<OutboxEntry>>,
    pub(in crate::pipeline) clock: Clock,
    pub(in crate::pipeline) health: Health,
}

/// What waits for one receiver.
struct Queue {
    receiver: String,
    due: Vec<OutboxEntry>,
    /// Whether more may be due than was read.
    more: bool,
    /// When the first falls due of what is not read.
    next: Option<Timestamp>,
}

/// A try that ended.
struct Ended {
    receiver: String,
    robot: Option<u64>,
    /// Until when the other side wants silence, if it does.
    silent: Option<Timestamp>,
    /// Incidents that were told.
    told: Vec<IncidentId>,
    at: Timestamp,
    keys: Vec<NotificationKey>,
}

/// What is known between rounds.
#[derive(Default)]
struct Known {
    /// What is under way, by receiver: tried, or what it came to not yet written down.
    busy: BTreeMap<String, BTreeSet<NotificationKey>>,
    /// How many tries have not ended, by receiver.
    trying: BTreeMap<String, Arc<AtomicUsize>>,
    /// Receivers for whom something waits in the outbox that came before what is fresh.
    behind: BTreeSet<String>,
    robots: HashMap<u64, Robot>,
}

impl CourierTask {
    /// Delivers until stopped. A try that does not end soon then is given up: it is made again after the
    /// next start, under the same key.
    pub(in crate::pipeline) async fn run(mut self, stop: CancellationToken) {
        let (mut tries, mut known) = (JoinSet::new(), Known::default());
        'rounds: loop {
            let outbox = Arc::clone(&self.outbox);
            let mut woken = pin!(outbox.notified());
            let working = self.health.working("courier", LIMIT);
            let mut wake = None;
            for queue in self.glance(&known).await {
                let next = self.serve(queue, &mut known, &mut tries);
                wake = wake.into_iter().chain(next).min();
            }
            drop(working);
            let wait = wake.map_or(GLANCE, |at| wait_until(at, self.clock.now()).min(GLANCE));
            let until = Instant::now() + wait;
            loop {
                tokio::select! {
                    () = stop.cancelled() => break 'rounds,
                    () = &mut woken => break,
                    Some(ended) = tries.join_next(), if !tries.is_empty() => {
                        known.note(ended);
                        break;
                    }
                    Some(fresh) = self.fresh.recv() => self.begin_fresh(fresh, &mut known, &mut tries),
                    () = tokio::time::sleep_until(until) => break,
                }
            }
            while let Some(ended) = tries.try_join_next() {
                known.note(ended);
            }
        }
        let all = async { while tries.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST, all).await.is_err() {
            tries.shutdown().await;
        }
    }

    /// What is due by now and not under way, by receiver: no more of each than can be begun.
    async fn glance(&self, known: &Known) -> Vec<Queue> {
        let (store, now) = (self.store.clone(), self.clock.now());
        let busy = known.busy.clone();
        let carriers = self.carriers.clone();
        let room: BTreeMap<String, usize> =
            known.trying.keys().map(|name| (name.clone(), known.room(name, LANE))).collect();
        let reading = move || {
            let (none, mut queues) = (BTreeSet::new(), Vec::new());
            for receiver in store.outbox_receivers()? {
                let room = room.get(&receiver).copied().unwrap_or(LANE);
                // A lane that is full is not read: the end of a try will wake us.
                if room == 0 {
                    continue;
                }
                // So many that the first bundle is read whole.
                let most = if carriers.way(&receiver).is_some() { DIGEST } else { room + BUNDLE };
                let mut due = store.outbox_due(&receiver, most, now, busy.get(&receiver).unwrap_or(&none))?;
                let more = due.len() == most;
                if more {
                    leave_what_is_cut(&mut due);
                }
                let next = if more { None } else { store.outbox_next(&receiver, now)? };
                queues.push(Queue { receiver, due, more, next });
            }
            Ok::<_, StoreError>(queues)
        };
        match tokio::task::spawn_blocking(reading).await {
            Ok(Ok(queues)) => queues,
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

    /// Begins what may be begun for one receiver; says when to look again, unless the end of a try will wake us.
    fn serve(&self, queue: Queue, known: &mut Known, tries: &mut JoinSet<Ended>) -> Option<Timestamp> {
        let Queue { receiver, mut due, more, next } = queue;
        let Some(Way { robot, pace }) = self.carriers.way(&receiver) else {
            let all = self.begin_all(&receiver, due, known, tries);
            if all && !more {
                known.behind.remove(&receiver);
            } else {
                known.behind.insert(receiver);
            }
            return next;
        };
        if known.busy.contains_key(&receiver) {
            return None;
        }
        let now = self.clock.now();
        let state = known.robots.entry(robot).or_insert_with(|| Robot::new(pace, now));
        match state.next(&due, now) {
            Next::Nothing => next,
            Next::Wait(until) => Some(until),
            Next::Send(which) => {
                let mut batch: Vec<OutboxEntry> = Vec::with_capacity(which.len());
                for at in which.into_iter().rev() {
                    batch.push(due.swap_remove(at));
                }
                batch.sort_by(|one, other| {
                    let order = |entry: &OutboxEntry| (entry.notification.created_at, entry.sequence);
                    order(one).cmp(&order(other))
                });
                state.begun(self.carriers.cost(&receiver, &batch), now);
                self.begin(receiver, Some(robot), batch, known, tries);
                None
            }
        }
    }

    /// Mails, webhooks and the like that were planned just now. Robots are not told from here: what they are told is
    /// decided over all that waits.
    fn begin_fresh(&self, fresh: Vec<OutboxEntry>, known: &mut Known, tries: &mut JoinSet<Ended>) {
        for entry in fresh {
            let receiver = entry.notification.receiver.clone();
            let under_way = known.busy.get(&receiver);
            let under_way = under_way.is_some_and(|keys| keys.contains(&entry.notification.key));
            if under_way || known.behind.contains(&receiver) || self.carriers.way(&receiver).is_some() {
                continue;
            }
            if !self.begin_all(&receiver, vec![entry], known, tries) {
                known.behind.insert(receiver);
            }
        }
    }

    /// Mails, webhooks and the like: one message each, some at once. Says whether all were begun.
    fn begin_all(
        &self,
        receiver: &str,
        due: Vec<OutboxEntry>,
        known: &mut Known,
        tries: &mut JoinSet<Ended>,
    ) -> bool {
        let lane = if self.carriers.is_mailbox(receiver) { MAILS } else { LANE };
        for message in messages(due) {
            if known.room(receiver, lane) == 0 || tries.len() >= MOST {
                return false;
            }
            self.begin(receiver.to_owned(), None, message, known, tries);
        }
        true
    }

    fn begin(
        &self,
        receiver: String,
        robot: Option<u64>,
        batch: Vec<OutboxEntry>,
        known: &mut Known,
        tries: &mut JoinSet<Ended>,
    ) {
        let keys: Vec<NotificationKey> = batch.iter().map(|entry| entry.notification.key.clone()).collect();
        known.busy.entry(receiver.clone()).or_default().extend(keys.iter().cloned());
        let trying = Trying::begin(known.trying.entry(receiver.clone()).or_default(), &self.outbox);
        let (desk, carriers, clock) = (self.desk.clone(), self.carriers.clone(), self.clock.clone());
        tries.spawn(async move {
            let (sent, silent) = Box::pin(make(&desk, &carriers, &clock, &receiver, &batch, trying)).await;
            let told = batch.into_iter().map(|entry| entry.notification.brief.incident);
            let told = if sent { told.collect() } else { Vec::new() };
            Ended { receiver, robot, silent, told, at: clock.now(), keys }
        });
    }
}

/// Leaves the last bundle for the next glance where more is due than was read: it may not be whole. A bundle falls due as
/// one, so that nothing stands between its parts.
fn leave_what_is_cut(due: &mut Vec<OutboxEntry>) {
    let Some(bundle) = due.last().and_then(OutboxEntry::bundle).cloned() else { return };
    let whole = due.iter().rposition(|entry| entry.bundle() != Some(&bundle)).map_or(0, |at| at + 1);
    // Alone it is whole, since no bundle is so long.
    if whole > 0 {
        due.truncate(whole);
    }
}

/// What is due, by message: one alone, or those of a bundle.
fn messages(due: Vec<OutboxEntry>) -> Vec<Vec<OutboxEntry>> {
    let mut messages: Vec<Vec<OutboxEntry>> = Vec::with_capacity(due.len());
    for entry in due {
        match messages.last_mut() {
            Some(last) if entry.bundle().is_some() && last[0].bundle() == entry.bundle() => last.push(entry),
            _ => messages.push(vec![entry]),
        }
    }
    messages
}

/// A try that has not ended. When it has, the next may begin, while what it came to is being written down.
struct Trying {
    count: Arc<AtomicUsize>,
    outbox: Arc<Notify>,
}

impl Trying {
    fn begin(count: &Arc<AtomicUsize>, outbox: &Arc<Notify>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self { count: Arc::clone(count), outbox: Arc::clone(outbox) }
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.outbox.notify_one();
    }
}

impl Known {
    /// How many more tries a receiver's lane has room for.
    fn room(&self, receiver: &str, lane: usize) -> usize {
        lane.saturating_sub(self.trying.get(receiver).map_or(0, |count| count.load(Ordering::Relaxed)))
    }

    fn note(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        match ended {
            Ok(ended) => self.ended(ended),
            Err(error) => tracing::error!(%error, "a try ended by a fault"),
        }
    }

    fn ended(&mut self, ended: Ended) {
        if let Some(busy) = self.busy.get_mut(&ended.receiver) {
            for key in &ended.keys {
                busy.remove(key);
            }
            if busy.is_empty() {
                self.busy.remove(&ended.receiver);
            }
        }
        if let Some(robot) = ended.robot.and_then(|robot| self.robots.get_mut(&robot)) {
            robot.told(ended.told, ended.at);
            if let Some(until) = ended.silent {
                robot.silence(until);
            }
        }
    }
}

/// Makes one try and has it written down; says whether it was taken, and until when the other side wants silence, if it
/// does.
async fn make(
    desk: &DeskHandle,
    carriers: &Carriers,
    clock: &Clock,
    receiver: &str,
    batch: &[OutboxEntry],
    trying: Trying,
) -> (bool, Option<Timestamp>) {
    let begun = clock.now();
    for entry in batch.iter().filter(|entry| entry.attempts == 0) {
        let waited = begun.duration_since(entry.notification.created_at);
        histogram!(metric::ALERT_SECONDS).record(waited.as_secs_f64());
    }
    let (deliveries, silent) = carriers.deliver(batch, clock).await;
    drop(trying);
    for delivery in &deliveries {
        let outcome = match delivery.outcome {
            Outcome::Sent => "sent",
            Outcome::Retry(_) => "retry",
            Outcome::Broken => "broken",
            Outcome::Rejected => "rejected",
        };
        counter!(metric::DELIVERIES, "receiver" => receiver.to_owned(), "outcome" => outcome).increment(1);
    }
    if let Some(Delivery { attempt, outcome, answer, .. }) = deliveries.first() {
        let together = deliveries.len();
        tracing::info!(receiver, ?outcome, attempt, together, answer, "delivery tried");
    }
    let sent = deliveries.iter().all(|delivery| delivery.outcome == Outcome::Sent);
    loop {
        match desk.delivered(deliveries.clone()).await {
            Ok(()) | Err(DeskError::Stopped) => return (sent, silent),
            Err(error) => {
                // Not written down it would be sent again at once; the disk may come back.
                tracing::error!(%error, "a delivery could not be written down; trying again");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::robot::tests::entry;
    use super::*;
    use crate::assess::Grade;
    use crate::notify::policy::Fate;

    #[test]
    fn a_bundle_is_one_message_and_is_never_cut() {
        // Which of what is due is of which bundle; what is left of it where more is due than was read; its messages.
        let cases: [(&[u32], usize, &[usize]); 5] = [
            (&[0, 0, 0], 3, &[1, 1, 1]),
            (&[0, 1, 1, 2, 2], 3, &[1, 2]),
            (&[1, 1, 2, 2, 0], 5, &[2, 2, 1]),
            (&[1, 1, 1], 3, &[3]),
            (&[], 0, &[]),
        ];
        for (bundles, left, messages) in cases {
            let mut due: Vec<OutboxEntry> =
                (1..).zip(bundles).map(|(nth, _)| entry(nth, Grade::Yellow, 0)).collect();
            let keys: Vec<NotificationKey> = due.iter().map(|entry| entry.notification.key.clone()).collect();
            for (entry, bundle) in due.iter_mut().zip(bundles).filter(|(_, bundle)| **bundle > 0) {
                entry.fate = Some(Fate::Bundled { bundle: NotificationKey(bundle.to_string()) });
            }
            leave_what_is_cut(&mut due);
            assert_eq!(due.len(), left, "{bundles:?}");
            let told = super::messages(due);
            assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), messages, "{bundles:?}");
            let order: Vec<_> = told.into_iter().flatten().map(|entry| entry.notification.key).collect();
            assert_eq!(order, keys[..left], "{bundles:?}");
        }
    }
}
