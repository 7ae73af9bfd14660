//! The one writer of the desk: conclusions, people's acts, deliveries and changes of people and versions.
//!
//! One task owns the incidents. It decides on all that waits, appends it to the journal as one batch,
//! applies it to the store, and only then answers, wakes the courier and tells the browsers.
//!
//! It also keeps the time: it sleeps until the first of the incidents' clocks has something to tell. When it does is
//! computed from the incidents, so what fell due while the daemon was away is told at its start, once.

mod budgets;
mod delivery;
mod fact;
mod handle;
mod holding;
mod outages;
mod reply;
mod shifts;
mod telling;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use self::budgets::Budgets;
use self::handle::{Answer, Command};
pub use self::handle::{DeskError, DeskHandle};
use self::holding::Holds;
use self::outages::Outages;
pub(super) use self::reply::Official;
use self::shifts::Shifts;
pub(super) use self::shifts::pack as carried;
use super::clock::Clock;
use super::flow::{Clerk, Concluded};
use super::health::Health;
use super::live::Live;
use crate::detect::Signal;
use crate::incident::{Act, Actor, Agenda, Desk, DeskConfig, Incident, IncidentId, Refusal};
use crate::journal::record::{DeskRecord, Record};
use crate::journal::{Journal, JournalError, Sequence, Stream};
use crate::notify::NotificationKey;
use crate::source::SourceId;
use crate::store::{OutboxEntry, Store, StoreError};
use crate::telemetry::metric;

/// Commands that may wait before senders have to.
const QUEUE: usize = 256;
/// Most commands decided on at once.
const BATCH: usize = 256;
/// Longest sleep between two glances at the clocks: the wall clock may be set while it sleeps.
const GLANCE: Duration = Duration::from_secs(30);
/// A write that failed is not tried again at once for a clock's sake.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);

/// What is told when a batch is durable.
enum Promise {
    Done(Answer<()>),
    Incident(Answer<Incident>, Box<Incident>),
}

/// What commands that are decided on together come to.
#[derive(Default)]
struct Round {
    /// To be written down, in order.
    records: Vec<DeskRecord>,
    /// Told when it is.
    promises: Vec<Promise>,
    /// The incidents as they stand then, to be shown.
    changed: Vec<Incident>,
}

impl Round {
    fn extend(&mut self, concluded: impl IntoIterator<Item = Concluded>) {
        for Concluded { step, incidents } in concluded {
            self.records.push(DeskRecord::Desk(Box::new(step)));
            self.changed.extend(incidents);
        }
    }

    /// Takes records whose writing down is the answer.
    fn write(
        &mut self,
        records: Result<impl IntoIterator<Item = DeskRecord>, DeskError>,
        answer: Answer<()>,
    ) {
        match records {
            Ok(records) => {
                self.records.extend(records);
                self.promises.push(Promise::Done(answer));
            }
            Err(error) => drop(answer.send(Err(error))),
        }
    }
}

/// The task behind the handle.
pub(super) struct DeskTask {
    receiver: mpsc::Receiver<Command>,
    clerk: Clerk,
    config: DeskConfig,
    journal: Journal,
    store: Store,
    live: Live,
    /// When which incident has something to tell.
    agenda: Agenda,
    /// What has to wait before it is told.
    holds: Holds,
    /// What was told one by one in this shift, where that is bounded.
    budgets: Budgets,
    shifts: Shifts,
    outages: Outages,
    /// Least sleep before the clocks are looked at again; not zero after a failed write.
    rest: Duration,
    /// Told when something new lies in the outbox.
    outbox: Arc<Notify>,
    /// What is new in it, for whoever can send it at once.
    fresh: mpsc::Sender<Vec<OutboxEntry>>,
    /// Told when somebody says where the public was answered.
    said: Arc<Notify>,
    clock: Clock,
    health: Health,
}

/// What a desk task needs besides its handle.
pub(super) struct DeskParts {
    pub(super) clerk: Clerk,
    pub(super) config: DeskConfig,
    /// The sources that should be read, and what people call them.
    pub(super) sources: Vec<(SourceId, String)>,
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) live: Live,
    pub(super) outbox: Arc<Notify>,
    pub(super) fresh: mpsc::Sender<Vec<OutboxEntry>>,
    pub(super) said: Arc<Notify>,
    pub(super) clock: Clock,
    pub(super) health: Health,
}

impl DeskTask {
    /// The handle and the task behind it.
    pub(super) fn new(parts: DeskParts) -> Result<(DeskHandle, Self), StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let DeskParts { clerk, config, sources, journal, store, live, outbox, fresh, said, clock, health } =
            parts;
        let agenda = Agenda::of(&clerk.clocks, clerk.desk.open_incidents());
        let (holds, rest) = (Holds::read(&store)?, Duration::ZERO);
        let shifts = Shifts::read(&store, clock.now())?;
        let outages = Outages::read(&store, sources, clock.now())?;
        let task = Self {
            receiver,
            clerk,
            config,
            journal,
            store,
            live,
            agenda,
            holds,
            budgets: Budgets::default(),
            shifts,
            outages,
            rest,
            outbox,
            fresh,
            said,
            clock,
            health,
        };
        Ok((DeskHandle { sender }, task))
    }

    /// Works until stopped, or until nobody can ask for anything any more.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let wait = self.until_next();
            let first = tokio::select! {
                () = stop.cancelled() => return,
                // `None`: nobody can ask for anything any more.
                command = self.receiver.recv() => match command {
                    Some(command) => Some(command),
                    None => return,
                },
                () = tokio::time::sleep(wait) => None,
            };
            let _working = self.health.clone().working("desk", LIMIT);
            let mut commands = Vec::from_iter(first);
            while commands.len() < BATCH {
                let Ok(next) = self.receiver.try_recv() else { break };
                commands.push(next);
            }
            self.take(commands).await;
        }
    }

    async fn take(&mut self, commands: Vec<Command>) {
        let now = self.clock.now();
        let mut round = Round::default();
        for command in commands {
            self.decide(command, now, &mut round);
        }
        for incident in &round.changed {
            self.agenda.look(&self.clerk.clocks, incident);
        }
        self.tick(now, &mut round);
        if let Err(error) = self.change_shifts(now, &mut round) {
            tracing::error!(%error, "the change of a shift could not be prepared; trying again");
            self.shifts.rest(now);
        }
        if let Err(error) = self.listen(now, &mut round) {
            tracing::error!(%error, "whether the sources are heard could not be looked up");
        }
        let held = self.hold(now, &mut round);
        if let Err(error) = &held {
            // Not held back it is told at once: better early than lost.
            tracing::error!(%error, "what has to wait could not be looked up");
        }
        let Round { records, promises, changed } = round;
        match self.write(records).await {
            Ok(records) => {
                self.rest = if held.is_ok() { Duration::ZERO } else { AFTER_FAILURE };
                self.tell(&records, &changed);
                for promise in promises {
                    // Whoever does not wait any more does not want to know.
                    match promise {
                        Promise::Done(answer) => drop(answer.send(Ok(()))),
                        Promise::Incident(answer, incident) => drop(answer.send(Ok(*incident))),
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "the desk's changes could not be stored");
                self.start_over(now);
                self.rest = AFTER_FAILURE;
                for promise in promises {
                    match promise {
                        Promise::Done(answer) => drop(answer.send(Err(error.clone()))),
                        Promise::Incident(answer, _) => drop(answer.send(Err(error.clone()))),
                    }
                }
            }
        }
    }

    /// What a command changes.
    fn decide(&mut self, command: Command, now: Timestamp, round: &mut Round) {
        match command {
            Command::Conclude(signals, answer) => {
                for signal in signals {
                    match self.conclude(&signal, now) {
                        Ok(concluded) => round.extend(concluded),
                        Err(error) => tracing::error!(%error, "a signal could not be looked up"),
                    }
                }
                round.promises.push(Promise::Done(answer));
            }
            Command::Act { incident, act, by, key, answer } => match self.act(&incident, act, by, key, now) {
                Ok((incident, step)) => {
                    round.extend(step);
                    round.promises.push(Promise::Incident(answer, Box::new(incident)));
                }
                Err(error) => drop(answer.send(Err(error))),
            },
            Command::Judge(verdict, answer) => {
                let repeated = self.is_repeated(&verdict);
                let records = repeated.map(|repeated| (!repeated).then_some(DeskRecord::Verdict(verdict)));
                round.write(records, answer);
            }
            Command::State { card, told, answer } => {
                round.extend(self.tell_fact(&card, &told, now));
                round.write(Ok([DeskRecord::Fact(card)]), answer);
            }
            Command::Merged(events, answer) => round.write(self.moved_facts(&events), answer),
            Command::Officials(officials, answer) => match self.hear_officials(&officials, now) {
                Ok(concluded) => {
                    round.extend(concluded);
                    round.promises.push(Promise::Done(answer));
                }
                Err(error) => drop(answer.send(Err(error))),
            },
            Command::Silence(silence, answer) => self.take_silence(silence, round, answer),
            Command::EndSilence(id, by, answer) => self.take_end(&id, by, now, round, answer),
            Command::Accept(id, by, note, answer) => self.take_accept(&id, by, note, now, round, answer),
            Command::Record(record, answer) => {
                match self.fallbacks(&record, now) {
                    Ok(copies) => round.records.extend(copies),
                    Err(error) => tracing::error!(%error, "the second channel could not be told"),
                }
                round.write(Ok([*record]), answer);
            }
            Command::NewClerk(change, answer) => {
                change(&mut self.clerk);
                self.agenda = Agenda::of(&self.clerk.clocks, self.clerk.desk.open_incidents());
                self.shifts.look_again();
                // A receiver may have a budget that had none.
                self.budgets = Budgets::default();
                round.promises.push(Promise::Done(answer));
            }
        }
    }

    /// How long until a clock has something to tell.
    fn until_next(&self) -> Duration {
        let due = [self.agenda.first(), self.holds.first(), self.shifts.next()];
        let first = due.into_iter().flatten().min().unwrap_or(Timestamp::MAX).min(self.outages.next());
        super::crawling::wait_until(first, self.clock.now()).max(self.rest).min(GLANCE)
    }

    /// What the clocks have to tell by now.
    fn tick(&mut self, now: Timestamp, round: &mut Round) {
        for id in self.agenda.due(now).into_iter().take(BATCH) {
            round.extend(self.clerk.tick(&id, now));
            if let Some(incident) = self.clerk.desk.get(&id) {
                self.agenda.look(&self.clerk.clocks, incident);
            }
        }
    }

    fn conclude(&mut self, signal: &Signal, now: Timestamp) -> Result<Option<Concluded>, StoreError> {
        if self.store.signal(&signal.id)?.is_some() {
            return Ok(None);
        }
        counter!(metric::SIGNALS).increment(1);
        let signal = self.with_fact(signal)?;
        Ok(self.clerk.conclude(&signal, now))
    }

    /// The incident after the act, and what is to be written, if anything.
    fn act(
        &mut self,
        id: &IncidentId,
        act: Act,
        by: Actor,
        key: Option<String>,
        now: Timestamp,
    ) -> Result<(Incident, Option<Concluded>), DeskError> {
        if self.clerk.desk.get(id).is_none() {
            let incident = self.store.incident(id).map_err(failed)?;
            self.clerk.desk.admit(incident.ok_or_else(|| Refusal::Unknown(id.clone()))?);
        }
        if let Some(key) = &key
            && let Some(before) = self.store.repeated(key).map_err(failed)?
        {
            let same = before.incidents.is_empty() || before.incidents.contains(id);
            let incident = self.clerk.desk.get(id).cloned().ok_or_else(|| Refusal::Unknown(id.clone()))?;
            return if same { Ok((incident, None)) } else { Err(DeskError::KeyUsed) };
        }
        let concluded = self.clerk.act(id, act, by, key, now)?;
        let incident = self.clerk.desk.get(id).cloned().ok_or_else(|| Refusal::Unknown(id.clone()))?;
        let nothing = concluded.step.events.is_empty() && concluded.step.idempotency_key.is_none();
        Ok((incident, (!nothing).then_some(concluded)))
    }

    async fn write(&self, records: Vec<DeskRecord>) -> Result<Vec<DeskRecord>, DeskError> {
        if records.is_empty() {
            return Ok(records);
        }
        let bytes = records.iter().map(|record| (Stream::Desk, record.encode())).collect();
        let sequences = self.journal.append(bytes).await.map_err(|error| match error {
            JournalError::Full => DeskError::DiskFull,
            JournalError::Closed => DeskError::Stopped,
            error => failed(error),
        })?;
        let store = self.store.clone();
        let batch: Vec<_> = sequences.into_iter().zip(records).collect();
        let fresh = fresh(&batch);
        if !fresh.is_empty() && self.fresh.try_send(fresh).is_err() {
            tracing::debug!("the courier is busy, and finds what is new in the outbox");
        }
        let applying = tokio::task::spawn_blocking(move || {
            store.apply_desk(&batch)?;
            Ok::<_, StoreError>(batch.into_iter().map(|(_, record)| record).collect())
        });
        applying.await.map_err(failed)?.map_err(failed)
    }

    /// After a failed write memory is ahead of the journal: go back to what is stored.
    fn start_over(&mut self, now: Timestamp) {
        let since = now.saturating_sub(self.config.recurs_within).unwrap_or(Timestamp::MIN);
        match self.store.incidents_in_mind(since) {
            Ok(incidents) => {
                self.clerk.desk = Desk::restore(self.config.clone(), incidents);
                self.agenda = Agenda::of(&self.clerk.clocks, self.clerk.desk.open_incidents());
            }
            Err(error) => tracing::error!(%error, "the incidents could not be read back"),
        }
        match Holds::read(&self.store) {
            Ok(holds) => self.holds = holds,
            Err(error) => tracing::error!(%error, "what is held back could not be read back"),
        }
        self.budgets = Budgets::default();
        if let Err(error) = self.outages.start_over(&self.store) {
            tracing::error!(%error, "the outages could not be read back");
        }
        match Shifts::read(&self.store, now) {
            Ok(shifts) => self.shifts = shifts,
            Err(error) => tracing::error!(%error, "the hand-overs could not be read back"),
        }
    }
}

/// What is planned by these records and need not wait.
fn fresh(batch: &[(Sequence, DeskRecord)]) -> Vec<OutboxEntry> {
    let mut fresh = Vec::new();
    let mut held: BTreeSet<&NotificationKey> = BTreeSet::new();
    for (sequence, record) in batch {
        match record {
            DeskRecord::Desk(step) => fresh.extend(step.notifications.iter().map(|one| (*sequence, one))),
            DeskRecord::Outage(told) => fresh.extend(told.1.iter().map(|one| (*sequence, one))),
            DeskRecord::Fates(fates) => held.extend(fates.iter().map(|decided| &decided.key)),
            _ => {}
        }
    }
    fresh.retain(|(_, notification)| !held.contains(&notification.key));
    fresh
        .into_iter()
        .map(|(sequence, notification)| OutboxEntry::planned(sequence, notification.clone()))
        .collect()
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> DeskError {
    DeskError::Failed(Arc::new(error))
}
