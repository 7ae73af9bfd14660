//! Read-only questions over journal, store and index.
//!
//! The index says which posts are meant and what was concluded on them, the store what is known of them
//! now, the journal what they say. All of that blocks; here it is moved off the threads that serve.
//!
//! What is acknowledged is seen at once ([`Reading::post`] reads what the index does not hold yet from the
//! journal). No answer holds anything of a writer, not even the voice that stands for one (V4).

mod audit;
mod labels;
mod why;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::lexicons::Lexicons;
use crate::alert::Outage;
use crate::assess::{Assessment, Assessor};
use crate::extract::post::{Post, PostId};
use crate::incident::{Clocks, Incident, IncidentId, Pack, Stages};
use crate::journal::record::{DeskVerdict, Look, PostRecord, Record, RecordError};
use crate::journal::{Journal, JournalError, Sequence, Stream};
use crate::notify::{Delivery, NotificationKey};
use crate::pipeline::desk::carried;
use crate::search::{
    Counting, Facets, Filters, Mark, Query, QueryError, QueryWord, Request, Search, SearchError, Sort, Word,
    highlight,
};
use crate::source::SourceId;
use crate::store::{
    Cursor, IncidentFilter, OutboxCounts, OutboxEntry, OutboxFilter, Page, Paused, PostState, SourceState,
    Span, Store, StoreError,
};

pub use labels::{LabelPage, labels_of};

/// Most posts of a thread that are shown.
const MOST_OF_THREAD: usize = 500;
/// Most notifications looked through for those of one incident.
const MOST_NOTIFICATIONS: usize = 2_000;
/// Days of posts counted for a source.
const DAYS: u32 = 7;

/// Answers questions; cheap to clone.
#[derive(Clone)]
pub struct Reading {
    journal: Journal,
    store: Store,
    search: Search,
    lexicons: Lexicons,
    /// The data directory.
    data: PathBuf,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// The query cannot be understood; its text is for who wrote it.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The cursor is of another list.
    #[error("the cursor is not one that this list gave")]
    Cursor,
    /// The search was given up.
    #[error("the search took too long")]
    Stopped,
    /// The index failed.
    #[error("the search index could not be read")]
    Search(#[source] SearchError),
    /// The store failed.
    #[error("the store could not be read")]
    Store(#[source] StoreError),
    /// The journal failed.
    #[error("the journal could not be read")]
    Journal(#[from] JournalError),
    /// A record of the journal is not what it should be.
    #[error("a record of the journal could not be read")]
    Record(#[from] RecordError),
    /// The thread that read panicked or the program ends.
    #[error("reading was broken off")]
    Broken(#[from] tokio::task::JoinError),
}

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// In the language of queries; empty finds everything.
    pub query: String,
    /// Conditions beside it.
    pub filters: Filters,
    /// Which come first.
    pub sort: Sort,
    /// Where the page begins, as an earlier page said.
    pub cursor: Option<String>,
    /// Most posts on the page.
    pub limit: usize,
    /// Whether the posts found are counted by what they have in common.
    pub counting: Counting,
}

/// One page of posts found.
#[derive(Debug, Clone)]
pub struct FoundPage {
    /// The posts.
    pub posts: Vec<FoundPost>,
    /// Posts found in all.
    pub total: Option<u64>,
    /// What they have in common, if asked.
    pub facets: Option<Facets>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One post found.
#[derive(Debug, Clone)]
pub struct FoundPost {
    /// The post.
    pub post: ShownPost,
    /// How well it fits; 0 when sorted by time.
    pub score: f32,
    /// What to mark: characters `start..end` of [`ShownPost::whole`], in order, apart from each other.
    pub marks: Vec<(u32, u32)>,
}

/// A post as it stands now.
#[derive(Debug, Clone)]
pub struct ShownPost {
    /// The post with its latest text, without its voice.
    pub post: Post,
    /// What was concluded on it.
    pub assessment: Assessment,
    /// What is known of it now.
    pub state: PostState,
}

/// A post with all that belongs to it.
#[derive(Debug, Clone)]
pub struct WholePost {
    /// The post.
    pub shown: ShownPost,
    /// Its first text, if the latest is another.
    pub first_text: Option<(String, String)>,
    /// When the latest text was seen, if it is another.
    pub revised_at: Option<Timestamp>,
    /// The thread it stands in, its opener first, itself included; empty if it stands alone.
    pub thread: Vec<ShownPost>,
    /// What the desk said last of it.
    pub verdict: Option<DeskVerdict>,
}

/// An incident with what was sent about it.
#[derive(Debug, Clone)]
pub struct WholeIncident {
    /// The incident.
    pub incident: Incident,
    /// Notifications about it with every try, the newest first.
    pub notifications: Vec<(OutboxEntry, Vec<Delivery>)>,
    /// What the desk said last of the posts that show it.
    pub verdicts: BTreeMap<PostId, DeskVerdict>,
    /// When it reached which stage.
    pub stages: Stages,
}

/// How a source does.
#[derive(Debug, Clone)]
pub struct SourceHealth {
    /// What its looks came to; `None` before the first.
    pub state: Option<SourceState>,
    /// Whether and since when it rests.
    pub paused: Option<Paused>,
    /// Posts known of it.
    pub posts: u64,
    /// New posts of the last seven days in China, oldest first, today last.
    pub days: Vec<u64>,
}

impl ShownPost {
    /// What the assessment's hits and the marks of a search count characters of.
    pub fn whole(&self) -> String {
        whole(&self.post.title, &self.post.text)
    }
}

impl SourceHealth {
    /// The latest look.
    pub fn look(&self) -> Option<&Look> {
        self.state.as_ref().map(|state| &state.look)
    }
}

impl Reading {
    /// Over these.
    pub fn new(journal: Journal, store: Store, search: Search, lexicons: Lexicons, data: PathBuf) -> Self {
        Self { journal, store, search, lexicons, data }
    }

    /// What people call things, by the dictionaries in force.
    pub fn assessor(&self) -> Arc<Assessor> {
        self.lexicons.current()
    }

    /// Finds posts. Dropping the future stops the search.
    pub async fn find(&self, asked: Asked, now: Timestamp) -> Result<FoundPage, ReadingError> {
        let guard = StopOnDrop::default();
        let stop = guard.0.clone();
        self.blocking(move |reading| reading.find_blocking(&asked, &stop, now)).await
    }

    /// How many posts there are.
    pub async fn count(&self, query: String, filters: Filters, now: Timestamp) -> Result<u64, ReadingError> {
        let guard = StopOnDrop::default();
        let stop = guard.0.clone();
        self.blocking(move |reading| {
            let query = parse(&reading.lexicons.current(), &query, now)?;
            Ok(reading.search.count(&query, &filters, &|| stop.load(Ordering::Relaxed))?)
        })
        .await
    }

    /// One post with its thread; `None` if it is not known.
    pub async fn post(&self, id: PostId) -> Result<Option<WholePost>, ReadingError> {
        self.blocking(move |reading| reading.whole_post(id)).await
    }

    /// The work list.
    pub async fn incidents(
        &self,
        filter: IncidentFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Incident>, ReadingError> {
        let cursor = store_cursor(cursor)?;
        self.blocking(move |reading| Ok(reading.store.incidents(&filter, cursor.as_ref(), limit)?)).await
    }

    /// An incident and what was sent about it.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<WholeIncident>, ReadingError> {
        self.blocking(move |reading| {
            let Some(incident) = reading.store.incident(&id)? else { return Ok(None) };
            let entries = reading.notifications_of(&incident)?;
            let with_tries = |entry: OutboxEntry| {
                let tries = reading.store.attempts(&entry.notification.key)?;
                Ok::<_, StoreError>((entry, tries))
            };
            let notifications = entries.into_iter().map(with_tries).collect::<Result<_, _>>()?;
            let mut verdicts = BTreeMap::new();
            for shows in &incident.evidence {
                verdicts.extend(reading.store.verdict(shows.post)?.map(|verdict| (shows.post, verdict)));
            }
            let stages = reading.stages(&incident)?;
            Ok(Some(WholeIncident { incident, notifications, verdicts, stages }))
        })
        .await
    }

    /// The incidents opened at or after `since` and before `until`, with the stages of their way.
    pub async fn opened(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Incident, Stages)>, ReadingError> {
        self.blocking(move |reading| {
            let incidents = reading.store.incidents_opened(since, until)?;
            let staged = |incident: Incident| Ok((incident.clone(), reading.stages(&incident)?));
            incidents.into_iter().map(staged).collect::<Result<_, StoreError>>().map_err(Into::into)
        })
        .await
    }

    /// What is under way: what would be handed over now.
    pub async fn pack(&self, clocks: Clocks, now: Timestamp) -> Result<Pack, ReadingError> {
        self.blocking(move |reading| {
            let open = reading.store.incidents_in_mind(Timestamp::MAX)?;
            Ok(carried(&reading.store, &Pack::of(&open, &clocks), now)?)
        })
        .await
    }

    /// How these sources do, in the order given.
    pub async fn sources(
        &self,
        ids: Vec<SourceId>,
        now: Timestamp,
    ) -> Result<Vec<SourceHealth>, ReadingError> {
        self.blocking(move |reading| {
            let health = |id: &SourceId| {
                Ok(SourceHealth {
                    state: reading.store.source(id)?,
                    paused: reading.store.paused(id)?,
                    posts: reading.store.post_count_of(id)?,
                    days: reading.store.posts_per_day(id, DAYS, now)?,
                })
            };
            ids.iter().map(health).collect()
        })
        .await
    }

    /// What the looks at a source came to, span by span.
    pub async fn coverage(
        &self,
        source: SourceId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, ReadingError> {
        self.blocking(move |reading| Ok(reading.store.coverage(&source, since, until)?)).await
    }

    /// What cannot be heard now, by the rules on sources.
    pub async fn outages(&self) -> Result<Vec<Outage>, ReadingError> {
        self.blocking(move |reading| Ok(reading.store.outages()?)).await
    }

    /// Notifications with every try, the newest first.
    pub async fn notifications(
        &self,
        filter: OutboxFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<(OutboxEntry, Vec<Delivery>)>, ReadingError> {
        let cursor = store_cursor(cursor)?;
        self.blocking(move |reading| {
            let page = reading.store.notifications(&filter, cursor.as_ref(), limit)?;
            let tries = |entry: OutboxEntry| {
                let tries = reading.store.attempts(&entry.notification.key)?;
                Ok::<_, StoreError>((entry, tries))
            };
            let items = page.items.into_iter().map(tries).collect::<Result<_, _>>()?;
            Ok(Page { items, next: page.next })
        })
        .await
    }

    /// One notification with every try.
    pub async fn notification(
        &self,
        key: NotificationKey,
    ) -> Result<Option<(OutboxEntry, Vec<Delivery>)>, ReadingError> {
        self.blocking(move |reading| {
            let Some(entry) = reading.store.notification(&key)? else { return Ok(None) };
            Ok(Some((entry, reading.store.attempts(&key)?)))
        })
        .await
    }

    /// How many notifications stand where.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, ReadingError> {
        self.blocking(|reading| Ok(reading.store.outbox_counts()?)).await
    }

    /// Runs what blocks where blocking is allowed; for the store's people, tokens and sessions too.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ReadingError> + Send + 'static,
    ) -> Result<T, ReadingError> {
        let reading = self.clone();
        tokio::task::spawn_blocking(move || work(&reading)).await?
    }

    /// Posts in the index.
    pub fn indexed(&self) -> u64 {
        self.search.documents()
    }

    /// The store, within [`Reading::blocking`].
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn find_blocking(
        &self,
        asked: &Asked,
        stop: &AtomicBool,
        now: Timestamp,
    ) -> Result<FoundPage, ReadingError> {
        let assessor = self.lexicons.current();
        let query = parse(&assessor, &asked.query, now)?;
        let marks = query.marks();
        let cursor = asked.cursor.as_deref().map(str::parse).transpose().map_err(|_| ReadingError::Cursor)?;
        let request = Request {
            query: &query,
            filters: &asked.filters,
            sort: asked.sort,
            cursor,
            limit: asked.limit,
            counting: asked.counting,
        };
        let found = self.search.find(&request, &|| stop.load(Ordering::Relaxed))?;
        let mut posts = Vec::with_capacity(found.hits.len());
        for hit in found.hits {
            let stored = hit.stored;
            // What retention has dropped meanwhile is not shown.
            let Some(state) = self.store.post(stored.id)? else { continue };
            let Some(post) = self.text(&state)? else { continue };
            let post = ShownPost { post, assessment: stored.assessment, state };
            let marked = marked(&assessor, &post.whole(), &marks);
            posts.push(FoundPost { post, score: hit.score, marks: marked });
        }
        let next = found.next.map(|cursor| cursor.to_string());
        Ok(FoundPage { posts, total: found.total, facets: found.facets, next })
    }

    fn whole_post(&self, id: PostId) -> Result<Option<WholePost>, ReadingError> {
        let Some(state) = self.store.post(id)? else { return Ok(None) };
        let Some(shown) = self.shown(id, state)? else { return Ok(None) };
        let (mut first_text, mut revised_at) = (None, None);
        if let Some(revised) = shown.state.revised {
            first_text = self.found_record(shown.state.found)?.map(|post| (post.title, post.text));
            if let Some(PostRecord::Revised { at, .. }) = self.record(revised)? {
                revised_at = Some(at);
            }
        }
        let mut thread = Vec::new();
        let of_thread = self.store.thread(shown.state.thread.unwrap_or(id))?;
        if of_thread.len() > 1 {
            for (id, state) in of_thread.into_iter().take(MOST_OF_THREAD) {
                thread.extend(self.shown(id, state)?);
            }
        }
        let verdict = self.store.verdict(id)?;
        Ok(Some(WholePost { shown, first_text, revised_at, thread, verdict }))
    }

    /// A post with its judgement: the index's, or today's if it is not indexed yet.
    fn shown(&self, id: PostId, state: PostState) -> Result<Option<ShownPost>, ReadingError> {
        let Some(post) = self.text(&state)? else { return Ok(None) };
        let assessment = match self.search.get(id)? {
            Some(stored) if stored.text_at == state.text_at() => stored.assessment,
            Some(_) | None => {
                let assessor = self.lexicons.at(&self.store, state.text_at())?;
                Assessment::clone(&assessor.assess(Arc::new(post.clone())).assessment)
            }
        };
        Ok(Some(ShownPost { post, assessment, state }))
    }

    /// The post with its latest text and counts; `None` if retention or erasure took it.
    fn text(&self, state: &PostState) -> Result<Option<Post>, ReadingError> {
        let Some(mut post) = self.found_record(state.found)? else { return Ok(None) };
        if let Some(revised) = state.revised
            && let Some(PostRecord::Revised { title, text, .. }) = self.record(revised)?
        {
            (post.title, post.text) = (title, text);
        }
        post.counts = state.counts;
        post.voice = None;
        Ok(Some(post))
    }

    fn found_record(&self, at: Sequence) -> Result<Option<Post>, ReadingError> {
        match self.record(at)? {
            Some(PostRecord::Found(post)) => Ok(Some(*post)),
            Some(_) | None => Ok(None),
        }
    }

    fn record(&self, at: Sequence) -> Result<Option<PostRecord>, ReadingError> {
        let entry = self.journal.get(Stream::Posts, at)?;
        Ok(entry.map(|entry| PostRecord::decode(&entry.payload)).transpose()?)
    }

    /// Notifications about an incident, the newest first. They are kept in the order they were made, so
    /// those older than the incident end the search.
    /// How long each stage of an incident's way took.
    fn stages(&self, incident: &Incident) -> Result<Stages, StoreError> {
        let first = incident.evidence.iter().min_by_key(|post| post.published_at);
        let fetched = first.map(|post| self.store.post(post.post)).transpose()?.flatten();
        let told = self.store.first_told(&incident.id)?;
        Ok(Stages::of(incident, fetched.map(|state| state.first_seen), told))
    }

    fn notifications_of(&self, incident: &Incident) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut cursor: Option<Cursor> = None;
        let (mut found, mut seen) = (Vec::new(), 0);
        loop {
            let page = self.store.notifications(&OutboxFilter::default(), cursor.as_ref(), 200)?;
            for entry in page.items {
                seen += 1;
                if entry.notification.created_at < incident.opened_at {
                    return Ok(found);
                }
                if entry.notification.brief.incident == incident.id {
                    found.push(entry);
                }
            }
            match page.next {
                Some(next) if seen < MOST_NOTIFICATIONS => cursor = Some(next),
                Some(_) | None => return Ok(found),
            }
        }
    }
}

impl From<StoreError> for ReadingError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cursor(_) => Self::Cursor,
            error => Self::Store(error),
        }
    }
}

impl From<SearchError> for ReadingError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cursor(_) => Self::Cursor,
            SearchError::Stopped => Self::Stopped,
            error => Self::Search(error),
        }
    }
}

/// Tells a search that nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn store_cursor(cursor: Option<String>) -> Result<Option<Cursor>, ReadingError> {
    cursor.map(|cursor| cursor.parse().map_err(|_| ReadingError::Cursor)).transpose()
}

fn parse(assessor: &Assessor, query: &str, now: Timestamp) -> Result<Query, QueryError> {
    let cut = |text: &str| {
        let (normalized, tokens) = assessor.cut(text);
        let word = |token: &crate::text::segment::Token| QueryWord {
            text: token.text(normalized.text()).to_owned(),
            position: token.position,
        };
        tokens.for_index().map(word).collect()
    };
    Query::parse(query, cut, now)
}

/// What to mark in a text, counted in characters of the text as it is shown.
fn marked(assessor: &Assessor, text: &str, marks: &[Mark]) -> Vec<(u32, u32)> {
    if marks.is_empty() {
        return Vec::new();
    }
    let (normalized, tokens) = assessor.cut(text);
    let words: Vec<Word<'_>> = tokens
        .for_index()
        .map(|token| Word {
            text: token.text(normalized.text()),
            start: token.start,
            end: token.end,
            position: token.position,
        })
        .collect();
    let received = highlight(&words, marks).into_iter().map(|(start, end)| {
        let range = normalized.received(start, end);
        (range.start, range.end)
    });
    received.collect()
}

fn whole(title: &str, text: &str) -> String {
    if title.is_empty() { text.to_owned() } else { format!("{title}\n{text}") }
}
