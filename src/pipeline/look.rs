//! One look at one source: its listing, the pages behind it that are new or due again, and what is gone.
//!
//! Every document is brought to the intake before the next is fetched, so that the first post of a story
//! does not wait for the last page. Only what the look itself learned (validators, cursor, coverage) is
//! written at its end, after all its posts.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::courtesy::Courtesy;
use super::intake::{Brought, Intake, IntakeError, Taken};
use crate::crawl::fetch::{FetchError, Fetched, Validators};
use crate::crawl::frontier;
use crate::crawl::{RawDocument, Role, Target};
use crate::extract::post::PostId;
use crate::extract::{self, Extraction, Shows, wordpress};
use crate::journal::record::{LookOutcome, Visit};
use crate::source::{Source, SourceId, SourceKind};
use crate::store::{PostState, Store, StoreError};

/// A post missed once is only written down as missed again after this time (V6).
const MISSED_AGAIN: Duration = Duration::from_hours(1);
/// Pages of one thread or of all comments, beyond which a look does not follow.
const MOST_PAGES: usize = 2_000;
/// Pages revisited at one look.
const MOST_REVISITS: usize = 100;

/// What a look needs.
pub(super) struct Looking {
    pub(super) source: Arc<Source>,
    pub(super) courtesy: Courtesy,
    pub(super) intake: Intake,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) pages_left: usize,
}

/// What a look came to.
pub(super) struct Looked {
    pub(super) source: SourceId,
    pub(super) began_at: Timestamp,
    pub(super) outcome: LookOutcome,
    pub(super) schedule: frontier::Outcome,
    pub(super) tally: Tally,
    pub(super) cursor: Option<Timestamp>,
    pub(super) swept: bool,
    pub(super) overlapped: bool,
    pub(super) visits: Vec<Visit>,
}

/// What was counted during a look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) new_posts: u32,
    pub(super) changed_posts: u32,
    pub(super) seen_posts: u32,
    pub(super) defects: u32,
    pub(super) pages: u32,
}

/// Why a look ended early.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source's first page is nothing we can read: its layout changed, or it is another page.
    #[error("unreadable: {0}")]
    Unreadable(String),
    #[error("stopped")]
    Stopped,
}

/// A document that was read, and what it gave.
struct Read {
    extraction: Extraction,
    /// The posts it shows.
    shown: Vec<PostId>,
    changed: bool,
    newest: Option<Timestamp>,
    offset: Option<Offset>,
}

struct Run<'a> {
    looking: Looking,
    stop: &'a CancellationToken,
    tally: Tally,
    visits: Vec<Visit>,
    /// The listing's own visits: kept only if everything behind them was read too.
    listings: Vec<Visit>,
    /// Whether any document showed posts or pages behind it, or is as it was when it did.
    showed: bool,
    cursor: Option<Timestamp>,
    swept: bool,
}

/// Looks at a source once.
pub(super) async fn run(looking: Looking, stop: &CancellationToken) -> Looked {
    let began_at = looking.clock.now();
    let source = Arc::clone(&looking.source);
    let store = looking.store.clone();
    let mut run = Run {
        looking,
        stop,
        tally: Tally::default(),
        visits: Vec::new(),
        listings: Vec::new(),
        showed: false,
        cursor: None,
        swept: false,
    };
    let result = match &source.kind {
        SourceKind::Feed(_) | SourceKind::Hotlist(_) => run.single_page().await,
        SourceKind::Html(_) => run.pages_behind_a_list().await,
        SourceKind::Wordpress(options) => run.wordpress(options.comments).await,
    };
    let Run { tally, mut visits, listings, showed, cursor, swept, .. } = run;
    let (outcome, schedule) = match result {
        Ok(()) => {
            visits.extend(listings);
            let news = tally.new_posts + tally.changed_posts > 0;
            let outcome = if showed { LookOutcome::Observed } else { LookOutcome::Empty };
            (outcome, if news { frontier::Outcome::New } else { frontier::Outcome::Quiet })
        }
        Err(LookError::Fetch(error)) => {
            let schedule = error.frontier();
            let reason = error.to_string();
            let blocked = matches!(schedule, frontier::Outcome::Blocked);
            (if blocked { LookOutcome::Blocked(reason) } else { LookOutcome::Failed(reason) }, schedule)
        }
        Err(
            error @ (LookError::Intake(_)
            | LookError::Store(_)
            | LookError::Unreadable(_)
            | LookError::Stopped),
        ) => (LookOutcome::Failed(error.to_string()), frontier::Outcome::Failed),
    };
    let looked_before = store.source(&source.id).ok().flatten().is_some();
    let all_new = tally.seen_posts > 0 && tally.new_posts == tally.seen_posts;
    let is_list = matches!(source.kind, SourceKind::Feed(_));
    Looked {
        source: source.id.clone(),
        began_at,
        outcome,
        schedule,
        tally,
        cursor,
        swept,
        // A feed that shows only unknown entries may have pushed others out unseen.
        overlapped: !(is_list && looked_before && all_new),
        visits,
    }
}

impl Run<'_> {
    async fn single_page(&mut self) -> Result<(), LookError> {
        let source = &self.looking.source;
        let target =
            Target { source: source.id.clone(), url: source.url.clone(), role: Role::Listing, thread: None };
        let read = self.read_listing(target).await?;
        usable(read.as_ref())
    }

    async fn pages_behind_a_list(&mut self) -> Result<(), LookError> {
        let source = Arc::clone(&self.looking.source);
        let first =
            Target { source: source.id.clone(), url: source.url.clone(), role: Role::Listing, thread: None };
        let most_lists = match &source.kind {
            SourceKind::Html(options) => options.list.pages as usize,
            SourceKind::Feed(_) | SourceKind::Wordpress(_) | SourceKind::Hotlist(_) => 1,
        };
        let (mut lists, mut read_lists) = (VecDeque::from([first]), 0);
        let (mut details, mut known) = (VecDeque::new(), BTreeSet::new());
        while let Some(list) = lists.pop_front() {
            read_lists += 1;
            let Some(read) = self.read_listing(list).await? else { continue };
            if read_lists == 1 {
                usable(Some(&read))?;
            }
            for target in read.extraction.follow {
                match target.role {
                    Role::Listing if read_lists + lists.len() < most_lists => lists.push_back(target),
                    Role::Detail if known.insert(target.url.clone()) => details.push_back(target),
                    _ => {}
                }
            }
        }
        let now = self.looking.clock.now();
        for visit in self.due_again(now)? {
            if known.insert(visit.url.clone()) {
                let target =
                    Target { source: source.id.clone(), url: visit.url, role: Role::Detail, thread: None };
                details.push_back(target);
            }
        }
        let mut failed = None;
        while let Some(detail) = details.pop_front() {
            if self.looking.pages_left == 0 {
                // The listing is asked for in full again, so that the rest is found.
                self.listings.clear();
                break;
            }
            if !self.is_due(&detail, now)? {
                continue;
            }
            match self.thread(detail).await {
                Ok(()) => {}
                Err(LookError::Fetch(error)) if !error_is_the_hosts(&error) => {
                    // One bad page does not hide the others; without its listing's validators it is tried again.
                    self.listings.clear();
                    self.tally.defects += 1;
                    tracing::info!(source = %source.id, %error, "page could not be read");
                }
                Err(error) => {
                    self.listings.clear();
                    failed = Some(error);
                    break;
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Pages read before that are young enough to be looked at again, and not named by the list.
    fn due_again(&self, now: Timestamp) -> Result<Vec<Visit>, LookError> {
        let cadence = &self.looking.source.cadence;
        let since = now.saturating_sub(cadence.revisit_for).unwrap_or(Timestamp::MIN);
        let before = now.saturating_sub(cadence.min).unwrap_or(Timestamp::MIN);
        let visits = self.looking.store.revisits(&self.looking.source.id, since, before, MOST_REVISITS)?;
        let due = |visit: &Visit| {
            visit.role == Role::Detail
                && cadence.next_visit(visit.changed_at, visit.at, now).is_some_and(|at| at <= now)
        };
        Ok(visits.into_iter().filter(due).collect())
    }

    /// Whether a page is new to us or may have changed.
    fn is_due(&self, target: &Target, now: Timestamp) -> Result<bool, LookError> {
        let source = &self.looking.source;
        let visit = self.looking.store.visit(&source.id, &target.url)?;
        Ok(visit.is_none_or(|visit| {
            source.cadence.next_visit(visit.changed_at, visit.at, now).is_some_and(|at| at <= now)
        }))
    }

    /// Reads a thread with all its pages, and notices what is gone from it.
    async fn thread(&mut self, target: Target) -> Result<(), LookError> {
        let url = target.url.clone();
        let read = match self.read(target, Keep::Yes).await {
            Ok(read) => read,
            Err(LookError::Fetch(FetchError::Gone { .. })) => return self.gone(&url).await,
            Err(error) => return Err(error),
        };
        let Some(mut read) = read else { return Ok(()) };
        let shows = read.extraction.shows;
        let mut shown: BTreeSet<PostId> = read.shown.iter().copied().collect();
        let mut whole = read.extraction.defects.is_empty();
        let mut pages: VecDeque<Target> = further(&mut read.extraction);
        let mut asked: BTreeSet<_> = pages.iter().map(|page| page.url.clone()).collect();
        while let Some(page) = pages.pop_front() {
            if asked.len() > MOST_PAGES {
                whole = false;
                break;
            }
            let Some(mut read) = self.read(page, Keep::No).await? else { continue };
            shown.extend(&read.shown);
            whole &= read.extraction.defects.is_empty();
            pages.extend(
                further(&mut read.extraction).into_iter().filter(|page| asked.insert(page.url.clone())),
            );
        }
        if let (Shows::Thread(thread), true) = (shows, whole) {
            let missing = self.missing_of(thread, &shown)?;
            self.bring_missing(missing).await?;
        }
        Ok(())
    }

    async fn wordpress(&mut self, comments: bool) -> Result<(), LookError> {
        let source = Arc::clone(&self.looking.source);
        let state = self.looking.store.source(&source.id)?;
        let now = self.looking.clock.now();
        let sweep_due =
            state.as_ref().and_then(|state| state.swept_at).is_none_or(|at| at + source.cadence.sweep <= now);
        let mut threads = BTreeSet::new();
        let mut offset = None;
        let mut pages = VecDeque::from([wordpress::listing_target(&source)]);
        let (mut read_pages, mut whole) = (0, true);
        while let Some(page) = pages.pop_front() {
            let Some(mut read) = self.read(page, Keep::No).await? else { continue };
            read_pages += 1;
            whole &= read.extraction.defects.is_empty() && read_pages < MOST_PAGES;
            if read_pages == 1 {
                usable(Some(&read))?;
            }
            offset = offset.or(read.offset);
            threads.extend(&read.shown);
            // Page by page until one holds nothing new; all of them when everything is looked at.
            if (read.changed || sweep_due) && read_pages < MOST_PAGES {
                pages.extend(read.extraction.follow.drain(..));
            }
        }
        // An article that a whole walk over the site does not show is gone, and its comments with it.
        let known = if sweep_due && whole { self.looking.store.openers(&source.id)? } else { Vec::new() };
        let gone: Vec<PostId> = known.iter().copied().filter(|id| !threads.contains(id)).collect();
        threads.extend(known);
        if !gone.is_empty() {
            let gone = self.looking.store.posts(&gone)?.into_iter().zip(gone);
            let due = |(state, id): (Option<PostState>, PostId)| to_be_missed(&state?, now).then_some(id);
            let missing = gone.filter_map(due).collect();
            self.bring_missing(missing).await?;
        }
        if !comments {
            self.swept = sweep_due;
            return Ok(());
        }
        let before = state.as_ref().and_then(|state| state.cursor);
        let mut cursor = before;
        if let Some(after) = before {
            let offset = offset.unwrap_or(Offset::UTC);
            self.comments(wordpress::comments_after(&source, after, offset), &mut cursor).await?;
        }
        if sweep_due {
            let shown = self.comments(wordpress::all_comments(&source, 1), &mut cursor).await?;
            if let Some(shown) = shown {
                let mut missing = Vec::new();
                for thread in threads {
                    missing.extend(self.missing_of(thread, &shown)?);
                }
                self.bring_missing(missing).await?;
                self.swept = true;
            }
        }
        self.cursor = cursor;
        Ok(())
    }

    /// Reads pages of comments; gives what they show if all of it could be read.
    async fn comments(
        &mut self,
        first: Target,
        cursor: &mut Option<Timestamp>,
    ) -> Result<Option<BTreeSet<PostId>>, LookError> {
        let (mut shown, mut whole, mut read_pages) = (BTreeSet::new(), true, 0);
        let mut pages = VecDeque::from([first]);
        while let Some(page) = pages.pop_front() {
            let Some(read) = self.read(page, Keep::No).await? else { continue };
            read_pages += 1;
            *cursor = (*cursor).max(read.newest);
            shown.extend(&read.shown);
            whole &= read.extraction.defects.is_empty();
            if read_pages < MOST_PAGES {
                pages.extend(read.extraction.follow);
            } else {
                whole = false;
            }
        }
        Ok(whole.then_some(shown))
    }

    /// Reads a listing; its validators are kept only at the end of a look that read everything behind it.
    async fn read_listing(&mut self, target: Target) -> Result<Option<Read>, LookError> {
        let read = self.read(target, Keep::Yes).await?;
        if let Some(visit) = self.visits.pop() {
            self.listings.push(visit);
        }
        Ok(read)
    }

    /// Fetches and reads one document and brings its posts; `None` if nothing has changed.
    async fn read(&mut self, target: Target, keep: Keep) -> Result<Option<Read>, LookError> {
        let source = Arc::clone(&self.looking.source);
        self.looking.pages_left = self.looking.pages_left.saturating_sub(1);
        let before = match keep {
            Keep::Yes => self.looking.store.visit(&source.id, &target.url)?,
            Keep::No => None,
        };
        let validators = before.as_ref().and_then(|visit| visit.validators.clone());
        let fetching = self.looking.courtesy.fetch(target.clone(), validators);
        let fetched = self.stop.run_until_cancelled(fetching).await.ok_or(LookError::Stopped)??;
        self.tally.pages += 1;
        let now = self.looking.clock.now();
        let document = match fetched {
            Fetched::Document(document) => *document,
            Fetched::NotModified => {
                self.showed = true;
                self.visits.extend(before.map(|visit| Visit { at: now, ..visit }));
                return Ok(None);
            }
        };
        let validators = Validators::of(&document);
        let read = self.bring(document, &source).await?;
        if keep == Keep::Yes {
            let changed_at = match &before {
                Some(visit) if !read.changed => visit.changed_at,
                Some(_) | None => now,
            };
            let thread = match read.extraction.shows {
                Shows::Thread(thread) => Some(thread),
                Shows::Some | Shows::Site => None,
            };
            self.visits.push(Visit {
                source: source.id.clone(),
                url: target.url,
                role: target.role,
                thread,
                at: now,
                changed_at,
                validators: Some(validators),
            });
        }
        Ok(Some(read))
    }

    /// Reads a document's posts and hands them to the intake.
    async fn bring(&mut self, document: RawDocument, source: &Arc<Source>) -> Result<Read, LookError> {
        let reader = Arc::clone(source);
        let reading = tokio::task::spawn_blocking(move || {
            let offset =
                matches!(reader.kind, SourceKind::Wordpress(_)).then(|| wordpress::utc_offset(&document));
            (extract::extract(&document, &reader), offset.flatten())
        });
        let (mut extraction, offset) = reading.await.map_err(|error| {
            // `extract` catches what its parsers do; what is left is the end of the program.
            tracing::error!(%error, "a document could not be read");
            LookError::Stopped
        })?;
        let posts = std::mem::take(&mut extraction.posts);
        let shown: Vec<PostId> = posts.iter().map(|found| found.post.id).collect();
        let newest = posts.iter().map(|found| found.post.published_at).max();
        for defect in &extraction.defects {
            tracing::debug!(source = %source.id, what = defect.what, "item could not be read");
        }
        self.showed |= !shown.is_empty() || !extraction.follow.is_empty();
        self.tally.seen_posts += shown.len() as u32;
        self.tally.defects += extraction.defects.len() as u32;
        let taken = self.looking.intake.bring(Brought { posts, ..Brought::default() }).await?;
        let count = |wanted: fn(&Taken) -> bool| taken.iter().filter(|taken| wanted(taken)).count() as u32;
        let new = count(|taken| matches!(taken, Taken::New(_)));
        let revised = count(|taken| matches!(taken, Taken::Revised(_)));
        self.tally.new_posts += new;
        self.tally.changed_posts += revised;
        Ok(Read { extraction, shown, changed: new + revised > 0, newest, offset })
    }

    /// Known comments of a thread that it does not show, as far as they are to be written down now.
    fn missing_of(&self, thread: PostId, shown: &BTreeSet<PostId>) -> Result<Vec<PostId>, LookError> {
        let now = self.looking.clock.now();
        let known = self.looking.store.thread(thread)?;
        let missing = known.into_iter().filter(|(id, _)| *id != thread && !shown.contains(id));
        Ok(missing.filter(|(_, state)| to_be_missed(state, now)).map(|(id, _)| id).collect())
    }

    /// A page that is gone takes its opener with it.
    async fn gone(&mut self, url: &url::Url) -> Result<(), LookError> {
        let now = self.looking.clock.now();
        let visit = self.looking.store.visit(&self.looking.source.id, url)?;
        if let Some(visit) = &visit
            && let Some(thread) = visit.thread
            && let Some(state) = self.looking.store.post(thread)?
            && to_be_missed(&state, now)
        {
            self.bring_missing(vec![thread]).await?;
        }
        self.visits.extend(visit.map(|visit| Visit { at: now, validators: None, ..visit }));
        Ok(())
    }

    async fn bring_missing(&mut self, missing: Vec<PostId>) -> Result<(), LookError> {
        if !missing.is_empty() {
            self.tally.changed_posts += missing.len() as u32;
            self.looking.intake.bring(Brought { missing, ..Brought::default() }).await?;
        }
        Ok(())
    }
}

/// Whether what a page says is kept for the next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

/// A first page that shows nothing because it could not be read is no quiet source.
fn usable(read: Option<&Read>) -> Result<(), LookError> {
    let Some(Read { extraction, shown, .. }) = read else { return Ok(()) };
    let whole = extraction.defects.iter().find(|defect| defect.item.is_none());
    match whole {
        Some(defect) if shown.is_empty() && extraction.follow.is_empty() => {
            Err(LookError::Unreadable(defect.what.clone()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Missed for the first time, or an hour after the first.
fn to_be_missed(state: &PostState, now: Timestamp) -> bool {
    match state.missing_since {
        None => true,
        Some(since) => !state.is_gone() && since + MISSED_AGAIN <= now,
    }
}

/// The further pages of a thread.
fn further(extraction: &mut Extraction) -> VecDeque<Target> {
    let pages = extraction.follow.drain(..);
    pages.filter(|target| target.role == Role::DetailPage).collect()
}

/// Whether a failure is the host's as a whole rather than of one page.
fn error_is_the_hosts(error: &FetchError) -> bool {
    match error {
        FetchError::Throttled { .. }
        | FetchError::HandsOff { .. }
        | FetchError::Network(_)
        | FetchError::TooSlow(_) => true,
        FetchError::Refused(_)
        | FetchError::Disallowed { .. }
        | FetchError::Blocked { .. }
        | FetchError::Gone { .. }
        | FetchError::Status { .. }
        | FetchError::Redirects(_)
        | FetchError::TooLarge(_)
        | FetchError::Encoding(_) => false,
    }
}
