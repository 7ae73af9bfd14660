//! What a record of the journal says of a post, with the judgement on it.
//!
//! A text is judged by the version that stands at its place in the journal, with the counts that came with it: the
//! same whenever it is judged. Where a later version judges it anew, the detector is still given what was concluded
//! at the time, for what people saw is a fact.

use std::sync::Arc;

use metrics::counter;

use super::lexicons::Lexicons;
use crate::assess::AssessedPost;
use crate::detect::event::Regrouping;
use crate::extract::post::{Post, PostId};
use crate::journal::record::{PostRecord, Record, Regrouped};
use crate::journal::{Entry, Journal, JournalError, Sequence, Stream};
use crate::search::Shown;
use crate::store::{PostState, Store, StoreError};
use crate::telemetry::metric;

/// Fewest records that are worth a thread.
const SHARE: usize = 64;

/// One post as a record left it.
pub(super) struct Judged {
    pub(super) sequence: Sequence,
    pub(super) news: News,
    /// As it stands judged: what search shows.
    pub(super) assessed: AssessedPost,
    /// As it was judged when it came, if that is another version: what the detector concludes from.
    pub(super) then: Option<AssessedPost>,
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

/// What somebody said of events, with the posts it speaks of.
pub(super) struct Moved {
    pub(super) sequence: Sequence,
    pub(super) change: Regrouping,
    /// As they were judged when they came, each with its place in the journal; those that retention took are not there.
    pub(super) posts: Vec<(AssessedPost, u64)>,
}

/// Why posts could not be read from the journal.
#[derive(Debug, thiserror::Error)]
pub(super) enum JudgingError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a post could not be judged")]
    Panicked(#[from] tokio::task::JoinError),
}

/// What judging needs; clones share it.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) lexicons: Lexicons,
}

/// How a record is judged.
pub(super) type Judge = fn(&Bench, Sequence, PostRecord) -> Result<Option<Judged>, JudgingError>;

/// A post that a record speaks of.
struct Told {
    news: News,
    post: Post,
    found: Sequence,
    text_at: Sequence,
}

impl Bench {
    /// The next records of posts, at most `most`, and up to where they are all there are. What they say is in the
    /// store as well.
    pub(super) async fn read(
        &self,
        from: Sequence,
        most: usize,
    ) -> Result<(Vec<Entry>, Sequence), JudgingError> {
        let bench = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let (entries, up_to) = read(&bench.journal, from, most)?;
            bench.know(&entries)?;
            Ok((entries, up_to))
        });
        reading.await?
    }

    /// Judges the posts of these records in parallel, and gives them in order.
    pub(super) async fn judge(&self, entries: Vec<Entry>, judge: Judge) -> Result<Vec<Judged>, JudgingError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(threads).max(SHARE);
        let mut working = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let later = rest.split_off(share.min(rest.len()));
            let (bench, share) = (self.clone(), std::mem::replace(&mut rest, later));
            working.push(tokio::task::spawn_blocking(move || bench.judge_all(&share, judge)));
        }
        let mut posts = Vec::new();
        for work in working {
            posts.extend(work.await??);
        }
        let again = posts.iter().filter(|judged| judged.then.is_some()).count();
        counter!(metric::POSTS_ASSESSED).increment((posts.len() + again) as u64);
        counter!(metric::SEGMENTER_CALLS).increment((posts.len() + again) as u64);
        Ok(posts)
    }

    fn judge_all(&self, entries: &[Entry], judge: Judge) -> Result<Vec<Judged>, JudgingError> {
        let mut judged = Vec::with_capacity(entries.len());
        for entry in entries {
            match PostRecord::decode(&entry.payload) {
                Ok(record) => judged.extend(judge(self, entry.sequence, record)?),
                Err(error) => {
                    tracing::error!(sequence = entry.sequence.0, %error, "record cannot be read");
                    counter!(metric::DROPPED, "what" => "record").increment(1);
                }
            }
        }
        Ok(judged)
    }

    /// What somebody said of events in these records.
    pub(super) async fn moved(&self, entries: &[Entry]) -> Result<Vec<Moved>, JudgingError> {
        let said: Vec<(Sequence, Regrouped)> = entries
            .iter()
            .filter(|entry| PostRecord::is_regrouped(&entry.payload))
            .filter_map(|entry| match PostRecord::decode(&entry.payload) {
                Ok(PostRecord::Regrouped(said)) => Some((entry.sequence, *said)),
                Ok(_) | Err(_) => None,
            })
            .collect();
        if said.is_empty() {
            return Ok(Vec::new());
        }
        let bench = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            said.into_iter()
                .map(|(sequence, said)| {
                    let posts = said.change.posts().filter_map(|id| bench.as_it_came(*id).transpose());
                    let posts = posts.collect::<Result<_, _>>()?;
                    Ok(Moved { sequence, change: said.change, posts })
                })
                .collect()
        });
        reading.await?
    }

    /// A post as it was judged when its text came, and where that stands.
    fn as_it_came(&self, id: PostId) -> Result<Option<(AssessedPost, u64)>, JudgingError> {
        let Some(state) = self.store.post(id)? else { return Ok(None) };
        let Some(post) = as_written(&self.journal, &state)? else { return Ok(None) };
        let (now, then) = self.lexicons.now_and_then(&self.store, state.text_at())?;
        let assessed = then.unwrap_or(now).assess(Arc::new(post));
        Ok(Some((assessed, state.text_at().0)))
    }

    /// What is new of a post by this record.
    pub(super) fn news(
        &self,
        sequence: Sequence,
        record: PostRecord,
    ) -> Result<Option<Judged>, JudgingError> {
        let Some(told) = self.told(sequence, record)? else { return Ok(None) };
        let (now, then) = self.lexicons.now_and_then(&self.store, told.text_at)?;
        let post = Arc::new(told.post);
        let then = match told.news {
            News::Found | News::Revised => then.map(|then| then.assess(Arc::clone(&post))),
            News::Shown(_) | News::Gone => None,
        };
        let (news, found, text_at) = (told.news, told.found, told.text_at);
        Ok(Some(Judged { sequence, news, assessed: now.assess(post), then, found, text_at }))
    }

    /// The post of this record as it stands now, if the record holds its text and it is still to be found.
    pub(super) fn again(
        &self,
        sequence: Sequence,
        record: PostRecord,
    ) -> Result<Option<Judged>, JudgingError> {
        let id = match &record {
            PostRecord::Found(post) => post.id,
            PostRecord::Revised { post, .. } => *post,
            PostRecord::Counted { .. }
            | PostRecord::Missing { .. }
            | PostRecord::Returned { .. }
            | PostRecord::Looked(_)
            | PostRecord::Visited(_)
            | PostRecord::Regrouped(_) => return Ok(None),
        };
        let state = self.store.post(id)?.filter(|state| state.text_at() == sequence && !state.is_gone());
        let (Some(state), Some(told)) = (state, self.told(sequence, record)?) else { return Ok(None) };
        let news = News::Shown(if state.missing_since.is_some() { Shown::Missing } else { Shown::Yes });
        let assessor = self.lexicons.at(&self.store, sequence)?;
        let assessed = assessor.assess(Arc::new(told.post));
        Ok(Some(Judged { sequence, news, assessed, then: None, found: told.found, text_at: sequence }))
    }

    fn told(&self, sequence: Sequence, record: PostRecord) -> Result<Option<Told>, JudgingError> {
        let as_it_was = |id, news: &dyn Fn(&PostState) -> News| {
            let Some(state) = self.store.post(id)? else { return Ok(None) };
            let post = as_written(&self.journal, &state)?;
            let told = |post| Told { news: news(&state), post, found: state.found, text_at: state.text_at() };
            Ok(post.map(told))
        };
        match record {
            PostRecord::Found(post) => {
                Ok(Some(Told { news: News::Found, post: *post, found: sequence, text_at: sequence }))
            }
            PostRecord::Revised { post, title, text, counts, .. } => {
                let told = as_it_was(post, &|_| News::Revised)?;
                Ok(told.map(|told| Told {
                    post: Post { title, text, counts, ..told.post },
                    text_at: sequence,
                    ..told
                }))
            }
            PostRecord::Missing { post, .. } => as_it_was(post, &|state| {
                if state.is_gone() { News::Gone } else { News::Shown(Shown::Missing) }
            }),
            PostRecord::Returned { post, .. } => as_it_was(post, &|_| News::Shown(Shown::Yes)),
            PostRecord::Counted { .. }
            | PostRecord::Looked(_)
            | PostRecord::Visited(_)
            | PostRecord::Regrouped(_) => Ok(None),
        }
    }

    /// Intake tells the store what it wrote a moment after it is durable. Who is quicker tells it himself.
    fn know(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let Some(last) = entries.last() else { return Ok(()) };
        if self.store.reached(Stream::Posts)? >= last.sequence {
            return Ok(());
        }
        let decoded = entries.iter().filter_map(|entry| {
            let record = PostRecord::decode(&entry.payload).ok()?;
            Some((entry.sequence, record))
        });
        self.store.apply_posts(&decoded.collect::<Vec<_>>())?;
        Ok(())
    }
}

/// The next entries, and up to where they are all there are.
fn read(journal: &Journal, from: Sequence, most: usize) -> Result<(Vec<Entry>, Sequence), JournalError> {
    let durable = journal.durable();
    let mut entries = Vec::new();
    for entry in journal.read(Stream::Posts, from) {
        match entry {
            Ok(entry) => entries.push(entry),
            // The reader goes on behind the damage; what is lost is reported, not hidden.
            Err(error @ JournalError::Damaged { .. }) => tracing::error!(%error, "records are lost"),
            Err(error) => return Err(error),
        }
        if entries.len() == most {
            let up_to = entries.last().map_or(durable, |entry| entry.sequence);
            return Ok((entries, up_to));
        }
    }
    // Entries may have become durable since; those that were read count.
    let last = entries.last().map_or(durable, |entry| entry.sequence);
    Ok((entries, last.max(durable)))
}

/// A post with its latest text and the counts that came with it, from the journal; `None` if retention has taken it.
fn as_written(journal: &Journal, state: &PostState) -> Result<Option<Post>, JournalError> {
    let record = |sequence| {
        let entry = journal.get(Stream::Posts, sequence)?;
        Ok::<_, JournalError>(entry.and_then(|entry| PostRecord::decode(&entry.payload).ok()))
    };
    let Some(PostRecord::Found(post)) = record(state.found)? else { return Ok(None) };
    let Some(revised) = state.revised else { return Ok(Some(*post)) };
    Ok(Some(match record(revised)? {
        Some(PostRecord::Revised { title, text, counts, .. }) => Post { title, text, counts, ..*post },
        Some(_) | None => *post,
    }))
}
