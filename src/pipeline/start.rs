//! Opens journal and views, brings the views up to the journal, and starts the tasks in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::assessing::AssessTask;
use super::clock::Clock;
use super::courier::{Carriers, CourierTask};
use super::courtesy::Courtesy;
use super::crawling::{CrawlConfig, CrawlParts, CrawlTask};
use super::desk::{DeskError, DeskParts, DeskTask};
use super::detecting::{DetectTask, read_snapshot};
use super::events::EventsNow;
use super::flow::Clerk;
use super::health::Health;
use super::heartbeat::HeartbeatTask;
use super::housekeeping::HousekeepingTask;
use super::indexing::IndexTask;
use super::intake::IntakeTask;
use super::judging::Bench;
use super::lexicons::Lexicons;
use super::live::Live;
use super::reload::Reload;
use super::replies::ReplyTask;
use super::rescoring::rescoring;
use super::topics::TopicsNow;
use super::{Handles, reading::Reading};
use crate::alert::RuleBook;
use crate::assess::{AssessConfig, Assessor};
use crate::crawl::politeness::Politeness;
use crate::detect::{DetectConfig, Detector, DetectorState};
use crate::extract::post::VoiceKey;
use crate::incident::{Checklists, Clocks, Desk, DeskConfig, Names};
use crate::journal::record::{DeskRecord, PostRecord, Record};
use crate::journal::{Journal, JournalConfig, JournalError, OpenReport, RealDisk, Sequence, Stream};
use crate::notify::{Mailer, Receivers};
use crate::outward::Outward;
use crate::search::{self, SearchConfig, SearchError};
use crate::source::Source;
use crate::store::{SetAside, Store, StoreConfig, StoreError};

/// Records applied to the store at once while catching up.
const CATCH_UP: usize = 2_000;
/// Batches between the stages.
const BATCHES: usize = 4;
/// What is new in the outbox and not yet begun, in batches.
const FRESH: usize = 64;

/// Everything the pipeline is made of.
pub struct Setup {
    /// Where all data lies.
    pub data: PathBuf,
    /// `[journal]`.
    pub journal: JournalConfig,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[search]`.
    pub search: SearchConfig,
    /// `[assess]`.
    pub assess: AssessConfig,
    /// `[detect]`.
    pub detect: DetectConfig,
    /// `[incident]`.
    pub desk: DeskConfig,
    /// `[crawl]`.
    pub crawl: CrawlConfig,
    /// What is listened to.
    pub sources: Vec<Source>,
    /// What judges.
    pub assessor: Arc<Assessor>,
    /// The operator's rules.
    pub rules: RuleBook,
    /// Who can be told.
    pub receivers: Receivers,
    /// How mail goes out, if it does.
    pub mailer: Option<Mailer>,
    /// What people call things.
    pub names: Names,
    /// How much time there is.
    pub clocks: Clocks,
    /// What is to be checked off.
    pub checklists: Checklists,
    /// The way out.
    pub outward: Outward,
    /// The console's address, for links in messages.
    pub console: url::Url,
    /// Turns writers into voices.
    pub voice_key: VoiceKey,
    /// Tells the time.
    pub clock: Clock,
}

/// Why the pipeline did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store cannot be used, and no new one be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index cannot be used, and no new one be made.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The desk did not take what had to be written at the start.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// A file or thread could not be made.
    #[error("could not {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What was found at the start.
#[derive(Debug)]
pub struct Started {
    /// How the journal was found.
    pub journal: OpenReport,
    /// Views that were not usable and are made anew.
    pub set_aside: Vec<SetAside>,
}

/// A running pipeline.
pub struct Pipeline {
    /// What the rest of the program works with.
    pub handles: Handles,
    journal: Journal,
    search: search::Search,
    writer: std::thread::JoinHandle<()>,
    /// Stopped in this order: what brings work, what judges it, what acts on it.
    stages: [(CancellationToken, TaskTracker); 3],
}

impl Pipeline {
    #[allow(clippy::too_many_lines, reason = "the one list of parts in the order in which they start")]
    /// Opens, catches up, and starts. Blocks on the disk while it opens and catches up.
    pub async fn start(setup: Setup) -> Result<(Self, Started), StartError> {
        let journal_dir = journal_dir(&setup.data);
        let (journal, writer, report) = Journal::open(Arc::new(RealDisk), &journal_dir, &setup.journal)?;
        let writer = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run());
        let writer =
            writer.map_err(|source| StartError::Io { action: "start the journal's thread", source })?;
        let durable = journal.durable();
        let (store, store_found) = Store::open(&setup.data.join("store"), durable, &setup.store)?;
        catch_up(&journal, &store)?;
        let (index_writer, search, index_found) =
            search::open(&setup.data.join("index"), durable, &setup.search)?;
        let set_aside = [store_found.set_aside, index_found.set_aside].into_iter().flatten().collect();

        let lexicons = Lexicons::open(&setup.data.join("lexicons"), &setup.assessor, setup.assess);
        let lexicons =
            lexicons.map_err(|source| StartError::Io { action: "keep the dictionaries", source })?;
        let clock = setup.clock;
        let (health, live) = (Health::default(), Live::new(clock.now().as_millisecond().unsigned_abs()));
        let (to_courier, fresh) = mpsc::channel(FRESH);
        let (outbox, said) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let now = clock.now();

        let [first, second, third] = std::array::from_fn(|_| (CancellationToken::new(), TaskTracker::new()));

        let since = now.saturating_sub(setup.desk.recurs_within).unwrap_or(jiff::Timestamp::MIN);
        let desk_state = Desk::restore(setup.desk.clone(), store.incidents_in_mind(since)?);
        let watches = setup.rules.watches();
        let rules_version = setup.rules.version().to_owned();
        let clerk = Clerk {
            rules: setup.rules,
            receivers: setup.receivers.clone(),
            names: setup.names,
            desk: desk_state,
            clocks: setup.clocks,
            checklists: setup.checklists,
        };
        let heard = setup.sources.iter().filter(|source| source.enabled && !source.id.is_drill());
        let (desk, desk_task) = DeskTask::new(DeskParts {
            clerk,
            config: setup.desk,
            sources: heard.map(|source| (source.id.clone(), source.name.clone())).collect(),
            journal: journal.clone(),
            store: store.clone(),
            live: live.clone(),
            outbox: Arc::clone(&outbox),
            fresh: to_courier,
            said: Arc::clone(&said),
            clock: clock.clone(),
            health: health.clone(),
        })?;
        third.1.spawn(kept(&health, "desk", desk_task.run(third.0.clone())));
        let version = lexicons.current().version();
        if store.lexicons()?.last().is_none_or(|last| last.version != version) {
            desk.record(DeskRecord::Lexicon { version, at: now }).await?;
        }
        if store.rules_at(journal.durable())?.is_none_or(|last| last.version != rules_version) {
            desk.record(DeskRecord::Rules { version: rules_version.clone(), at: now }).await?;
        }

        let carriers = Carriers::new(setup.receivers, setup.mailer, setup.outward.clone(), setup.console);
        let courier = CourierTask {
            store: store.clone(),
            desk: desk.clone(),
            carriers: carriers.clone(),
            outbox,
            fresh,
            clock: clock.clone(),
            health: health.clone(),
        };
        // Told to stop with the first stage: it begins no new tries, and the desk is still there for those under way.
        first.1.spawn(kept(&health, "courier", courier.run(first.0.clone())));

        let snapshot_path = setup.data.join("detector.snapshot");
        let (observed, state) = read_snapshot(&snapshot_path, journal.durable(), &setup.detect)
            .unwrap_or_else(|| (Sequence::NONE, DetectorState::new(&setup.detect)));
        let source_names: BTreeMap<_, _> =
            setup.sources.iter().map(|source| (source.id.clone(), source.name.clone())).collect();
        let detector = Detector::restore(setup.detect, watches, source_names, state);
        let (to_index, index_batches) = mpsc::channel(BATCHES);
        let (to_detector, detector_batches) = mpsc::channel(BATCHES);
        let (detect_changes, changes) = mpsc::channel(4);
        let reached = index_found.reached.min(observed);
        let (progress, assessed) = watch::channel(reached);
        let bench = Bench { journal: journal.clone(), store: store.clone(), lexicons: lexicons.clone() };
        let (rescore, rescoring, ledger) = rescoring(&bench, &search, &desk, &clock)?;
        let assess = AssessTask {
            bench,
            reached,
            rescoring,
            index: to_index,
            detector: to_detector,
            progress,
            health: health.clone(),
        };
        let (topics, events) = (TopicsNow::default(), EventsNow::default());
        let detect = DetectTask {
            batches: detector_batches,
            detector,
            reached: observed,
            desk: desk.clone(),
            snapshot: snapshot_path,
            topics: topics.clone(),
            events: events.clone(),
            live: live.clone(),
            clock: clock.clone(),
            health: health.clone(),
            changes,
        };
        let index = IndexTask::new(index_batches, index_writer, search.clone(), ledger, health.clone());
        second.1.spawn(kept(&health, "assess", assess.run(second.0.clone())));
        second.1.spawn(kept(&health, "index", index.run(second.0.clone())));
        second.1.spawn(kept(&health, "detect", detect.run(second.0.clone())));

        let (intake, intake_task) = IntakeTask::new(
            journal.clone(),
            store.clone(),
            setup.voice_key,
            &setup.sources,
            assessed,
            clock.clone(),
            health.clone(),
        );
        second.1.spawn(kept(&health, "intake", intake_task.run(second.0.clone())));
        let seed = now.as_nanosecond() as u64;
        let politeness = Politeness::new(setup.crawl.politeness.clone(), seed);
        let courtesy = Courtesy::new(setup.outward, politeness, clock.clone());
        let replies = ReplyTask {
            store: store.clone(),
            desk: desk.clone(),
            courtesy: courtesy.clone(),
            lexicons: lexicons.clone(),
            said,
            clock: clock.clone(),
            health: health.clone(),
        };
        first.1.spawn(kept(&health, "replies", replies.run(first.0.clone())));
        let (sources, crawl) = CrawlTask::new(CrawlParts {
            config: setup.crawl,
            sources: setup.sources,
            courtesy,
            intake: intake.clone(),
            desk: desk.clone(),
            store: store.clone(),
            live: live.clone(),
            clock: clock.clone(),
            health: health.clone(),
        })?;
        first.1.spawn(kept(&health, "crawl", crawl.run(first.0.clone())));
        let housekeeping = HousekeepingTask {
            journal: journal.clone(),
            store: store.clone(),
            search: search.clone(),
            clock: clock.clone(),
            health: health.clone(),
        };
        let heartbeat = HeartbeatTask {
            carriers: carriers.clone(),
            journal: journal.clone(),
            store: store.clone(),
            health: health.clone(),
        };
        first.1.spawn(heartbeat.run(first.0.clone()));
        first.1.spawn(kept(&health, "housekeeping", housekeeping.run(first.0.clone())));

        let reading =
            Reading::new(journal.clone(), store.clone(), search.clone(), lexicons.clone(), setup.data);
        let reload = Reload::new(
            lexicons.clone(),
            desk.clone(),
            detect_changes,
            carriers.clone(),
            store.clone(),
            clock.clone(),
            rules_version,
        );
        let handles = Handles {
            intake,
            desk,
            reading,
            sources,
            live,
            health,
            clock,
            store,
            carriers,
            reload,
            rescore,
            topics,
            events,
        };
        let started = Started { journal: report, set_aside };
        Ok((Self { handles, journal, search, writer, stages: [first, second, third] }, started))
    }

    /// Waits until all that was durable when it was asked is found by search, as it stands judged; `told` hears how
    /// many posts are.
    pub async fn caught_up(&self, told: impl Fn(u64)) {
        self.handles.rescore.ended(|_| {}).await;
        let last = self.journal.segments(Stream::Posts).iter().map(|segment| segment.last).max();
        let Some(last) = last else { return };
        while self.search.reached() < last && self.handles.health.reasons().is_empty() {
            told(self.search.documents());
            // The index tells nobody when it commits; a glance is cheap.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last durable record.
    pub fn durable(&self) -> Sequence {
        self.journal.durable()
    }

    /// Stops in order: what brings work, then what judges, then the desk, at last the journal. Gives the
    /// stages that did not end within their part of `patience`.
    pub async fn stop(self, patience: Duration) -> Vec<&'static str> {
        let mut stragglers = Vec::new();
        let Self { handles, journal, search: _, writer, stages } = self;
        drop(handles);
        for ((token, tasks), name) in stages.into_iter().zip(["crawl and courier", "assess", "desk"]) {
            token.cancel();
            tasks.close();
            if tokio::time::timeout(patience / 3, tasks.wait()).await.is_err() {
                stragglers.push(name);
            }
        }
        journal.close();
        drop(journal);
        if stragglers.is_empty() && tokio::task::spawn_blocking(move || writer.join()).await.is_err() {
            stragglers.push("journal");
        }
        stragglers
    }
}

/// A task whose loop is missed if a panic ends it.
fn kept<F: Future<Output = ()>>(
    health: &Health,
    name: &'static str,
    task: F,
) -> impl Future<Output = ()> + use<F> {
    let alive = health.alive(name);
    async move {
        let _alive = alive;
        task.await;
    }
}

/// Applies to the store what the journal holds beyond it.
pub fn catch_up(journal: &Journal, store: &Store) -> Result<(), StartError> {
    fold(
        journal,
        store,
        Stream::Posts,
        |store, records| store.apply_posts(records).map(|_| ()),
        PostRecord::decode,
    )?;
    fold(
        journal,
        store,
        Stream::Desk,
        |store, records| store.apply_desk(records).map(|_| ()),
        DeskRecord::decode,
    )
}

fn fold<R>(
    journal: &Journal,
    store: &Store,
    stream: Stream,
    apply: impl Fn(&Store, &[(Sequence, R)]) -> Result<(), StoreError>,
    decode: impl Fn(&[u8]) -> Result<R, crate::journal::record::RecordError>,
) -> Result<(), StartError> {
    let mut batch = Vec::new();
    for entry in journal.read(stream, store.reached(stream)?.next()) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error @ JournalError::Damaged { .. }) => {
                tracing::error!(%error, "records are lost");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match decode(&entry.payload) {
            Ok(record) => batch.push((entry.sequence, record)),
            Err(error) => tracing::error!(sequence = entry.sequence.0, %error, "record cannot be read"),
        }
        if batch.len() == CATCH_UP {
            apply(store, &batch)?;
            batch.clear();
        }
    }
    Ok(apply(store, &batch)?)
}

/// The journal's directory within the data directory.
pub fn journal_dir(data: &Path) -> PathBuf {
    data.join("journal")
}
