//! How others ask the desk for something, and why it may not be done.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::Official;
use crate::detect::Signal;
use crate::incident::{Act, Actor, BadFact, FactCard, Incident, IncidentId, Refusal};
use crate::journal::record::{AuditEntry, DeskRecord, DeskVerdict, PersonOrToken};
use crate::notify::policy::{BadSilence, Silence};
use crate::people::{Person, TokenRecord};
use crate::pipeline::flow::Clerk;
use crate::source::SourceId;

/// Gives the desk its work; clones share it.
#[derive(Clone)]
pub struct DeskHandle {
    pub(super) sender: mpsc::Sender<Command>,
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

pub(super) type Answer<T> = oneshot::Sender<Result<T, DeskError>>;

/// What is asked for.
pub(super) enum Command {
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
    pub(in crate::pipeline) async fn conclude(&self, signals: Vec<Signal>) -> Result<(), DeskError> {
        self.ask(|answer| Command::Conclude(signals, answer)).await
    }

    /// Writes a record down and applies it.
    pub(in crate::pipeline) async fn record(&self, record: DeskRecord) -> Result<(), DeskError> {
        self.ask(|answer| Command::Record(Box::new(record), answer)).await
    }

    /// Changes rules, receivers or names between two decisions.
    pub(in crate::pipeline) async fn change(
        &self,
        change: impl FnOnce(&mut Clerk) + Send + 'static,
    ) -> Result<(), DeskError> {
        self.ask(|answer| Command::NewClerk(Box::new(change), answer)).await
    }

    pub(super) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, DeskError> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(command(answer)).await.map_err(|_| DeskError::Stopped)?;
        answered.await.unwrap_or(Err(DeskError::Stopped))
    }
}
