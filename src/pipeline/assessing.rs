//! Reads the journal's posts in order, judges them in parallel, and hands them on in order.
//!
//! Live work and catching up are the same: the task always reads on from where it is up to what is
//! durable. The views behind it say where they are, and it begins at the one that is farthest back.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::lexicons::Lexicons;
use crate::assess::AssessedPost;
use crate::extract::post::{Post, PostId};
use crate::journal::record::{PostRecord, Record};
use crate::journal::{Entry, Journal, JournalError, Sequence, Stream};
use crate::search::Shown;
use crate::store::{PostState, Store, StoreError};
use crate::telemetry::metric;

/// Records read at once.
const BATCH: usize = 2_000;
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(2);

/// Judged posts in the journal's order, up to a place in it.
pub(super) struct Batch {
    /// Every record up to here is in this batch or an earlier one.
    pub(super) up_to: Sequence,
    pub(super) posts: Vec<Judged>,
}

/// One post as a record left it.
pub(super) struct Judged {
    pub(super) sequence: Sequence,
    pub(super) news: News,
    pub(super) assessed: AssessedPost,
    pub(super) found: Sequence,
    pub(super) text_at: Sequence,
}

/// What a record says of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// It is new.
    Found,
    /// Its text is another.
    Revised,
    /// Its source shows it, or does not, with the same text.
    Shown(Shown),
    /// Its source has not shown it twice: its text goes.
    Gone,
}

/// Why posts could not be read from the journal.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssessingError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a post could not be judged")]
    Panicked(#[from] tokio::task::JoinError),
}

/// The task.
pub(super) struct AssessTask {
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) lexicons: Lexicons,
    /// Where it begins: after this record.
    pub(super) reached: Sequence,
    pub(super) index: mpsc::Sender<Arc<Batch>>,
    pub(super) detector: mpsc::Sender<Arc<Batch>>,
    pub(super) progress: watch::Sender<Sequence>,
    pub(super) health: Health,
}

impl AssessTask {
    /// Works until stopped; then the views behind it end too.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut durable = self.journal.subscribe();
        loop {
            let waiting = durable.wait_for(|durable| *durable > self.reached);
            match stop.run_until_cancelled(waiting).await {
                None | Some(Err(_)) => return,
                Some(Ok(_)) => {}
            }
            let working = self.health.working("assess", LIMIT);
            let batch = match self.next_batch().await {
                Ok(batch) => Arc::new(batch),
                Err(error) => {
                    tracing::error!(%error, "posts could not be read back from the journal");
                    self.health.not_ready("assess", error.to_string());
                    return;
                }
            };
            drop(working);
            self.reached = batch.up_to;
            let sent = tokio::try_join!(self.index.send(Arc::clone(&batch)), self.detector.send(batch));
            if sent.is_err() {
                return;
            }
            self.progress.send_replace(self.reached);
        }
    }

    async fn next_batch(&self) -> Result<Batch, AssessingError> {
        let (journal, from) = (self.journal.clone(), self.reached.next());
        let (entries, up_to) = tokio::task::spawn_blocking(move || read(&journal, from)).await??;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(threads).max(64);
        let mut working = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let later = rest.split_off(share.min(rest.len()));
            let (store, journal, lexicons) =
                (self.store.clone(), self.journal.clone(), self.lexicons.clone());
            let share = std::mem::replace(&mut rest, later);
            working.push(tokio::task::spawn_blocking(move || judge_all(&store, &journal, &lexicons, &share)));
        }
        let mut posts = Vec::new();
        for work in working {
            posts.extend(work.await??);
        }
        counter!(metric::POSTS_ASSESSED).increment(posts.len() as u64);
        counter!(metric::SEGMENTER_CALLS).increment(posts.len() as u64);
        Ok(Batch { up_to, posts })
    }
}

/// The next entries, and up to where they are all there are.
fn read(journal: &Journal, from: Sequence) -> Result<(Vec<Entry>, Sequence), JournalError> {
    let durable = journal.durable();
    let mut entries = Vec::new();
    for entry in journal.read(Stream::Posts, from) {
        match entry {
            Ok(entry) => entries.push(entry),
            // The reader goes on behind the damage; what is lost is reported, not hidden.
            Err(error @ JournalError::Damaged { .. }) => tracing::error!(%error, "records are lost"),
            Err(error) => return Err(error),
        }
        if entries.len() == BATCH {
            let up_to = entries.last().map_or(durable, |entry| entry.sequence);
            return Ok((entries, up_to));
        }
    }
    // Entries may have become durable since; those that were read count.
    let last = entries.last().map_or(durable, |entry| entry.sequence);
    Ok((entries, last.max(durable)))
}

fn judge_all(
    store: &Store,
    journal: &Journal,
    lexicons: &Lexicons,
    entries: &[Entry],
) -> Result<Vec<Judged>, AssessingError> {
    let mut judged = Vec::with_capacity(entries.len());
    for entry in entries {
        match PostRecord::decode(&entry.payload) {
            Ok(record) => judged.extend(judge(store, journal, lexicons, entry.sequence, record)?),
            Err(error) => {
                tracing::error!(sequence = entry.sequence.0, %error, "record cannot be read");
                counter!(metric::DROPPED, "what" => "record").increment(1);
            }
        }
    }
    Ok(judged)
}

fn judge(
    store: &Store,
    journal: &Journal,
    lexicons: &Lexicons,
    sequence: Sequence,
    record: PostRecord,
) -> Result<Option<Judged>, AssessingError> {
    let (news, post, found, text_at) = match record {
        PostRecord::Found(post) => (News::Found, *post, sequence, sequence),
        PostRecord::Revised { post, title, text, counts, .. } => {
            let Some((before, state)) = known(store, journal, post)? else { return Ok(None) };
            (News::Revised, Post { title, text, counts, ..before }, state.found, sequence)
        }
        PostRecord::Missing { post, .. } => {
            let Some((before, state)) = known(store, journal, post)? else { return Ok(None) };
            let news = if state.is_gone() { News::Gone } else { News::Shown(Shown::Missing) };
            (news, before, state.found, state.text_at())
        }
        PostRecord::Returned { post, .. } => {
            let Some((before, state)) = known(store, journal, post)? else { return Ok(None) };
            (News::Shown(Shown::Yes), before, state.found, state.text_at())
        }
        PostRecord::Counted { .. } | PostRecord::Looked(_) | PostRecord::Visited(_) => return Ok(None),
    };
    let assessor = lexicons.at(store, sequence)?;
    let assessed = assessor.assess(Arc::new(post));
    Ok(Some(Judged { sequence, news, assessed, found, text_at }))
}

fn known(store: &Store, journal: &Journal, id: PostId) -> Result<Option<(Post, PostState)>, AssessingError> {
    let Some(state) = store.post(id)? else { return Ok(None) };
    Ok(latest_text(journal, &state)?.map(|post| (post, state)))
}

/// A post with its latest text and counts, from the journal; `None` if retention has taken it. Blocks on the disk.
pub(super) fn latest_text(journal: &Journal, state: &PostState) -> Result<Option<Post>, JournalError> {
    let record = |sequence| {
        let entry = journal.get(Stream::Posts, sequence)?;
        Ok::<_, JournalError>(entry.and_then(|entry| PostRecord::decode(&entry.payload).ok()))
    };
    let Some(PostRecord::Found(mut post)) = record(state.found)? else { return Ok(None) };
    if let Some(revised) = state.revised
        && let Some(PostRecord::Revised { title, text, .. }) = record(revised)?
    {
        post.title = title;
        post.text = text;
    }
    post.counts = state.counts;
    Ok(Some(*post))
}
