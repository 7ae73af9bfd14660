//! Which posts are known: identity, changing counts, and whether their source still shows them.
//!
//! Values are small: the texts stay in the journal, found by the sequence numbers kept here.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::extract::post::{Counts, Post, PostId};
use crate::journal::record::PostRecord;
use crate::journal::{Sequence, Stream};
use crate::source::SourceId;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Applied, Folded, Store, StoreError};

/// What is known of one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostState {
    /// The record that holds it as it was found.
    pub found: Sequence,
    /// The record that holds its latest text, if that is not `found`.
    pub revised: Option<Sequence>,
    /// [`text_hash`] of its latest title and text.
    #[serde(with = "postcard::fixint::le")]
    pub text_hash: u64,
    /// Its latest counts.
    pub counts: Counts,
    /// Where it was found.
    pub source: SourceId,
    /// The thread under which it stands, if that is not itself.
    pub thread: Option<PostId>,
    /// Since when its source does not show it; `None` while it does.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub missing_since: Option<Timestamp>,
    /// How often it was missed since then.
    pub missing_times: u32,
    /// When it was seen first.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub first_seen: Timestamp,
}

impl PostState {
    /// Looks apart at which a source must show a post no more before it counts as taken down (V6).
    pub const GONE: u32 = 2;

    /// The record that holds its latest text.
    pub fn text_at(&self) -> Sequence {
        self.revised.unwrap_or(self.found)
    }

    /// Whether its source showed it no more at two looks apart (V6): it is found no more.
    pub fn is_gone(&self) -> bool {
        self.missing_times >= Self::GONE
    }
}

/// Tells whether title or text changed; the same on every machine.
pub fn text_hash(title: &str, text: &str) -> u64 {
    let mut hasher = Xxh3::new();
    // The length keeps ("ab","c") and ("a","bc") apart.
    hasher.update(&(title.len() as u64).to_le_bytes());
    hasher.update(title.as_bytes());
    hasher.update(text.as_bytes());
    hasher.digest()
}

impl Store {
    /// Folds records of the `posts` stream, given in order of sequence. What is in already changes
    /// nothing, so a batch may be given again or overlap the one before.
    pub fn apply_posts(&self, records: &[(Sequence, PostRecord)]) -> Result<Applied, StoreError> {
        self.apply(Stream::Posts, records, fold)
    }

    /// What is known of a post.
    pub fn post(&self, id: PostId) -> Result<Option<PostState>, StoreError> {
        self.get(&post_key(id))
    }

    /// What is known of each of these, in the order given.
    pub fn posts(&self, ids: &[PostId]) -> Result<Vec<Option<PostState>>, StoreError> {
        ids.iter().map(|id| self.post(*id)).collect()
    }

    /// The posts under a thread, its opener first if it is known, the others as they were found.
    pub fn thread(&self, thread: PostId) -> Result<Vec<(PostId, PostState)>, StoreError> {
        let mut posts = Vec::new();
        if let Some(opener) = self.post(thread)? {
            posts.push((thread, opener));
        }
        for pair in self.scan(&Table::Thread.key().bytes(thread.as_bytes())) {
            for id in self.read::<Vec<PostId>>(&pair?.1)? {
                if let Some(post) = self.post(id)? {
                    posts.push((id, post));
                }
            }
        }
        Ok(posts)
    }

    /// The posts of a source that open a thread, in no order that means anything.
    pub fn openers(&self, source: &SourceId) -> Result<Vec<PostId>, StoreError> {
        let begin = opener_key(source);
        let id = |key: &[u8]| key[begin.0.len()..].try_into().expect("an id has sixteen bytes");
        self.scan(&begin).map(|pair| Ok(PostId::from_bytes(id(&pair?.0)))).collect()
    }

    /// Posts known.
    pub fn post_count(&self) -> Result<u64, StoreError> {
        Ok(self.get(&total_key())?.unwrap_or(0))
    }

    /// Posts known of one source.
    pub fn post_count_of(&self, source: &SourceId) -> Result<u64, StoreError> {
        Ok(self.get(&Table::SourceCount.key().last(source.as_str()))?.unwrap_or(0))
    }

    /// How many posts an index that has reached a sequence holds, at least and at most: those found by then,
    /// without or with those that were missed so often that their text leaves the index.
    pub fn posts_indexed_at(&self, reached: Sequence) -> Result<(u64, u64), StoreError> {
        let (mut least, mut most) = (0, 0);
        for pair in self.scan(&Table::Post.key()) {
            let state: PostState = self.read(&pair?.1)?;
            if state.found <= reached {
                most += 1;
                least += u64::from(!state.is_gone());
            }
        }
        Ok((least, most))
    }

    /// Posts of one source first seen on each of the `days` days up to `now`, oldest first. A day is
    /// a day in China (UTC+8).
    pub fn posts_per_day(
        &self,
        source: &SourceId,
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<u64>, StoreError> {
        let today = day(now);
        let first = today.saturating_sub(u64::from(days.saturating_sub(1)));
        (first..=today).map(|day| Ok(self.get(&day_key(source, day))?.unwrap_or(0))).collect()
    }
}

fn fold(draft: &mut Draft<'_>, sequence: Sequence, record: &PostRecord) -> Result<Folded, StoreError> {
    let change = |draft: &mut Draft<'_>, post: PostId, change: &dyn Fn(&mut PostState)| {
        let Some(mut state) = draft.get::<PostState>(&post_key(post))? else { return Ok(Folded::Orphan) };
        change(&mut state);
        draft.put(post_key(post), &state);
        Ok(Folded::Done)
    };
    match record {
        PostRecord::Found(post) => found(draft, sequence, post),
        PostRecord::Revised { post, title, text, counts, at: _ } => change(draft, *post, &|state| {
            state.revised = Some(sequence);
            state.text_hash = text_hash(title, text);
            state.counts = *counts;
        }),
        PostRecord::Counted { post, counts, at: _ } => change(draft, *post, &|state| state.counts = *counts),
        PostRecord::Missing { post, at } => change(draft, *post, &|state| {
            state.missing_since.get_or_insert(*at);
            state.missing_times = state.missing_times.saturating_add(1);
        }),
        PostRecord::Returned { post, at: _ } => change(draft, *post, &|state| {
            state.missing_since = None;
            state.missing_times = 0;
        }),
        PostRecord::Looked(look) => super::sources::looked(draft, look),
        PostRecord::Visited(visit) => super::pages::visited(draft, visit),
        // The detector keeps the events.
        PostRecord::Regrouped(_) => Ok(Folded::Done),
    }
}

/// A post counts once: a second record of the same post, as two senders at once may cause, says nothing new.
fn found(draft: &mut Draft<'_>, sequence: Sequence, post: &Post) -> Result<Folded, StoreError> {
    let key = post_key(post.id);
    if draft.contains(&key)? {
        return Ok(Folded::Done);
    }
    let thread = post.thread.filter(|thread| *thread != post.id);
    let state = PostState {
        found: sequence,
        revised: None,
        text_hash: text_hash(&post.title, &post.text),
        counts: post.counts,
        source: post.source.clone(),
        thread,
        missing_since: None,
        missing_times: 0,
        first_seen: post.captured_at,
    };
    draft.put(key, &state);
    if post.thread == Some(post.id) {
        draft.put(opener_key(&post.source).bytes(post.id.as_bytes()), &());
    }
    if let Some(thread) = thread {
        join_thread(draft, thread, post.id, sequence)?;
    }
    draft.add(total_key(), 1)?;
    draft.add(Table::SourceCount.key().last(post.source.as_str()), 1)?;
    draft.add(day_key(&post.source, day(post.captured_at)), 1)?;
    Ok(Folded::Done)
}

/// Posts of a thread stand in one value by sixteens: a key for each would double what a post costs.
const TOGETHER: usize = 16;

fn join_thread(
    draft: &mut Draft<'_>,
    thread: PostId,
    post: PostId,
    sequence: Sequence,
) -> Result<(), StoreError> {
    let begin = Table::Thread.key().bytes(thread.as_bytes());
    if let Some(last) = draft.last(&begin, &begin.clone().number(u64::MAX))? {
        let last = Key(last);
        let mut together: Vec<PostId> = draft.get(&last)?.unwrap_or_default();
        if together.len() < TOGETHER {
            together.push(post);
            draft.put(last, &together);
            return Ok(());
        }
    }
    draft.put(begin.number(sequence.0), &vec![post]);
    Ok(())
}

fn post_key(id: PostId) -> Key {
    Table::Post.key().bytes(id.as_bytes())
}

fn opener_key(source: &SourceId) -> Key {
    Table::Opener.key().text(source.as_str())
}

fn total_key() -> Key {
    Table::Meta.key().last("posts")
}

fn day_key(source: &SourceId, day: u64) -> Key {
    Table::DayCount.key().text(source.as_str()).number(day)
}

/// Days since 1970-01-01 in China.
fn day(at: Timestamp) -> u64 {
    const CHINA: Offset = Offset::constant(8);
    let seconds = at.as_second() + i64::from(CHINA.seconds());
    u64::try_from(seconds.div_euclid(24 * 3600)).unwrap_or(0)
}
