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
mod holding;
mod outages;
mod reply;
mod shifts;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;
use serde_json::json;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use self::budgets::Budgets;
use self::holding::Holds;
use self::outages::Outages;
pub(super) use self::reply::Official;
use self::shifts::Shifts;
pub(super) use self::shifts::pack as carried;
use super::clock::Clock;
use super::flow::{Clerk, Concluded};
use super::health::Health;
use super::live::{Live, LiveKind};
use crate::detect::Signal;
use crate::incident::{
    Act, Actor, Agenda, BadFact, Change, Desk, DeskConfig, FactCard, Incident, IncidentId, Refusal,
};
use crate::journal::record::{AuditEntry, DeskRecord, DeskVerdict, PersonOrToken, Record};
use crate::journal::{Journal, JournalError, Sequence, Stream};
use crate::notify::policy::{BadSilence, Silence};
use crate::notify::{Delivery, NotificationKey, Outcome};
use crate::people::{Person, TokenRecord};
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

/// Gives the desk its work; clones share it.
#[derive(Clone)]
pub struct DeskHandle {
    sender: mpsc::Sender<Command>,
}

/// Why the desk did not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// The state of the incident does not allow it, or there is no such incident.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same idempotency key was used for something else.
    #[error("this idempotency key was used for something else")]
    KeyUsed,
    /// A verdict says nothing of a post.
    #[error("say at least one of grade, category, department, sentiment and question")]
    NothingSaid,
    /// A verdict says that a post is no service's matter, and gives it a grade or a department.
    #[error("what is no service's matter has neither grade nor department: both are none, or not spoken of")]
    NobodysMatter,
    /// There is no such hand-over, or a later one has taken its place.
    #[error("there is no hand-over {0} to be accepted")]
    NoHandover(String),
    /// A silence is not taken.
    #[error(transparent)]
    Silence(#[from] BadSilence),
    /// A fact card does not say enough.
    #[error(transparent)]
    Fact(#[from] BadFact),
    /// The disk has no room.
    #[error("the disk is full")]
    DiskFull,
    /// The daemon ends.
    #[error("the daemon is stopping")]
    Stopped,
    /// Journal or store failed.
    #[error("the change could not be stored")]
    Failed(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

type Answer<T> = oneshot::Sender<Result<T, DeskError>>;

enum Command {
    Conclude(Vec<Signal>, Answer<()>),
    Act { incident: IncidentId, act: Act, by: Actor, key: Option<String>, answer: Answer<Incident> },
    Judge(Box<DeskVerdict>, Answer<()>),
    State { card: Box<FactCard>, told: Vec<IncidentId>, answer: Answer<()> },
    Merged(Vec<(u64, u64)>, Answer<()>),
    Officials(Vec<Official>, Answer<()>),
    Silence(Box<Silence>, Answer<()>),
    EndSilence(String, Actor, Answer<()>),
    Accept(String, Actor, Option<String>, Answer<()>),
    Record(Box<DeskRecord>, Answer<()>),
    NewClerk(Box<dyn FnOnce(&mut Clerk) + Send>, Answer<()>),
}

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

impl DeskHandle {
    /// Does something to an incident; gives it as it stands afterwards. With a key that was used before
    /// for the same incident nothing is done again.
    pub async fn act(
        &self,
        incident: IncidentId,
        act: Act,
        by: Actor,
        idempotency_key: Option<String>,
    ) -> Result<Incident, DeskError> {
        self.ask(|answer| Command::Act { incident, act, by, key: idempotency_key, answer }).await
    }

    /// Adds or changes a person.
    pub async fn put_person(&self, person: Person) -> Result<(), DeskError> {
        self.record(DeskRecord::Person(Box::new(person))).await
    }

    /// Adds or changes a token.
    pub async fn put_token(&self, token: TokenRecord) -> Result<(), DeskError> {
        self.record(DeskRecord::Token(Box::new(token))).await
    }

    /// Lets a source rest, or read again.
    pub async fn pause_source(
        &self,
        source: SourceId,
        paused: bool,
        by: PersonOrToken,
        at: Timestamp,
    ) -> Result<(), DeskError> {
        self.record(DeskRecord::SourcePaused { source, paused, by, at }).await
    }

    /// Writes something down that changes no state.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), DeskError> {
        self.record(DeskRecord::Audit(Box::new(entry))).await
    }

    /// Concludes from signals; done when it is durable.
    pub(super) async fn conclude(&self, signals: Vec<Signal>) -> Result<(), DeskError> {
        self.ask(|answer| Command::Conclude(signals, answer)).await
    }

    /// Writes a record down and applies it.
    pub(super) async fn record(&self, record: DeskRecord) -> Result<(), DeskError> {
        self.ask(|answer| Command::Record(Box::new(record), answer)).await
    }

    /// Changes rules, receivers or names between two decisions.
    pub(super) async fn change(
        &self,
        change: impl FnOnce(&mut Clerk) + Send + 'static,
    ) -> Result<(), DeskError> {
        self.ask(|answer| Command::NewClerk(Box::new(change), answer)).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, DeskError> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(command(answer)).await.map_err(|_| DeskError::Stopped)?;
        answered.await.unwrap_or(Err(DeskError::Stopped))
    }
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
        let budgets = budgets_now(&store, &clerk, clock.now())?;
        let task = Self {
            receiver,
            clerk,
            config,
            journal,
            store,
            live,
            agenda,
            holds,
            budgets,
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
                match budgets_now(&self.store, &self.clerk, now) {
                    Ok(budgets) => self.budgets = budgets,
                    Err(error) => tracing::error!(%error, "what was told in this shift could not be read"),
                }
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

    fn tell(&self, records: &[DeskRecord], changed: &[Incident]) {
        for record in records {
            match record {
                DeskRecord::Desk(step) => {
                    for event in &step.events {
                        if let Change::Open(opening) = &event.change {
                            let grade = opening.alert.grade.as_str();
                            counter!(metric::INCIDENTS, "grade" => grade).increment(1);
                            tracing::info!(incident = %event.incident, grade, "incident opened");
                        }
                        if matches!(event.change, Change::Respond { url: Some(_), .. }) {
                            self.said.notify_one();
                        }
                    }
                    if !step.notifications.is_empty() {
                        self.outbox.notify_one();
                    }
                }
                DeskRecord::Delivered(delivery) => self.tell_delivery(delivery),
                DeskRecord::Together(deliveries) => {
                    for delivery in deliveries {
                        self.tell_delivery(delivery);
                    }
                }
                DeskRecord::Requeued(_) | DeskRecord::Fates(_) | DeskRecord::Outage(_) => {
                    self.outbox.notify_one();
                }
                DeskRecord::Person(_)
                | DeskRecord::Token(_)
                | DeskRecord::Lexicon { .. }
                | DeskRecord::Rules { .. }
                | DeskRecord::SourcePaused { .. }
                | DeskRecord::Audit(_)
                | DeskRecord::Verdict(_)
                | DeskRecord::Rescored(_)
                | DeskRecord::Silence(_)
                | DeskRecord::Handover(_)
                | DeskRecord::Fact(_) => {}
            }
        }
        for incident in changed {
            self.live.tell(
                LiveKind::Incident,
                json!({
                    "id": incident.id.to_string(), "grade": incident.grade, "state": incident.state,
                    "title": incident.title, "updated_at": incident.updated_at,
                }),
            );
        }
    }

    fn tell_delivery(&self, delivery: &Delivery) {
        let outcome = match delivery.outcome {
            Outcome::Sent => "sent",
            Outcome::Retry(_) => "retry",
            Outcome::Broken => "broken",
            Outcome::Rejected => "rejected",
        };
        let told = json!({"key": delivery.key.as_str(), "outcome": outcome, "attempt": delivery.attempt});
        self.live.tell(LiveKind::Notification, told);
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
        match budgets_now(&self.store, &self.clerk, now) {
            Ok(budgets) => self.budgets = budgets,
            Err(error) => tracing::error!(%error, "what was told in this shift could not be read back"),
        }
        if let Err(error) = self.outages.start_over(&self.store) {
            tracing::error!(%error, "the outages could not be read back");
        }
        match Shifts::read(&self.store, now) {
            Ok(shifts) => self.shifts = shifts,
            Err(error) => tracing::error!(%error, "the hand-overs could not be read back"),
        }
    }
}

fn budgets_now(store: &Store, clerk: &Clerk, now: Timestamp) -> Result<Budgets, StoreError> {
    Budgets::read(store, &clerk.receivers, budgets::began(clerk.clocks.rota(), now))
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
