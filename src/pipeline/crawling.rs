//! Runs looks at sources: as many at once as configured, each host as gently as it wishes.
//!
//! The task owns the frontier: it starts a look when a source is due, learns what came of it, and writes
//! that down after the posts the look brought. A full intake makes looks wait, and waiting looks start no
//! others: that is how back-pressure reaches the frontier.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::courtesy::Courtesy;
use super::desk::{DeskError, DeskHandle};
use super::health::Health;
use super::intake::{Brought, Intake};
use super::live::{Live, LiveKind};
use super::look::{self, Looked, Looking};
use crate::crawl::frontier::{self, Frontier, SourceSchedule};
use crate::crawl::politeness::PolitenessConfig;
use crate::journal::record::{Look, LookOutcome, PersonOrToken, PostRecord};
use crate::source::{Source, SourceId};
use crate::store::{Store, StoreError};
use crate::telemetry::metric;

/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(2);
/// Longest sleep between two glances at the frontier.
const GLANCE: Duration = Duration::from_secs(5);

/// How the web is read: the `[crawl]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrawlConfig {
    /// Looks at sources at once. Default: 8.
    pub looks: NonZeroUsize,
    /// Most pages fetched at one look; what is left waits for the next. Default: 200.
    pub pages_per_look: usize,
    /// How gently one host is treated.
    pub politeness: PolitenessConfig,
}

impl Default for CrawlConfig {
    fn default() -> Self {
        Self {
            looks: NonZeroUsize::new(8).expect("eight is not zero"),
            pages_per_look: 200,
            politeness: PolitenessConfig::default(),
        }
    }
}

/// What operators may ask of the crawl; clones share it.
#[derive(Clone)]
pub struct SourcesHandle {
    orders: mpsc::Sender<Order>,
    desk: DeskHandle,
    clock: Clock,
    sources: Arc<BTreeMap<SourceId, Arc<Source>>>,
}

#[derive(Debug)]
enum Order {
    Pause(SourceId),
    Resume(SourceId),
    FetchNow(SourceId),
}

impl SourcesHandle {
    /// The configured sources, by id.
    pub fn configured(&self) -> &BTreeMap<SourceId, Arc<Source>> {
        &self.sources
    }

    /// Lets a source rest until it is resumed; survives restarts.
    pub async fn pause(&self, source: &SourceId, by: PersonOrToken) -> Result<(), DeskError> {
        self.desk.pause_source(source.clone(), true, by, self.clock.now()).await?;
        self.order(Order::Pause(source.clone())).await
    }

    /// Lets a source be read again.
    pub async fn resume(&self, source: &SourceId, by: PersonOrToken) -> Result<(), DeskError> {
        self.desk.pause_source(source.clone(), false, by, self.clock.now()).await?;
        self.order(Order::Resume(source.clone())).await
    }

    /// Has a source looked at as soon as its host may be asked.
    pub async fn fetch_now(&self, source: &SourceId) -> Result<(), DeskError> {
        self.order(Order::FetchNow(source.clone())).await
    }

    async fn order(&self, order: Order) -> Result<(), DeskError> {
        self.orders.send(order).await.map_err(|_| DeskError::Stopped)
    }
}

/// What the crawl needs.
pub(super) struct CrawlParts {
    pub(super) config: CrawlConfig,
    pub(super) sources: Vec<Source>,
    pub(super) courtesy: Courtesy,
    pub(super) intake: Intake,
    pub(super) desk: DeskHandle,
    pub(super) store: Store,
    pub(super) live: Live,
    pub(super) clock: Clock,
    pub(super) health: Health,
}

/// The task that crawls.
pub(super) struct CrawlTask {
    parts: CrawlParts,
    sources: Arc<BTreeMap<SourceId, Arc<Source>>>,
    frontier: Frontier,
    orders: mpsc::Receiver<Order>,
}

impl CrawlTask {
    /// The handle and the task, with what the store knows of the sources.
    pub(super) fn new(parts: CrawlParts) -> Result<(SourcesHandle, Self), StoreError> {
        let now = parts.clock.now();
        let mut frontier = Frontier::new();
        let enabled = parts.sources.iter().filter(|source| source.enabled);
        let sources: BTreeMap<_, _> =
            enabled.map(|source| (source.id.clone(), Arc::new(source.clone()))).collect();
        for source in sources.values() {
            let kept = kept_schedule(&parts.store, source)?;
            frontier.restore(source.id.clone(), source.cadence.clone(), kept, now);
            if parts.store.paused(&source.id)?.is_some() {
                frontier.pause(&source.id);
            }
        }
        let sources = Arc::new(sources);
        let (sender, orders) = mpsc::channel(16);
        let handle = SourcesHandle {
            orders: sender,
            desk: parts.desk.clone(),
            clock: parts.clock.clone(),
            sources: Arc::clone(&sources),
        };
        Ok((handle, Self { parts, sources, frontier, orders }))
    }

    /// Crawls until stopped; looks under way are given up, what they brought so far is kept.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut looks: JoinSet<Looked> = JoinSet::new();
        loop {
            let working = self.parts.health.working("crawl", LIMIT);
            self.start_due(&mut looks, &stop);
            drop(working);
            let wait = self.until_next(looks.len());
            tokio::select! {
                () = stop.cancelled() => break,
                Some(finished) = looks.join_next(), if !looks.is_empty() => match finished {
                    Ok(looked) => self.finish(looked).await,
                    Err(error) => tracing::error!(%error, "a look ended by a fault of ours"),
                },
                Some(order) = self.orders.recv() => self.obey(&order),
                () = tokio::time::sleep(wait) => {}
            }
        }
        looks.shutdown().await;
    }

    fn start_due(&mut self, looks: &mut JoinSet<Looked>, stop: &CancellationToken) {
        while looks.len() < self.parts.config.looks.get() {
            let Some(id) = self.frontier.due(self.parts.clock.now()) else { return };
            let Some(source) = self.sources.get(&id) else { continue };
            let looking = Looking {
                source: Arc::clone(source),
                courtesy: self.parts.courtesy.clone(),
                intake: self.parts.intake.clone(),
                store: self.parts.store.clone(),
                clock: self.parts.clock.clone(),
                pages_left: self.parts.config.pages_per_look,
            };
            let stop = stop.clone();
            looks.spawn(async move { look::run(looking, &stop).await });
        }
    }

    fn until_next(&self, running: usize) -> Duration {
        if running >= self.parts.config.looks.get() {
            return GLANCE;
        }
        let now = self.parts.clock.now();
        let wait = self
            .frontier
            .next_due()
            .map_or(GLANCE, |due| Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO));
        wait.min(GLANCE)
    }

    fn obey(&mut self, order: &Order) {
        let known = match order {
            Order::Pause(source) => self.frontier.pause(source),
            Order::Resume(source) => self.frontier.resume(source),
            Order::FetchNow(source) => self.frontier.fetch_now(source, self.parts.clock.now()),
        };
        tracing::info!(?order, known, "source ordered");
    }

    /// Learns from a look and writes it down.
    async fn finish(&mut self, looked: Looked) {
        let now = self.parts.clock.now();
        let Looked { source, began_at, outcome, schedule, tally, cursor, swept, overlapped, visits } = looked;
        self.frontier.finished(&source, schedule, now);
        let next_due = self.frontier.schedule(&source).map_or(now, |schedule| schedule.next_at);
        let word = match &outcome {
            LookOutcome::Observed => "observed",
            LookOutcome::Empty => "empty",
            LookOutcome::Blocked(_) => "blocked",
            LookOutcome::Failed(_) => "failed",
        };
        counter!(metric::LOOKS, "source" => source.to_string(), "outcome" => word).increment(1);
        if let LookOutcome::Blocked(reason) | LookOutcome::Failed(reason) = &outcome {
            tracing::warn!(%source, reason, "look gave nothing");
        }
        let look = Look {
            source: source.clone(),
            began_at,
            ended_at: now,
            outcome,
            new_posts: tally.new_posts,
            seen_posts: tally.seen_posts,
            defects: tally.defects,
            pages: tally.pages,
            next_due,
            cursor,
            swept,
            overlapped,
        };
        let told = json!({"id": source.as_str(), "outcome": word, "new_posts": look.new_posts, "at": now});
        let mut records: Vec<PostRecord> =
            visits.into_iter().map(|visit| PostRecord::Visited(Box::new(visit))).collect();
        records.push(PostRecord::Looked(Box::new(look)));
        match self.parts.intake.bring(Brought { records, ..Brought::default() }).await {
            Ok(_) => self.parts.live.tell(LiveKind::Source, told),
            Err(error) => tracing::error!(%source, %error, "a look could not be written down"),
        }
    }
}

/// The schedule as the last look left it.
fn kept_schedule(store: &Store, source: &Source) -> Result<Option<SourceSchedule>, StoreError> {
    let Some(state) = store.source(&source.id)? else { return Ok(None) };
    Ok(Some(SourceSchedule {
        next_at: state.look.next_due,
        interval: source.cadence.min,
        paused: false,
        health: match state.look.outcome {
            LookOutcome::Observed | LookOutcome::Empty => frontier::Health::Well,
            LookOutcome::Blocked(_) => frontier::Health::Blocked,
            LookOutcome::Failed(_) => frontier::Health::Failing,
        },
        failures: state.failures,
        last_success: state.answered_at,
        last_new: state.news_at,
    }))
}

/// When something is due, as a wait from `now`.
pub(super) fn wait_until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
}
