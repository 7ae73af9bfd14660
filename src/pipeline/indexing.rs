//! Keeps the search index at most a moment behind the journal.
//!
//! When the index cannot be written, say because the disk is full, nothing else waits for it: what came
//! since the last commit is kept and put in again until it succeeds. What is too much to be kept is
//! brought by the next start, for the journal has it.
//!
//! Posts that are judged again go in together: between the first and the last of them nothing is committed, and if
//! the index fails meanwhile none of them is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::gauge;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::assessing::Batch;
use super::health::Health;
use super::judging::{Judged, News};
use super::rescoring::{Changed, Ledger};
use crate::journal::Sequence;
use crate::search::{Entry, Search, SearchError, Shown, Word, Writer};
use crate::telemetry::metric;

/// Longest time a post waits to be found by search.
const SOON: Duration = Duration::from_millis(400);
/// So many changes are committed at once, however little time has passed.
const MANY: usize = 20_000;
/// So many posts are kept for another try.
const MOST_KEPT: usize = 5_000;
/// The wait before another try.
const PAUSE: Duration = Duration::from_secs(2);
/// A round that lasts longer is stuck: a commit that waits for a merge takes its time.
const LIMIT: Duration = Duration::from_mins(3);

/// What comes to the index.
pub(super) enum ToIndex {
    /// What is new.
    New(Arc<Batch>),
    /// Stored posts, judged again.
    Again(Vec<Judged>),
    /// Those were all, up to and with the rescore of this record.
    AgainUpTo(Sequence),
}

/// The task.
pub(super) struct IndexTask {
    incoming: mpsc::Receiver<ToIndex>,
    writer: Arc<Mutex<Writer>>,
    search: Search,
    /// What the index held when the task began.
    committed: Sequence,
    /// What came since the last commit.
    kept: Kept,
    state: State,
    again: Again,
    ledger: Ledger,
    health: Health,
}

/// Whether posts that are judged again are in the midst of going in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    /// Some are in, and nothing is committed before all are.
    Underway,
    /// The index failed meanwhile: the rest is let go.
    Broken,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    /// It failed and is tried again then, with all that was kept.
    Again(Instant),
    /// It failed and too much was let go: nothing more is written, so that no commit claims what is not in.
    Lost,
}

/// Batches that are not yet committed, as long as they are not too many.
#[derive(Default)]
struct Kept {
    batches: Vec<Arc<Batch>>,
    posts: usize,
    /// Something was let go.
    short: bool,
}

impl Kept {
    fn keep(&mut self, batch: &Arc<Batch>) {
        self.posts += batch.posts.len();
        if self.posts > MOST_KEPT {
            self.batches.clear();
            self.short = true;
        }
        if !self.short {
            self.batches.push(Arc::clone(batch));
        }
    }
}

impl IndexTask {
    pub(super) fn new(
        incoming: mpsc::Receiver<ToIndex>,
        writer: Writer,
        search: Search,
        ledger: Ledger,
        health: Health,
    ) -> Self {
        let (writer, kept, committed) = (Arc::new(Mutex::new(writer)), Kept::default(), search.reached());
        let (state, again) = (State::Well, Again::No);
        Self { incoming, writer, search, committed, kept, state, again, ledger, health }
    }

    /// Works until the assessing ends; what is pending then is committed.
    pub(super) async fn run(mut self, _stop: CancellationToken) {
        let mut pending: Option<(Instant, Sequence)> = None;
        loop {
            let wakes = match self.state {
                State::Well => {
                    pending.filter(|_| self.again != Again::Underway).map(|(since, _)| since + SOON)
                }
                State::Again(at) => Some(at),
                State::Lost => None,
            };
            let received = match wakes {
                None => self.incoming.recv().await,
                Some(at) => match tokio::time::timeout_at(at, self.incoming.recv()).await {
                    Ok(received) => received,
                    Err(_elapsed) => {
                        if self.state != State::Well {
                            self.start_again().await;
                        }
                        self.commit(&mut pending).await;
                        continue;
                    }
                },
            };
            let health = self.health.clone();
            let _working = health.working("index", LIMIT);
            match received {
                None => break,
                Some(ToIndex::New(batch)) => self.take(batch, &mut pending).await,
                Some(ToIndex::Again(posts)) => self.take_again(posts, &mut pending).await,
                Some(ToIndex::AgainUpTo(record)) => self.end_again(record, &mut pending).await,
            }
        }
        self.commit(&mut pending).await;
    }

    async fn take(&mut self, batch: Arc<Batch>, pending: &mut Option<(Instant, Sequence)>) {
        if batch.up_to <= self.committed {
            // The detector remembers less than the index and is told again. A commit that claimed only
            // so much would have the rest indexed twice after a crash.
            return;
        }
        let since = pending.map_or_else(Instant::now, |(since, _)| since);
        *pending = Some((since, batch.up_to));
        self.kept.keep(&batch);
        match self.state {
            State::Well => {
                let changes = self.add(vec![batch], false).await;
                if changes >= MANY || since.elapsed() >= SOON {
                    self.commit(pending).await;
                }
            }
            State::Again(_) if self.kept.short => self.give_up(),
            State::Again(_) | State::Lost => {}
        }
    }

    /// Puts some in the place of what the index holds of them. What went in before is committed first, so that all
    /// of them are there to be compared.
    async fn take_again(&mut self, posts: Vec<Judged>, pending: &mut Option<(Instant, Sequence)>) {
        if self.again == Again::No {
            self.commit(pending).await;
            self.again = Again::Underway;
            if self.state != State::Well {
                self.break_off();
            }
        }
        if self.again != Again::Underway {
            return;
        }
        let (search, count) = (self.search.clone(), posts.len() as u64);
        let replaced = self.write(move |writer| {
            let mut changed = Changed::default();
            for judged in &posts {
                if let Some(before) = search.get(judged.assessed.post.id)? {
                    changed.note(&before.assessment, &judged.assessed.assessment);
                }
                put(writer, judged, true)?;
            }
            Ok(changed)
        });
        if let Some(changed) = replaced.await {
            self.ledger.judged(count, changed);
        }
    }

    /// Makes all of them seen, with what is new besides.
    async fn end_again(&mut self, record: Sequence, pending: &mut Option<(Instant, Sequence)>) {
        if self.again == Again::No && self.state != State::Well {
            self.break_off();
        }
        if std::mem::replace(&mut self.again, Again::No) == Again::Broken {
            return;
        }
        let up_to = pending.map_or(self.search.reached(), |(_, up_to)| up_to);
        if self.write(move |writer| writer.commit_rescored(up_to, record)).await.is_some() {
            self.committed_up_to(up_to, pending);
            self.ledger.done();
        } else {
            self.ledger.failed();
        }
    }

    fn break_off(&mut self) {
        self.again = Again::Broken;
        self.ledger.failed();
    }

    /// Changes that wait for a commit. `again`: some of it may be in the index already.
    async fn add(&mut self, batches: Vec<Arc<Batch>>, again: bool) -> usize {
        let committed = self.committed;
        let added = self.write(move |writer| {
            let posts = batches.iter().flat_map(|batch| &batch.posts);
            for judged in posts.filter(|judged| judged.sequence > committed) {
                put(writer, judged, again)?;
            }
            Ok(writer.pending())
        });
        added.await.unwrap_or(0)
    }

    async fn commit(&mut self, pending: &mut Option<(Instant, Sequence)>) {
        let (State::Well, Some((_, up_to))) = (self.state, *pending) else { return };
        if self.again == Again::Underway {
            return;
        }
        let health = self.health.clone();
        let _working = health.working("index", LIMIT);
        if self.write(move |writer| writer.commit(up_to)).await.is_some() {
            self.committed_up_to(up_to, pending);
        }
    }

    fn committed_up_to(&mut self, up_to: Sequence, pending: &mut Option<(Instant, Sequence)>) {
        gauge!(metric::VIEW_SEQUENCE, "view" => "search").set(up_to.0 as f64);
        self.health.ready_again("search");
        self.kept = Kept::default();
        *pending = None;
    }

    /// Another writer, and all that the last one did not commit.
    async fn start_again(&mut self) {
        self.state = State::Well;
        if self.write(Writer::start_again).await.is_some() {
            let kept = self.kept.batches.clone();
            self.add(kept, true).await;
        }
    }

    /// Does something with the writer where blocking is allowed; `None` if it failed.
    async fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> Result<T, SearchError> + Send + 'static,
    ) -> Option<T> {
        let writer = Arc::clone(&self.writer);
        let working = tokio::task::spawn_blocking(move || {
            work(&mut writer.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match working.await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => self.failed(&error),
            Err(error) => self.failed(&error),
        }
        None
    }

    fn failed(&mut self, error: &dyn std::error::Error) {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%error, cause, "the search index could not be written");
        self.health.not_ready("search", error.to_string());
        self.state = State::Again(Instant::now() + PAUSE);
        if self.again == Again::Underway {
            self.break_off();
        }
        if self.kept.short {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        // The journal still has it: the next start brings what the index lacks.
        tracing::error!("too much came for another try; search is whole again after a restart");
        self.health.not_ready("search", "cannot be written; restart when that is mended".to_owned());
        self.state = State::Lost;
    }
}

fn put(writer: &mut Writer, judged: &Judged, again: bool) -> Result<(), SearchError> {
    let shown = match judged.news {
        News::Found | News::Revised | News::Shown(Shown::Yes) => Shown::Yes,
        News::Shown(Shown::Missing) => Shown::Missing,
        News::Gone => {
            return writer.remove(judged.assessed.post.id);
        }
    };
    let text = judged.assessed.normalized.text();
    let words: Vec<Word<'_>> = judged
        .assessed
        .tokens
        .for_index()
        .map(|token| Word {
            text: token.text(text),
            start: token.start,
            end: token.end,
            position: token.position,
        })
        .collect();
    let entry = Entry {
        post: &judged.assessed.post,
        assessment: &judged.assessed.assessment,
        words: &words,
        found: judged.found,
        text_at: judged.text_at,
        shown,
    };
    match judged.news {
        News::Found if !again => writer.add(&entry),
        News::Found | News::Revised | News::Shown(_) | News::Gone => writer.replace(&entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{SearchConfig, open};

    #[tokio::test]
    async fn what_is_told_again_does_not_take_the_index_back() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, search, _) = open(dir.path(), Sequence(10), &SearchConfig::default()).unwrap();
        writer.commit(Sequence(10)).unwrap();
        let (sender, incoming) = mpsc::channel(4);
        let task = IndexTask::new(incoming, writer, search.clone(), Ledger::default(), Health::default());
        let told = Batch { up_to: Sequence(5), posts: Vec::new(), moved: Vec::new() };
        sender.send(ToIndex::New(Arc::new(told))).await.unwrap_or_else(|_| panic!("the task is there"));
        drop(sender);
        task.run(CancellationToken::new()).await;
        assert_eq!(search.reached(), Sequence(10));
        drop(search);
        let (_, search, _) = open(dir.path(), Sequence(10), &SearchConfig::default()).unwrap();
        assert_eq!(search.reached(), Sequence(10), "after a crash the posts up to 10 would be indexed twice");
    }
}
