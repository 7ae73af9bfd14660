//! Everything that enters passes here, once: known posts are told apart from new ones, private data
//! is masked, writers become voices, and nothing is acknowledged before it is durable.
//!
//! One task owns the step, so that what it looks up in the store is never out of date: it decides on
//! a batch, appends it to the journal, applies it to the store, and only then answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, histogram};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::extract::post::{Found, Post, PostId, VoiceKey};
use crate::journal::record::{PostRecord, Record, Regrouped};
use crate::journal::{Journal, JournalError, Sequence, Stream};
use crate::pipeline::clock::Clock;
use crate::pipeline::health::Health;
use crate::source::{Source, SourceId};
use crate::store::{PostState, Store, StoreError, text_hash};
use crate::telemetry::metric;
use crate::text::mask;

/// Most posts decided on at once.
const BATCH: usize = 2_000;
/// Batches that may wait before senders have to.
const QUEUE: usize = 64;
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);
/// Posts that may be durable and not yet assessed before the door closes for a while.
const MOST_BEHIND: u64 = 200_000;

/// The door; clones share it.
#[derive(Clone)]
pub struct Intake {
    sender: mpsc::Sender<Errand>,
    durable: watch::Receiver<Sequence>,
    assessed: watch::Receiver<Sequence>,
}

/// What became of one post that was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Stored for the first time.
    New(PostId),
    /// Known; its text changed, which is kept as a revision.
    Revised(PostId),
    /// Known; at most its counts changed.
    Known(PostId),
}

/// Why a batch was not taken. None of it is stored, or the sender is to send it again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// The stages behind the door have too much to do.
    #[error("the daemon is behind; try again in {retry_after:?}")]
    Behind {
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk has no room.
    #[error("the disk is full")]
    DiskFull,
    /// The daemon ends.
    #[error("the daemon is stopping")]
    Stopped,
    /// Journal or store failed.
    #[error("the posts could not be stored")]
    Failed(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// What one look at a source brings besides posts, written after them.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Posts found.
    pub(super) posts: Vec<Found>,
    /// Posts that should have been seen and were not.
    pub(super) missing: Vec<PostId>,
    /// What is to be kept of the look itself: visits and the look.
    pub(super) records: Vec<PostRecord>,
}

struct Errand {
    brought: Brought,
    answer: oneshot::Sender<Result<Vec<Taken>, IntakeError>>,
}

/// The task behind the door.
pub(super) struct IntakeTask {
    receiver: mpsc::Receiver<Errand>,
    journal: Journal,
    store: Store,
    key: VoiceKey,
    official: Arc<HashMap<SourceId, Vec<String>>>,
    clock: Clock,
    health: Health,
}

impl Intake {
    /// Takes posts from outside, or says at once that it cannot now. Answers when all are durable,
    /// one answer a post, in order.
    pub async fn submit(&self, posts: Vec<Found>) -> Result<Vec<Taken>, IntakeError> {
        let behind = IntakeError::Behind { retry_after: Duration::from_secs(2) };
        if self.behind() > MOST_BEHIND {
            return Err(behind);
        }
        let (answer, answered) = oneshot::channel();
        let errand = Errand { brought: Brought { posts, ..Brought::default() }, answer };
        self.sender.try_send(errand).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => behind,
            mpsc::error::TrySendError::Closed(_) => IntakeError::Stopped,
        })?;
        answered.await.unwrap_or(Err(IntakeError::Stopped))
    }

    /// Takes what a look at a source brought; waits while the daemon is behind, which slows the crawl.
    pub(super) async fn bring(&self, brought: Brought) -> Result<Vec<Taken>, IntakeError> {
        let mut assessed = self.assessed.clone();
        while self.behind() > MOST_BEHIND / 2 {
            assessed.changed().await.map_err(|_| IntakeError::Stopped)?;
        }
        let (answer, answered) = oneshot::channel();
        self.sender.send(Errand { brought, answer }).await.map_err(|_| IntakeError::Stopped)?;
        answered.await.unwrap_or(Err(IntakeError::Stopped))
    }

    /// Writes down what somebody says of events; the detector does it when it comes to it.
    pub async fn regroup(&self, said: Regrouped) -> Result<(), IntakeError> {
        let records = vec![PostRecord::Regrouped(Box::new(said))];
        self.bring(Brought { records, ..Brought::default() }).await.map(drop)
    }

    /// Records that are durable and not yet assessed.
    fn behind(&self) -> u64 {
        self.durable.borrow().0.saturating_sub(self.assessed.borrow().0)
    }
}

impl IntakeTask {
    /// The door and the task behind it.
    pub(super) fn new(
        journal: Journal,
        store: Store,
        key: VoiceKey,
        sources: &[Source],
        assessed: watch::Receiver<Sequence>,
        clock: Clock,
        health: Health,
    ) -> (Intake, Self) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let official =
            sources.iter().map(|source| (source.id.clone(), source.official_accounts.clone())).collect();
        let intake = Intake { sender, durable: journal.subscribe(), assessed };
        (intake, Self { receiver, journal, store, key, official: Arc::new(official), clock, health })
    }

    /// Works until stopped, or until nobody can bring anything any more.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while let Some(Some(first)) = stop.run_until_cancelled(self.receiver.recv()).await {
            let _working = self.health.working("intake", LIMIT);
            let mut errands = vec![first];
            let mut posts = errands[0].brought.posts.len();
            while posts < BATCH {
                let Ok(next) = self.receiver.try_recv() else { break };
                posts += next.brought.posts.len();
                errands.push(next);
            }
            self.take(errands).await;
        }
    }

    async fn take(&self, errands: Vec<Errand>) {
        let began = Instant::now();
        let (brought, answers): (Vec<_>, Vec<_>) =
            errands.into_iter().map(|errand| (errand.brought, errand.answer)).unzip();
        let sizes: Vec<usize> = brought.iter().map(|brought| brought.posts.len()).collect();
        match self.store_all(brought).await {
            Ok(taken) => {
                histogram!(metric::INTAKE_SECONDS).record(began.elapsed().as_secs_f64());
                let mut taken = taken.into_iter();
                for (answer, size) in answers.into_iter().zip(sizes) {
                    // A sender that went away does not want to know; what it brought is stored.
                    drop(answer.send(Ok(taken.by_ref().take(size).collect())));
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "posts could not be stored");
                for answer in answers {
                    drop(answer.send(Err(error.clone())));
                }
            }
        }
    }

    async fn store_all(&self, brought: Vec<Brought>) -> Result<Vec<Taken>, IntakeError> {
        let (store, key, official, now) =
            (self.store.clone(), self.key.clone(), Arc::clone(&self.official), self.clock.now());
        let deciding = move || decide(&store, &key, &official, brought, now);
        let (taken, records) = blocking(deciding).await?.map_err(failed)?;
        if records.is_empty() {
            return Ok(taken);
        }
        let bytes = records.iter().map(|record| (Stream::Posts, record.encode())).collect();
        let sequences = self.journal.append(bytes).await.map_err(|error| match error {
            JournalError::Full => IntakeError::DiskFull,
            JournalError::Closed => IntakeError::Stopped,
            error => failed(error),
        })?;
        let store = self.store.clone();
        let batch: Vec<_> = sequences.into_iter().zip(records).collect();
        blocking(move || store.apply_posts(&batch)).await?.map_err(failed)?;
        let new = taken.iter().filter(|taken| matches!(taken, Taken::New(_))).count() as u64;
        counter!(metric::POSTS_STORED).increment(new);
        counter!(metric::POSTS_KNOWN).increment(taken.len() as u64 - new);
        Ok(taken)
    }
}

/// What is new in what was brought, as records in the order to be written.
fn decide(
    store: &Store,
    key: &VoiceKey,
    official: &HashMap<SourceId, Vec<String>>,
    brought: Vec<Brought>,
    now: Timestamp,
) -> Result<(Vec<Taken>, Vec<PostRecord>), StoreError> {
    let ids: Vec<PostId> = brought
        .iter()
        .flat_map(|brought| {
            brought.posts.iter().map(|found| found.post.id).chain(brought.missing.iter().copied())
        })
        .collect();
    let known = store.posts(&ids)?;
    let mut known: HashMap<PostId, PostState> =
        ids.into_iter().zip(known).filter_map(|(id, state)| state.map(|state| (id, state))).collect();
    let mut taken = Vec::new();
    let mut records = Vec::new();
    for brought in brought {
        for found in brought.posts {
            let accounts = official.get(&found.post.source).map_or(&[][..], Vec::as_slice);
            let post = without_private_data(found, key, accounts);
            taken.push(compare(&mut known, post, now, &mut records));
        }
        for id in brought.missing {
            if known.contains_key(&id) {
                records.push(PostRecord::Missing { post: id, at: now });
            }
        }
        records.extend(brought.records);
    }
    Ok((taken, records))
}

/// Masks the text and turns the writer's name into a voice; `official` are the offices' accounts there.
pub fn without_private_data(found: Found, key: &VoiceKey, official: &[String]) -> Post {
    let Found { mut post, author } = found;
    if let Some(author) = author {
        post.voice = Some(author.voice(&post.source, key));
        post.official |= author.is_one_of(official);
    }
    post.title = mask::mask(&post.title).into_owned();
    post.text = mask::mask(&post.text).into_owned();
    post
}

/// What one post means beside what is known of it; `known` is brought up to date.
fn compare(
    known: &mut HashMap<PostId, PostState>,
    post: Post,
    now: Timestamp,
    records: &mut Vec<PostRecord>,
) -> Taken {
    let id = post.id;
    let hash = text_hash(&post.title, &post.text);
    let Some(state) = known.get_mut(&id) else {
        known.insert(id, provisional(&post, hash, now));
        records.push(PostRecord::Found(Box::new(post)));
        return Taken::New(id);
    };
    if state.missing_since.is_some() {
        state.missing_since = None;
        records.push(PostRecord::Returned { post: id, at: now });
    }
    let counts = post.counts;
    if state.text_hash != hash {
        state.text_hash = hash;
        state.counts = counts;
        records.push(PostRecord::Revised { post: id, title: post.title, text: post.text, counts, at: now });
        return Taken::Revised(id);
    }
    if state.counts != counts {
        state.counts = counts;
        records.push(PostRecord::Counted { post: id, counts, at: now });
    }
    Taken::Known(id)
}

/// What the store will know of a post that this batch brings for the first time; its place in the
/// journal is not known before it is written, and nothing here asks for it.
fn provisional(post: &Post, hash: u64, now: Timestamp) -> PostState {
    PostState {
        found: Sequence::NONE,
        revised: None,
        text_hash: hash,
        counts: post.counts,
        source: post.source.clone(),
        thread: post.thread,
        missing_since: None,
        missing_times: 0,
        first_seen: now,
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> IntakeError {
    IntakeError::Failed(Arc::new(error))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IntakeError> {
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
