//! Judges stored posts again with the dictionaries and the model in force.
//!
//! A record of the desk decides it: it names a stretch of the journal and the version that judges the texts there
//! from now on, so that a rebuild gives the same. The index follows: the task that judges new posts judges some of
//! the stored ones between two batches, and what comes of it becomes visible and durable in one commit, which
//! carries the place of the record. Whatever ends the daemon before, the index is as it was, and the next start
//! finds the record and begins anew. Until that commit, new posts wait to be found by search; nothing else waits.
//!
//! It is the index alone that follows: the detector and the incidents keep what was concluded at the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use metrics::{counter, gauge};
use tokio::sync::{Mutex, Notify, watch};

use super::clock::Clock;
use super::desk::{DeskError, DeskHandle};
use super::indexing::ToIndex;
use super::judging::{Bench, JudgingError};
use crate::assess::Assessment;
use crate::assess::evaluation::{Matter, Rung};
use crate::journal::Sequence;
use crate::journal::record::{DeskRecord, PersonOrToken, Rescored};
use crate::search::Search;
use crate::store::{StoreError, Stretch};
use crate::telemetry::metric;

/// Records read between two batches of new posts: what those wait for.
const CHUNK: usize = 500;

/// Has stored posts judged again; clones share everything.
#[derive(Clone)]
pub struct Rescore {
    bench: Bench,
    desk: DeskHandle,
    clock: Clock,
    orders: Arc<Notify>,
    ledger: Ledger,
    /// Held while one is ordered: two at once would both find none under way.
    ordering: Arc<Mutex<()>>,
}

/// Why posts are not judged again.
#[derive(Debug, thiserror::Error)]
pub enum RescoreError {
    /// One is under way.
    #[error("stored posts are being judged again already")]
    Running,
    /// It could not be written down.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The store failed.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// The thread that read panicked or the program ends.
    #[error("reading was broken off")]
    Broken(#[from] tokio::task::JoinError),
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Posts that are judged again; with none, nothing was written down.
    pub posts: u64,
    /// The version that judges them.
    pub version: String,
}

/// How far it is, and what it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub stage: Stage,
    /// Posts to be judged.
    pub posts: u64,
    /// Posts judged.
    pub judged: u64,
    /// What is judged otherwise than before.
    pub changed: Changed,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was asked for since the start.
    #[default]
    Idle,
    /// Posts are being judged; none of it is seen yet.
    Running,
    /// All of it is seen.
    Done,
    /// The index could not be written; the next start, or the next rescore, brings it.
    Failed,
}

/// How many posts went from which judgement to which other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// By grade before and after.
    pub grades: BTreeMap<(Rung, Rung), u64>,
    /// By category before and after.
    pub categories: BTreeMap<(Matter, Matter), u64>,
}

impl Rescore {
    /// Orders that posts first seen at or after `since` and before `until` be judged again by what is in force; done
    /// when the order is durable, which is before the work is. [`Rescore::ended`] waits for that.
    pub async fn order(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        by: PersonOrToken,
    ) -> Result<Ordered, RescoreError> {
        let _one_at_a_time = self.ordering.lock().await;
        if self.progress().stage == Stage::Running {
            return Err(RescoreError::Running);
        }
        let version = self.bench.lexicons.current().version();
        let bench = self.bench.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let all = (Sequence::NONE.next(), bench.journal.durable());
            let stretch = match (since, until) {
                (None, None) => Some(all),
                (since, until) => bench.store.first_seen_within(since, until)?,
            };
            let posts = stretch.map_or(Ok(0), |stretch| bench.store.texts_within(&[stretch]))?;
            Ok::<_, StoreError>(stretch.filter(|_| posts > 0).map(|stretch| (stretch, posts)))
        });
        let Some(((from, to), posts)) = looking.await?? else {
            return Ok(Ordered { posts: 0, version });
        };
        let rescored = Rescored { from, to, version: version.clone(), by, at: self.clock.now() };
        self.desk.record(DeskRecord::Rescored(Box::new(rescored))).await?;
        self.ledger.begin(posts);
        self.orders.notify_one();
        Ok(Ordered { posts, version })
    }

    /// How far the last one is.
    pub fn progress(&self) -> Progress {
        self.ledger.0.borrow().clone()
    }

    /// Waits until none is under way, telling of its progress; gives how it ended.
    pub async fn ended(&self, told: impl Fn(&Progress)) -> Progress {
        let mut progress = self.ledger.0.subscribe();
        loop {
            let now = progress.borrow_and_update().clone();
            told(&now);
            if now.stage != Stage::Running || progress.changed().await.is_err() {
                return now;
            }
        }
    }
}

impl Changed {
    /// Takes down how a post was judged and is judged now.
    pub(super) fn note(&mut self, before: &Assessment, after: &Assessment) {
        let grade = |one: &Assessment| Rung::of(one.grade);
        let matter = |one: &Assessment| Matter::from(one.category.as_ref().map(|verdict| verdict.id));
        if grade(before) != grade(after) {
            *self.grades.entry((grade(before), grade(after))).or_default() += 1;
        }
        if matter(before) != matter(after) {
            *self.categories.entry((matter(before), matter(after))).or_default() += 1;
        }
    }

    fn add(&mut self, other: Self) {
        for (pair, posts) in other.grades {
            *self.grades.entry(pair).or_default() += posts;
        }
        for (pair, posts) in other.categories {
            *self.categories.entry(pair).or_default() += posts;
        }
    }
}

/// Where progress is written down; clones share it.
#[derive(Clone, Default)]
pub(super) struct Ledger(watch::Sender<Progress>);

impl Ledger {
    fn begin(&self, posts: u64) {
        tracing::info!(posts, "stored posts are judged again");
        gauge!(metric::RESCORE_LEFT).set(posts as f64);
        self.0.send_replace(Progress { stage: Stage::Running, posts, ..Progress::default() });
    }

    /// So many more were judged.
    pub(super) fn judged(&self, posts: u64, changed: Changed) {
        counter!(metric::POSTS_RESCORED).increment(posts);
        let tenth = |progress: &Progress| progress.judged * 10 / progress.posts.max(1);
        self.0.send_modify(|progress| {
            let before = tenth(progress);
            progress.judged += posts;
            progress.changed.add(changed);
            gauge!(metric::RESCORE_LEFT).set(progress.posts.saturating_sub(progress.judged) as f64);
            if tenth(progress) > before {
                tracing::info!(
                    judged = progress.judged,
                    of = progress.posts,
                    "stored posts are judged again"
                );
            }
        });
    }

    /// All of it is seen.
    pub(super) fn done(&self) {
        gauge!(metric::RESCORE_LEFT).set(0.0);
        self.0.send_modify(|progress| {
            progress.stage = Stage::Done;
            let (grades, categories): (u64, u64) =
                (progress.changed.grades.values().sum(), progress.changed.categories.values().sum());
            tracing::info!(judged = progress.judged, grades, categories, "stored posts were judged again");
        });
    }

    /// Nothing of it is seen.
    pub(super) fn failed(&self) {
        tracing::error!("stored posts were not judged again; the next start does it");
        self.0.send_modify(|progress| progress.stage = Stage::Failed);
    }
}

/// What is still to be judged again: the part of the task that judges.
pub(super) struct Rescoring {
    search: Search,
    orders: Arc<Notify>,
    ledger: Ledger,
    /// What the index held when the task began: all that comes later is judged as it stands when it goes in.
    indexed: Sequence,
    ordered: bool,
    work: Option<Work>,
}

struct Work {
    stretches: Vec<Stretch>,
    next: Sequence,
    end: Sequence,
    /// The record of the last order.
    record: Sequence,
}

/// The handle, the part of the task, and where it is written down; what an earlier run was asked for and did not
/// bring about is taken up. Blocks on the store.
pub(super) fn rescoring(
    bench: &Bench,
    search: &Search,
    desk: &DeskHandle,
    clock: &Clock,
) -> Result<(Rescore, Rescoring, Ledger), StoreError> {
    let (orders, ledger) = (Arc::new(Notify::new()), Ledger::default());
    let indexed = search.reached();
    let pending = bench.store.rescores_after(search.rescored())?;
    if !pending.is_empty() {
        let stretch = |(_, rescored): &(Sequence, Rescored)| (rescored.from, rescored.to.min(indexed));
        let stretches: Vec<Stretch> = pending.iter().map(stretch).collect();
        ledger.begin(bench.store.texts_within(&stretches)?);
    }
    let handle = Rescore {
        bench: bench.clone(),
        desk: desk.clone(),
        clock: clock.clone(),
        orders: Arc::clone(&orders),
        ledger: ledger.clone(),
        ordering: Arc::default(),
    };
    let ordered = !pending.is_empty();
    let search = search.clone();
    let part = Rescoring { search, orders, ledger: ledger.clone(), indexed, ordered, work: None };
    Ok((handle, part, ledger))
}

impl Rescoring {
    /// Whether something is to be done at once.
    pub(super) fn is_at_work(&self) -> bool {
        self.ordered || self.work.is_some()
    }

    /// Nothing will be judged any more.
    pub(super) fn break_off(&self) {
        if self.is_at_work() {
            self.ledger.failed();
        }
    }

    /// Waits for an order.
    pub(super) async fn ordered(&mut self) {
        self.orders.notified().await;
        self.ordered = true;
    }

    /// Judges some more; `None` if there is nothing to do. `reached` is what was given to the index before.
    pub(super) async fn go_on(
        &mut self,
        bench: &Bench,
        reached: Sequence,
    ) -> Result<Option<ToIndex>, JudgingError> {
        if self.work.is_none() && std::mem::take(&mut self.ordered) {
            self.work = self.take_up(bench, reached)?;
        }
        let Some(work) = &mut self.work else { return Ok(None) };
        if work.next > work.end {
            let record = work.record;
            self.work = None;
            return Ok(Some(ToIndex::AgainUpTo(record)));
        }
        let (mut entries, up_to) = bench.read(work.next, CHUNK).await?;
        let wanted = |at: Sequence| {
            at <= work.end && work.stretches.iter().any(|(from, to)| (*from..=*to).contains(&at))
        };
        entries.retain(|entry| wanted(entry.sequence));
        work.next = up_to.next();
        Ok(Some(ToIndex::Again(bench.judge(entries, Bench::again).await?)))
    }

    fn take_up(&self, bench: &Bench, reached: Sequence) -> Result<Option<Work>, StoreError> {
        let pending = bench.store.rescores_after(self.search.rescored())?;
        let Some((record, _)) = pending.last() else { return Ok(None) };
        let stretches: Vec<Stretch> =
            pending.iter().map(|(_, rescored)| (rescored.from, rescored.to)).collect();
        let begin = stretches.iter().map(|(from, _)| *from).min().unwrap_or_default();
        let end = stretches.iter().map(|(_, to)| *to).max().unwrap_or_default();
        let end = end.min(reached.max(self.indexed));
        Ok(Some(Work { stretches, next: begin, end, record: *record }))
    }
}
